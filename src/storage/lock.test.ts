import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import { withLock } from './lock.js';
import { currentOwner, formatOwner, hostIdentity, parseOwner } from './owner.js';

const never = new AbortController().signal;
const minute = 60_000;

/** A program that takes a lock so many times, and tells of each time in a file. */
const program = `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '${join(import.meta.dirname, 'lock.ts')}';
const [path, log, times, milliseconds] = process.argv.slice(2);
console.log('ready');
for (let i = 0; i < Number(times); i++) {
  await withLock(path, new AbortController().signal, async () => {
    appendFileSync(log, 'in ' + process.pid + '\\n');
    if (milliseconds > 0) await sleep(Number(milliseconds));
    appendFileSync(log, 'out ' + process.pid + '\\n');
  });
}
`;
const script = join(temporaryDirectory({ 'run.mts': program }), 'run.mts');
const jiti = join(import.meta.dirname, '../../node_modules/.bin/jiti');

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

function taker(path: string, log: string, times: number, milliseconds: number) {
  const args = [jiti, script, path, log, String(times), String(milliseconds)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return { child, ended: once(child, 'exit') as Promise<[number | null]> };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 3000) throw new Error('waited in vain');
    await sleep(10);
  }
}

const linesOf = (log: string): string[] =>
  existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];

/** The pairs of lines of a log that are not one process going in and the same going out. */
function overlapsIn(log: string): string[][] {
  const lines = linesOf(log);
  const pairs = lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1] ?? '']] : []));
  return pairs.filter(([first, second]) => second !== first?.replace('in', 'out'));
}

const deadOwner = () => `0 ${deadProcess()}:12345:${hostIdentity()}`;

describe('withLock', () => {
  it('gives what the work gives, and leaves nothing', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'made/on/the way/lock');
    const given = await withLock(path, never, () => {
      const [, owner = ''] = readlinkSync(path).split(/ (.*)/);
      return Promise.resolve(parseOwner(owner));
    });
    expect(given).toEqual(currentOwner());
    expect(readdirSync(join(directory, 'made/on/the way'))).toEqual([]);
  });

  it('leaves nothing where the work fails', async () => {
    const directory = temporaryDirectory();
    const working = withLock(join(directory, 'lock'), never, () => Promise.reject(new Error('no')));
    await expect(working).rejects.toThrow('no');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets one in at a time within a process', async () => {
    const path = join(temporaryDirectory(), 'lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
    };
    await Promise.all([1, 2, 3, 4, 5].map(() => withLock(path, never, work)));
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it(
    'lets one in at a time of several processes, the lock of a killed one in their way',
    async () => {
      const directory = temporaryDirectory();
      const [path, log] = [join(directory, 'lock'), join(directory, 'log')];
      symlinkSync(deadOwner(), path);
      symlinkSync(deadOwner(), `${path}.break`); // killed while it broke another one's
      const takers = [1, 2, 3, 4].map(() => taker(path, log, 25, 1));
      for (const { ended } of takers) expect((await ended)[0]).toBe(0);
      expect(linesOf(log)).toHaveLength(4 * 25 * 2);
      expect(overlapsIn(log)).toEqual([]);
      expect(readdirSync(directory)).toEqual(['log']);
    },
    minute,
  );

  it('lets one in at a time where many break a lock at once, again and again', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'lock');
    let inside = 0;
    let most = 0;
    for (let round = 0; round < 50; round++) {
      symlinkSync(deadOwner(), path);
      const work = async () => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
      };
      await Promise.all([1, 2].map(() => withLock(path, never, work)));
    }
    expect(most).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  }, 20_000);

  it(
    'breaks the lock of a process that was killed, and not before',
    async () => {
      const directory = temporaryDirectory();
      const [path, log] = [join(directory, 'lock'), join(directory, 'log')];
      const { child, ended } = taker(path, log, 1, minute);
      await until(() => linesOf(log).length === 1);
      const after = withLock(path, never, () => Promise.resolve(child.signalCode));
      await sleep(500);
      expect(readlinkSync(path)).toContain(` ${child.pid}:`);
      child.kill('SIGKILL');
      await ended;
      expect(await after).toBe('SIGKILL');
      expect(readdirSync(directory)).toEqual(['log']);
    },
    minute,
  );

  it('ends with INTERRUPTED when it is aborted, before it waits and while', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const aborting = new AbortController();
    let done: () => void = () => undefined;
    const holding = withLock(path, never, () => new Promise<void>((resolve) => (done = resolve)));
    await until(() => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
    let worked = false;
    const work = () => Promise.resolve((worked = true));
    const waiting = kbuildErrorOf(() => withLock(path, aborting.signal, work));
    await sleep(100);
    aborting.abort();
    expect((await waiting).code).toBe('INTERRUPTED');
    expect((await kbuildErrorOf(() => withLock(path, aborting.signal, work))).code).toBe(
      'INTERRUPTED',
    );
    done();
    await holding;
    expect(worked).toBe(false);
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, () => FileTree[string]]>([
    ['half a lock', () => ({ link: '8c5f1e 12' })],
    ['an empty file', () => ''],
    ['a file of something else', () => 'x'.repeat(5000)],
  ])('is not held up by %s in its place', async (_, other) => {
    const directory = temporaryDirectory({ lock: other() });
    expect(await withLock(join(directory, 'lock'), never, () => Promise.resolve(1))).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says what is wrong with a place that cannot hold it', async () => {
    const directory = temporaryDirectory({ file: '' });
    mkdirSync(join(directory, 'directory'));
    for (const name of ['file/lock', 'directory']) {
      const path = join(directory, name);
      const error = await kbuildErrorOf(() => withLock(path, never, () => Promise.resolve()));
      expect(error.code).toBe('STORAGE_FAILED');
      expect(error.message).toContain(path);
    }
  });

  it('waits for an owner of another host that shows life, and no longer', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const clock = vi.spyOn(performance, 'now');
    const now = performance.now();
    const content = `0 ${formatOwner({ ...currentOwner(), host: 'another' })}`;
    symlinkSync(content, path);
    let worked = false;
    const waiting = withLock(path, never, () => Promise.resolve((worked = true)));
    try {
      for (let seconds = 0; seconds <= 180; seconds += 30) {
        clock.mockReturnValue(now + seconds * 1000);
        lutimesSync(path, seconds, seconds); // its sign of life, whatever its clock says
        await sleep(150);
        expect([worked, readlinkSync(path)]).toEqual([false, content]);
      }
      clock.mockReturnValue(now + 241_000);
      expect(await waiting).toBe(true);
      expect(existsSync(path)).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });

  it('shows those of another host that it lives', async () => {
    const path = join(temporaryDirectory(), 'lock');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await withLock(path, never, async () => {
        lutimesSync(path, 1, 1);
        vi.advanceTimersByTime(10_000);
        await until(() => lstatSync(path).mtimeMs > 1000);
      });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves a lock that has become another’s while it worked', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const other = `0 ${formatOwner(currentOwner())}`;
    await withLock(path, never, () => {
      unlinkSync(path);
      symlinkSync(other, path);
      return Promise.resolve();
    });
    expect(readlinkSync(path)).toBe(other);
  });
});
