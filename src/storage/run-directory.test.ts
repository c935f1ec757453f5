import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { currentOwner, parseOwner } from './owner.js';
import { hostIdentity } from './owner.js';
import { openRunDirectory, otherRuns } from './run-directory.js';

const deadOwner = () => `${deadProcess()}:12345:${hostIdentity()}`;

/** Does something without the powers of root. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('openRunDirectory', () => {
  it('makes a directory that says whose it is', async () => {
    const cache = temporaryDirectory();
    const run = await openRunDirectory(cache);
    expect(run.path).toBe(join(cache, 'runs', run.id));
    expect(parseOwner(readFileSync(join(run.path, 'owner'), 'utf8'))).toEqual(currentOwner());
  });

  it('makes another one for every run', async () => {
    const cache = temporaryDirectory();
    const runs = await Promise.all([1, 2, 3].map(() => openRunDirectory(cache)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(runs.map(({ id }) => id).sort());
  });

  it('is removed with all that is in it, once or twice', async () => {
    const cache = temporaryDirectory();
    const run = await openRunDirectory(cache);
    await run.remove();
    await run.remove();
    expect(readdirSync(join(cache, 'runs'))).toEqual([]);
  });

  it('clears what a killed run left, and leaves the others', async () => {
    const cache = temporaryDirectory({
      'runs/killed/owner': deadOwner(),
      'runs/killed/sources/0/deep/file.c': '',
      'runs/elsewhere/owner': '4194304:1:another-host',
      'runs/nobodys/file': 'its owner is not written yet',
      'runs/garbled/owner': 'what is this?',
    });
    const alive = await openRunDirectory(cache);
    const run = await openRunDirectory(cache);
    expect(existsSync(join(cache, 'runs/killed'))).toBe(false);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(
      [alive.id, run.id, 'elsewhere', 'nobodys', 'garbled'].sort(),
    );
  });

  it('can be opened by several runs that clear the same things at once', async () => {
    const left = Array.from({ length: 20 }, (_, i) => [`runs/killed-${i}/owner`, deadOwner()]);
    const cache = temporaryDirectory(Object.fromEntries(left) as Record<string, string>);
    const runs = await Promise.all([1, 2, 3, 4].map(() => openRunDirectory(cache)));
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(runs.map(({ id }) => id).sort());
  });

  it('clears after two days what a run of another host left, whose end cannot be seen', async () => {
    const owner = '4194304:1:another-host';
    const cache = temporaryDirectory({ 'runs/old/owner': owner, 'runs/new/owner': owner });
    const longAgo = new Date(Date.now() - 49 * 3_600_000);
    utimesSync(join(cache, 'runs/old/owner'), longAgo, longAgo);
    const run = await openRunDirectory(cache);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual([run.id, 'new'].sort());
  });

  it('leaves what it cannot remove yet to the next run, which knows whose it was', async () => {
    const cache = temporaryDirectory({
      'runs/killed/busy/file': 'a container still writes here',
      'runs/killed/owner': deadOwner(),
      'runs/killed/done/file': '',
    });
    const killed = join(cache, 'runs/killed');
    for (const path of [cache, join(cache, 'runs'), killed]) chmodSync(path, 0o777);
    chmodSync(join(killed, 'busy'), 0o555);
    const run = await asNobody(() => openRunDirectory(cache));
    expect(run.path).toBe(join(cache, 'runs', run.id));
    expect(readdirSync(killed)).toEqual(expect.arrayContaining(['busy', 'owner']));
    chmodSync(join(killed, 'busy'), 0o755);
    const next = await openRunDirectory(cache);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual([run.id, next.id].sort());
  });
});

describe('otherRuns', () => {
  it('gives the PIDs of runs that are not over, but for the own', async () => {
    const cache = temporaryDirectory({
      'runs/killed/owner': deadOwner(),
      'runs/elsewhere/owner': '4194304:1:another-host',
      'runs/ancient/owner': '4194305:1:another-host',
      'runs/nobodys/file': 'its owner is not written yet',
      'runs/garbled/owner': 'what is this?',
      'runs/file': '',
    });
    const longAgo = new Date(Date.now() - 49 * 3_600_000);
    utimesSync(join(cache, 'runs/ancient/owner'), longAgo, longAgo);
    const own = join(cache, 'runs/own');
    expect(await otherRuns(cache, own)).toEqual([4194304]);
    const run = await openRunDirectory(cache);
    expect((await otherRuns(cache, own)).sort()).toEqual([4194304, process.pid].sort());
    expect(await otherRuns(cache, run.path)).toEqual([4194304]);
    await run.remove();
    expect(await otherRuns(cache, own)).toEqual([4194304]);
  });
});
