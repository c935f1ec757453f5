import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import type { RunHooks, RunSpec } from '../port.js';
import { HostRuntime } from './host-runtime.js';

const spec = (script: string, changes: Partial<RunSpec> = {}): RunSpec => ({
  image: '',
  script,
  env: {},
  mounts: [],
  profile: 'build',
  memoryBytes: 2 ** 30,
  diskBytes: 2 ** 30,
  timeoutMs: 60_000,
  title: 'test',
  ...changes,
});

async function run(given: RunSpec, hooks: Partial<RunHooks> = {}) {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const onLine = (line: string) => lines.push(line);
  const outcome = await new HostRuntime().run(given, { onLine, signal, ...hooks });
  return { ...outcome, lines };
}

/** A process that has ended may still wait for its parent to notice. */
const runs = (pid: number): boolean => {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  return !/^\d+ \(.*\) [ZX]/.test(readFileSync(path, 'utf8'));
};

async function untilEnded(pid: number): Promise<void> {
  for (let tries = 0; runs(pid); tries++) {
    if (tries > 400) throw new Error(`${pid} still runs`);
    await sleep(10);
  }
}

/** A script that starts a process of its own in the background, and says its PID; then it waits. */
const family = (file: string): string =>
  `sleep 600 & echo $! > '${file}.tmp'; mv '${file}.tmp' '${file}'; echo ready >&2; wait`;

describe('HostRuntime', () => {
  it('gives what the script writes to its standard output, byte for byte', async () => {
    const { stdout, exitCode, end } = await run(spec("printf 'a\\0\\377\\r\\nb'; echo no >&2"));
    expect([...stdout]).toEqual([0x61, 0, 0xff, 0x0d, 0x0a, 0x62]);
    expect({ exitCode, end }).toEqual({ exitCode: 0, end: 'exited' });
  });

  it('loses nothing of much output', async () => {
    const { stdout, lines } = await run(
      spec(
        'head -c 5000000 /dev/zero; i=0; while [ $i -lt 2000 ]; do echo $i >&2; i=$((i+1)); done',
      ),
    );
    expect(stdout.length).toBe(5_000_000);
    expect(lines).toEqual(Array.from({ length: 2000 }, (_, i) => `${i}`));
  });

  it('gives each line of standard error, the last one even if it is not ended', async () => {
    const { lines } = await run(spec("printf 'one\\ntwo größe\\n\\nlast' >&2"));
    expect(lines).toEqual(['one', 'two größe', '', 'last']);
  });

  it('gives the exit status of the script, which is no exception', async () => {
    expect(await run(spec('exit 7'))).toMatchObject({ end: 'exited', exitCode: 7 });
    expect(await run(spec('no-such-program-here'))).toMatchObject({ exitCode: 127 });
  });

  it('gives a status other than 0 for a script that was killed', async () => {
    expect(await run(spec('kill -9 $$'))).toMatchObject({ end: 'exited', exitCode: 137 });
  });

  it('sets the variables that were asked, and finds the programs of this machine', async () => {
    const env = { KBUILD_BUILD_USER: 'kbuild-ts', ODD: "it's a=b\n$HOME" };
    const { stdout } = await run(spec('printf "%s|%s" "$KBUILD_BUILD_USER" "$ODD"', { env }));
    expect(stdout.toString()).toBe("kbuild-ts|it's a=b\n$HOME");
    expect((await run(spec('command -v make'))).exitCode).toBe(0);
  });

  it('keeps everything else of the caller’s environment to itself', async () => {
    vi.stubEnv('KBUILD_SIGN_PIN', 'secret');
    vi.stubEnv('MAKEFLAGS', '-k');
    vi.stubEnv('KCFLAGS', '-O0');
    const { stdout } = await run(spec('env', { env: { TZ: 'UTC' } })).finally(vi.unstubAllEnvs);
    const names = stdout.toString().match(/^\w+(?==)/gm) ?? [];
    // PWD, OLDPWD, SHLVL and _ are the shell's own.
    const given = names.filter((name) => !/^(PWD|OLDPWD|SHLVL|_)$/.test(name));
    expect(given.sort()).toEqual(['PATH', 'TZ']);
  });

  it('gives the script no standard input that it could wait for', async () => {
    expect((await run(spec('cat; echo end'))).stdout.toString()).toBe('end\n');
  });

  it('tells when the script has begun', async () => {
    let started = 0;
    await run(spec(':'), { onStart: () => started++ });
    expect(started).toBe(1);
  });

  it('ends a script that takes too long, with all that it started', async () => {
    const file = join(temporaryDirectory(), 'pid');
    const { end, exitCode, lines } = await run(spec(family(file), { timeoutMs: 2000 }));
    expect(end).toBe('timeout');
    expect(exitCode).not.toBe(0);
    expect(lines).toEqual(['ready']);
    await untilEnded(Number(readFileSync(file, 'utf8')));
  });

  it('lets a script run that has more time than a timer can count', async () => {
    const timeoutMs = 1000 * 3600 * 1000;
    expect(await run(spec('sleep 0.2', { timeoutMs }))).toMatchObject({ end: 'exited' });
  });

  it('ends a script whose start could not be told, with all that it started', async () => {
    const file = join(temporaryDirectory(), 'pid');
    const onStart = () => {
      execFileSync('sh', ['-c', `until [ -e '${file}' ]; do sleep 0.01; done`]);
      throw new Error('no room for a log');
    };
    await expect(run(spec(family(file)), { onStart })).rejects.toThrow('no room for a log');
    await untilEnded(Number(readFileSync(file, 'utf8')));
  });

  it('warns of no leak when many scripts run at once', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 12 }, () => run(spec('sleep 0.1'), { signal })));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it('ends a script when the run is interrupted, with all that it started', async () => {
    const file = join(temporaryDirectory(), 'pid');
    const abort = new AbortController();
    const onLine = () => {
      abort.abort();
    };
    const error = await kbuildErrorOf(() =>
      run(spec(family(file)), { onLine, signal: abort.signal }),
    );
    expect(error.code).toBe('INTERRUPTED');
    await untilEnded(Number(readFileSync(file, 'utf8')));
  });

  it('runs nothing if the run was interrupted before', async () => {
    const file = join(temporaryDirectory(), 'file');
    const error = await kbuildErrorOf(() =>
      run(spec(`echo > '${file}'`), { signal: AbortSignal.abort() }),
    );
    expect(error.code).toBe('INTERRUPTED');
    expect(existsSync(file)).toBe(false);
  });

  it('has nothing to clean up', async () => {
    await expect(new HostRuntime().close()).resolves.toBeUndefined();
  });
});
