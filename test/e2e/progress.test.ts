import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build, cacheDirectory, withSession, type Event } from '../../src/index.js';
import { bin, examples, kbuild, kbuildJson } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { moduleSource, slowKbuild } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { onTerminal } from '../support/terminal.js';

type Progress = Extract<Event, { type: 'progress' }>;

/** The examples under names that no earlier run has built: nothing is remembered of them. */
const names = ['chardev', 'hello', 'params'].map((name) => `${name}-${process.pid}`);
let workspace: string;

beforeAll(() => {
  workspace = temporaryDirectory({ 'kbuild.config.yaml': "projects: ['*']\n" });
  for (const name of names) {
    const directory = join(workspace, name);
    cpSync(join(examples, name.replace(/-\d+$/, '')), directory, { recursive: true });
    const file = join(directory, 'kbuild.config.yaml');
    const config = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, `name: ${name}\n${config.replace(/^name: .*\n/m, '')}`);
  }
});

/** Builds all anew, and tells of the progress with the time that was really left. */
async function run(): Promise<{ progress: Progress; at: number; left: number }[]> {
  const told: { progress: Progress; at: number }[] = [];
  const emit = (event: Event) => {
    if (event.type === 'progress') told.push({ progress: event, at: performance.now() });
  };
  const signal = new AbortController().signal;
  const report = await withSession(
    { cache: cacheDirectory(), runtime: 'docker', emit, signal },
    (session) =>
      build(
        {
          ...{ directories: [workspace], archs: ['arm64', 'x86_64'], kdirs: [], kernels: [] },
          ...{ toolchains: [], runtime: 'docker', prepare: 'auto', failFast: false },
          budget: { processes: availableParallelism(), memoryBytes: 2 ** 34 },
          ...{ useCache: false, incremental: false },
          limits: { memoryBytes: 2 ** 32, diskBytes: 2 ** 31, timeoutMs: 600_000 },
        },
        session,
      ),
  );
  expect(report.exitStatus).toBe(0);
  const end = told.at(-1)!.at;
  return told.map((moment) => ({ ...moment, left: end - moment.at }));
}

describe('the progress of a run', () => {
  it('counts the jobs, and tells how long the rest takes once it was built before', async () => {
    const first = await run();
    const last = first.at(-1)!.progress;
    expect(last).toEqual({
      ...{ type: 'progress', total: 6, done: 6, running: 0 },
      ...{ built: 6, cached: 0, failed: 0, skipped: 0, remainingMs: 0, more: false },
    });
    const dones = first.map(({ progress }) => progress.done);
    expect(dones).toEqual(dones.toSorted((a, b) => a - b));

    const second = await run();
    const wall = second[0]!.left;
    // Of the very end a factor says nothing.
    const ratios = second
      .filter(({ left }) => left > wall / 5)
      .map(({ progress, left }) => progress.remainingMs! / left)
      .sort((a, b) => a - b);
    expect(ratios.length).toBeGreaterThan(3);
    const median = ratios[Math.floor(ratios.length / 2)]!;
    expect(median).toBeGreaterThan(0.5);
    expect(median).toBeLessThan(2);
  });

  it('is told of beforehand by plan', async () => {
    const args = ['plan', workspace, '--arch', 'arm64'];
    const { document } = await kbuildJson<{ expectedMs: number }>(args);
    expect(document.expectedMs).toBeGreaterThan(100);
    const { stdout } = await kbuild(args);
    expect(stdout).toMatch(
      /^3 jobs: (a few seconds|about .*) on \d+ CPUs? if all are built, from earlier builds$/m,
    );
    const unknown = temporaryDirectory({
      'kbuild.config.yaml': `name: never-built-${process.pid}\n`,
      'a.c': moduleSource(),
    });
    const other = await kbuildJson<object>(['plan', unknown, '--arch', 'arm64']);
    expect(other.document).not.toHaveProperty('expectedMs');
  });

  it('is a counter in a log', async () => {
    const { stderr } = await kbuild(['build', workspace, '--arch', 'arm64', '--no-cache']);
    expect(stderr).toMatch(/^ {2}built \[1\/3\] .* s, (a few seconds|about .*) left$/m);
    expect(stderr).toMatch(/^ {2}built \[3\/3\] \S+ [\d.]+ s$/m);
    await kbuild(['build', workspace, '--arch', 'arm64']);
    const again = await kbuild(['build', workspace, '--arch', 'arm64']);
    expect(again.stderr).toMatch(/^ cached \[3\/3\] /m);
    expect(again.stderr).not.toMatch(/^ {2}build /m); // nothing was
  });

  it('is a row that stays on a terminal', async () => {
    const { exitCode, screens, text, cursorHidden } = await onTerminal(
      `'${process.execPath}' '${bin}' build '${workspace}' --arch arm64 --no-cache`,
    );
    expect(exitCode).toBe(0);
    expect(cursorHidden).toBe(false);
    const rows = screens.map((screen) => screen.at(-1) ?? '');
    expect(rows.some((row) => /^0\/3 done · \d running · .* left$/.test(row))).toBe(true);
    expect(rows.some((row) => /^[12]\/3 done · \d running · .* left$/.test(row))).toBe(true);
    for (const name of names) {
      const built = new RegExp(`^✔ ${name} .*: built \\([\\d.]+ s\\)$`);
      expect(text.filter((row) => built.test(row))).toHaveLength(1);
    }
    expect(text.at(-1)).toMatch(/^3 built in /);
  });

  it('does not keep Ctrl-C from ending a run on a terminal cleanly', async () => {
    const name = `slow-live-${process.pid}`;
    const project = temporaryDirectory({
      'kbuild.config.yaml': `name: ${name}\n`,
      Kbuild: slowKbuild,
    });
    let typed = false;
    const { exitCode, text, cursorHidden } = await onTerminal(
      `'${process.execPath}' '${bin}' build '${project}' --arch arm64`,
      {
        onScreen: (screen, type) => {
          if (typed || !screen.some((row) => row.includes('compiling slowly'))) return;
          typed = true;
          type('\x03');
        },
      },
    );
    expect(typed).toBe(true);
    expect(exitCode).toBe(130);
    expect(text.join('\n')).toContain('[INTERRUPTED]');
    expect(cursorHidden).toBe(false);
    expect(await containersOf(name)).toEqual([]);
  });
});
