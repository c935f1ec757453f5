import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../../src/engine/history-file.js';
import { artifactsOf, build, examples, kbuild, start, type CliOptions } from '../support/cli.js';
import { leftovers } from '../support/cache-listing.js';
import { containersOf } from '../support/docker.js';
import { startDockerDaemon, type DockerDaemon } from '../support/docker-daemon.js';
import { machine } from '../support/machine.js';
import { moduleSource, slowKbuild } from '../support/project.js';
import { temporaryDirectory, writeTree, type FileTree } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

const target = ['-k', 'debian:bookworm', '-a', 'x86_64'];

beforeAll(async () => {
  await kbuild(['kernel', 'fetch', 'debian:bookworm', '--arch', 'x86_64']);
  await kbuild(['toolchain', 'build', 'gcc-12']);
});

let names = 0;

/** A name for a project, and for its module, that nobody else uses. */
const unique = (name: string): string => `${name}_${process.pid}_${names++}`;

/** A project of one module, which says something of its own. */
const files = (name: string, says = 'one', more: FileTree = {}): FileTree => ({
  'kbuild.config.yaml': `name: ${name}\n`,
  Kbuild: `obj-m := ${name}.o\n`,
  [`${name}.c`]: moduleSource(`MODULE_INFO(says, "${says}");`),
  ...more,
});

/** A workspace of projects, each in a directory of its name. */
function workspaceOf(projects: Record<string, FileTree>): string {
  const workspace = temporaryDirectory({
    'kbuild.config.yaml': `projects: [${Object.keys(projects).join(', ')}]\n`,
  });
  for (const [name, tree] of Object.entries(projects)) {
    mkdirSync(join(workspace, name));
    writeTree(join(workspace, name), tree);
  }
  return workspace;
}

type Built = Awaited<ReturnType<typeof build>>;

/** A build; what it published is held against its own manifest. */
async function run(args: string[], cache: string, given: CliOptions = {}) {
  const out = temporaryDirectory();
  const env = { KBUILD_TS_CACHE_DIR: cache, ...given.env };
  return told(await build([...args, ...target, '--out', out], { ...given, env }), out);
}

function told(result: Built, out: string) {
  expect(hiddenIn(out)).toEqual([]);
  const modules = artifactsOf(result.document).map(({ path, sha256 }) => {
    expect(sha256Of(join(out, path))).toBe(sha256);
    return `${basename(path)} ${sha256}`;
  });
  const endings = Object.fromEntries(
    result.document.jobs.map(({ project, status, error }) => [project, error?.code ?? status]),
  );
  return { ...result, out, modules, endings };
}

/** What an unbroken machine makes of it, without any cache. */
async function rightModules(path: string): Promise<string[]> {
  const { modules, exitCode, stderr } = await run([path, '--no-cache'], machine());
  expect(exitCode, stderr).toBe(0);
  return modules;
}

const sha256Of = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

/** Files that are half written: their names begin with a dot. */
const hiddenIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true })
    .map(String)
    .filter((path) => basename(path).startsWith('.') && path !== '.kbuild-ts.json');

/** Expects a cache in which no run has left anything half done. */
function expectSound(cache: string): void {
  expect(leftovers(cache)).toEqual([]);
  for (const area of ['jobs', 'objects', 'images']) {
    const directory = join(cache, area);
    if (existsSync(directory)) {
      expect(hiddenIn(directory).filter((path) => !path.endsWith('.cmd'))).toEqual([]);
    }
  }
  expect(readdirSync(cache).filter((name) => name.startsWith('.'))).toEqual([]);
}

/** Starts a build that is waited for later: a promise in an object, so that nobody awaits it. */
function begin(args: string[], cache: string, env: Record<string, string> = {}) {
  const out = temporaryDirectory();
  const child = start(['build', ...args, ...target, '--out', out, '--json', '--verbose'], {
    env: { KBUILD_TS_CACHE_DIR: cache, ...env },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    says: (text: string, times = 1) =>
      until(() => said.split(text).length > times, `'${text}' is said in:\n${said}`),
    end: async () => {
      const { exitCode, stdout, stderr } = await child;
      const document = JSON.parse(stdout) as Built['document'];
      return told({ exitCode, stdout, stderr, document }, out);
    },
  };
}

const slowly = 'compiling slowly';

describe('an engine that stops while jobs compile', () => {
  let daemon: DockerDaemon;

  beforeAll(async () => {
    daemon = await startDockerDaemon(temporaryDirectory());
    const { document } = await build([
      join(examples, 'hello'),
      ...target,
      '--out',
      temporaryDirectory(),
    ]);
    const image = document.jobs[0]!.image.name;
    const saved = execa('docker', ['save', image], { buffer: false });
    await saved.pipe('docker', ['load'], { env: daemon.env });
  });
  afterAll(() => daemon.remove());

  it('is told for each job that it keeps from being built; the rest is as it should be', async () => {
    const [cached, slow, other, waiting] = ['cached', 'slow', 'other', 'waiting'].map(unique) as [
      string,
      string,
      string,
      string,
    ];
    const workspace = workspaceOf({
      [slow]: files(slow, 'one', { Kbuild: slowKbuild }),
      [other]: files(other, 'one', { Kbuild: slowKbuild }),
      [waiting]: files(waiting, 'one', { Kbuild: slowKbuild }),
      [cached]: files(cached),
    });
    const cache = machine();
    const before = await run([join(workspace, cached)], cache, { env: daemon.env });
    expect([before.exitCode, before.endings], before.stderr).toEqual([0, { [cached]: 'built' }]);

    const building = begin([workspace, '--jobs', '2'], cache, daemon.env);
    await building.says(slowly, 2);
    await daemon.kill();
    const { exitCode, endings, document, stderr, modules } = await building.end();
    expect(exitCode, stderr).toBe(4);
    expect(endings).toEqual({
      [cached]: 'cached',
      [slow]: 'ENGINE_NOT_RUNNING',
      [other]: 'ENGINE_NOT_RUNNING',
      [waiting]: 'ENGINE_NOT_RUNNING',
    });
    for (const { error } of document.jobs.filter(({ status }) => status === 'failed')) {
      expect(error?.message).toContain(daemon.env.DOCKER_HOST);
      expect(error?.hint).toContain('Start it');
    }
    expect(modules).toEqual(before.modules);
    expectSound(cache);

    await daemon.restart();
    for (const name of [slow, other, waiting]) writeTree(join(workspace, name), files(name));
    const next = await run([workspace], cache, { env: daemon.env });
    expect(next.exitCode, next.stderr).toBe(0);
    expect(next.endings).toEqual({
      [cached]: 'cached',
      [slow]: 'built',
      [other]: 'built',
      [waiting]: 'built',
    });
    expect(next.modules).toEqual(await rightModules(workspace));
    expectSound(cache);
    const { stdout } = await execa('docker', ['ps', '--all', '--quiet'], { env: daemon.env });
    expect(stdout).toBe('');
  });
});

it('containers that are killed and removed from outside fail their jobs alone', async () => {
  const [killed, removed, after] = ['killed', 'removed', 'after'].map(unique) as [
    string,
    string,
    string,
  ];
  const workspace = workspaceOf({
    [killed]: files(killed, 'one', { Kbuild: slowKbuild }),
    [removed]: files(removed, 'one', { Kbuild: slowKbuild }),
    [after]: files(after),
  });
  const cache = machine();
  const building = begin([workspace, '--jobs', '2'], cache);
  await building.says(slowly, 2);
  await execa('docker', ['kill', ...(await containersOf(killed))]);
  await execa('docker', ['rm', '--force', ...(await containersOf(removed))]);
  const { exitCode, endings, document, stderr } = await building.end();
  expect(exitCode, stderr).toBe(4);
  expect(endings).toEqual({
    [killed]: 'ENGINE_CONTAINER_LOST',
    [removed]: 'ENGINE_CONTAINER_LOST',
    [after]: 'built',
  });
  const messages = document.jobs.flatMap(({ error }) => error?.message ?? []).sort();
  expect(messages).toEqual(
    [killed, removed].map((name) => expect.stringContaining(name) as string),
  );
  expectSound(cache);
  for (const name of [killed, removed, after]) expect(await containersOf(name)).toEqual([]);
});

describe('a disk that is full', () => {
  const mounted: string[] = [];

  /** An empty directory on a disk of its own. */
  function disk(size: string): string {
    const directory = temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]);
    mounted.push(directory);
    return directory;
  }
  const grow = (directory: string) => execFileSync('mount', ['-o', 'remount,size=128m', directory]);
  afterAll(() => {
    for (const directory of mounted) execFileSync('umount', ['--lazy', directory]);
  });

  /** A module of 6 MB, beside small ones. */
  function workspace() {
    const [big, before, after] = ['big', 'before', 'after'].map(unique) as [string, string, string];
    const data = moduleSource('char filling[6 << 20] = { 1 };\nMODULE_INFO(has, filling);');
    const path = workspaceOf({
      [before]: files(before),
      [big]: files(big, '', {
        [`${big}.c`]: data.replace('\nMODULE_INFO(has, filling);', ''),
      }),
      [after]: files(after),
    });
    return { path, big, before, after };
  }

  it('under the cache fails what does not fit; with room all is built', async () => {
    const { path, big, before, after } = workspace();
    const cache = machine(disk('4m'));
    const full = await run([path, '--jobs', '1'], cache);
    expect(full.exitCode, full.stderr).toBe(4);
    expect(full.endings).toEqual({ [big]: 'STORAGE_FAILED', [before]: 'built', [after]: 'built' });
    const { error } = full.document.jobs.find(({ project }) => project === big)!;
    expect(error?.message).toMatch(/no space left on device/);
    expect(error?.hint).toContain('Free some disk');
    expectSound(cache);
    for (const name of [big, before, after]) expect(await containersOf(name)).toEqual([]);

    grow(cache);
    const next = await run([path], cache);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(next.endings).toEqual({ [big]: 'built', [before]: 'cached', [after]: 'cached' });
    expect(next.modules).toEqual(await rightModules(path));
    expectSound(cache);
  });

  it('under the cache to the last byte ends the run before it begins', async () => {
    const cache = machine(disk('1m'));
    const filler = join(cache, 'filler');
    expect(() => {
      writeFileSync(filler, Buffer.alloc(2 << 20));
    }).toThrow('ENOSPC');
    const { path } = workspace();
    const out = temporaryDirectory();
    const { exitCode, document } = await build([path, ...target, '--out', out], {
      env: { KBUILD_TS_CACHE_DIR: cache },
    });
    expect([exitCode, document.error?.code]).toEqual([4, 'STORAGE_FAILED']);
    expect(document.error?.message).toContain(`the cache directory ${cache} cannot be written`);
    expect(readdirSync(out)).toEqual([]);
    expectSound(cache);
  });

  it('under the output leaves there what stood there; with room all is published', async () => {
    const { path, big, before } = workspace();
    const cache = machine();
    const out = disk('2m');
    const args = [...target, '--out', out];
    const env = { KBUILD_TS_CACHE_DIR: cache };
    const small = told(await build([join(path, before), ...args], { env }), out);
    expect(small.exitCode, small.stderr).toBe(0);
    const stood = readdirSync(out, { recursive: true }).sort();

    writeTree(join(path, before), files(before, 'two'));
    const full = await build([path, ...args], { env });
    expect([full.exitCode, full.document.error?.code]).toEqual([4, 'STORAGE_FAILED']);
    expect(full.document.error?.message).toMatch(/output directory .* no space left on device/);
    expect(full.document.error?.hint).toContain('--out');
    expect(readdirSync(out, { recursive: true }).sort()).toEqual(stood);
    const manifest = JSON.parse(
      readFileSync(join(out, 'manifest.json'), 'utf8'),
    ) as Built['document'];
    for (const artifact of artifactsOf(manifest)) {
      expect(sha256Of(join(out, artifact.path))).toBe(artifact.sha256);
    }
    expectSound(cache);

    grow(out);
    const next = told(await build([path, ...args], { env }), out);
    expect([next.exitCode, next.endings[big]], next.stderr).toEqual([0, 'cached']);
    expect(next.modules).toEqual(await rightModules(path));
  });
});

describe('a clock that jumps', () => {
  /** Debian's libfaketime: the time of day alone, as when somebody sets the clock. */
  const faketime = (jump: string) => ({
    LD_PRELOAD: execFileSync('faketime', ['+1 days', 'printenv', 'LD_PRELOAD'], {
      encoding: 'utf8',
    }).trim(),
    FAKETIME: jump,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  });
  const day = 24 * 60 * 60 * 1000;

  it.each([
    ['a year back, then forward', '-365d', '+365d'],
    ['a day forward, then back', '+1d', '-1d'],
  ])('%s, loses nothing and mistakes nothing', async (_, first, second) => {
    const name = unique('clock');
    const header = `${name}_says.h`;
    const tree = (says: string) => ({
      ...files(name),
      Kbuild: `obj-m := ${name}.o\n${name}-y := main.o part.o\n`,
      'main.c': moduleSource(`#include "${header}"\nMODULE_INFO(says, SAYS);`),
      'part.c': 'int part(void);\nint part(void) { return 1; }\n',
      [header]: `#define SAYS "${says}"\n`,
      [`${name}.c`]: '',
    });
    const project = temporaryDirectory(tree('one'));
    const cache = machine();
    const at = (jump: string) => run([project], cache, { env: faketime(jump) });
    const expectDurations = ({ document }: Awaited<ReturnType<typeof at>>, jump: number) => {
      const { startedAt, milliseconds, jobs } = document;
      expect(Math.abs(Date.parse(startedAt) - Date.now() - jump)).toBeLessThan(day / 24);
      for (const time of [milliseconds, ...jobs.map((job) => job.milliseconds)]) {
        expect(time).toBeGreaterThanOrEqual(0);
        expect(time).toBeLessThan(5 * 60_000);
      }
    };
    const days = (jump: string) => Number(jump.slice(0, -1)) * day;

    const built = await at(first);
    expect([built.exitCode, built.endings], built.stderr).toEqual([0, { [name]: 'built' }]);
    expectDurations(built, days(first));
    const cached = await at(second);
    expect([cached.endings, cached.modules]).toEqual([{ [name]: 'cached' }, built.modules]);
    expectDurations(cached, days(second));

    // A file that changes and is dated years ago, then one of a time to come.
    for (const [says, year] of [
      ['two', 2001],
      ['three', 2035],
    ] as const) {
      writeTree(project, tree(says));
      const date = new Date(year, 0);
      for (const file of readdirSync(project)) utimesSync(join(project, file), date, date);
      const changed = await at(says === 'two' ? second : first);
      expect(changed.endings).toEqual({ [name]: 'built' });
      expect(changed.document.jobs[0]?.objects).toEqual({ compiled: 1, reused: 1 });
      expect(changed.modules).toEqual(await rightModules(project));
      expectDurations(changed, days(says === 'two' ? second : first));
    }
    expectSound(cache);
    const { runs, memories } = readHistory(join(cache, 'history.json'));
    expect(runs).toBe(1); // those that compiled a part say nothing of the whole
    for (const { milliseconds } of [...memories.values()].flatMap((m) => [...m.values()])) {
      expect(milliseconds).toBeLessThan(5 * 60_000);
    }
  });
});

describe('a source that changes', () => {
  it('before its turn comes is built as it is then, told, and not cached', async () => {
    // The first one is made to look like the longest, and is in no hurry.
    const slow = unique('first');
    const rest = Array.from({ length: 4 }, () => unique('later'));
    const more = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`more${n}.c`, '']));
    const pause = `$(obj)/${slow}.o: $(obj)/pause.h\n$(obj)/pause.h: FORCE\n\t@echo ${slowly}; sleep 2; touch $@\n`;
    const workspace = workspaceOf({
      ...Object.fromEntries(rest.map((name) => [name, files(name)])),
      [slow]: files(slow, 'one', { ...more, Kbuild: `obj-m := ${slow}.o\n${pause}` }),
    });
    const before = await rightModules(workspace);
    const cache = machine();
    const building = begin([workspace, '--jobs', '1'], cache);
    await building.says(slowly);
    for (const name of [slow, ...rest]) {
      const file = `${name}.c`;
      writeTree(join(workspace, name), { [file]: files(name, 'two')[file]! });
    }
    const { exitCode, modules, stderr, document, endings } = await building.end();
    const now = await rightModules(workspace);
    expect(exitCode, stderr).toBe(0);
    expect(new Set(Object.values(endings))).toEqual(new Set(['built']));
    // What was staged before is built as it was: that compiles, and what was made ready beside it.
    expect(modules.filter((module) => before.includes(module) || now.includes(module))).toEqual(
      modules,
    );
    const late = modules
      .filter((module) => now.includes(module))
      .map((line) => line.split('.')[0]!);
    expect(late.length).toBeGreaterThan(0);
    expect(late).not.toContain(slow);
    for (const { id, project } of document.jobs) {
      const warning = `a source of ${id} has changed since the run was planned`;
      expect(stderr.includes(warning)).toBe(late.includes(project));
    }
    const digests = (jobs: typeof document.jobs) =>
      new Map(jobs.map(({ project, sources }) => [project, sources]));
    const next = await run([workspace], cache);
    expect(next.modules).toEqual(now);
    // Nothing that the first run built has the key of what is there now.
    expect(new Set(Object.values(next.endings))).toEqual(new Set(['built']));
    for (const { project, sources } of next.document.jobs) {
      const told = digests(document.jobs).get(project);
      if (late.includes(project)) expect(told).toEqual(sources);
      else expect(told).not.toEqual(sources);
    }
    for (const name of [slow, ...rest]) {
      const file = `${name}.c`;
      writeTree(join(workspace, name), { [file]: files(name)[file]! });
    }
    // What was built of the old sources is found by them, and what was built of new ones is not.
    const old = await run([workspace], cache);
    expect(old.modules).toEqual(before);
    for (const [name, ending] of Object.entries(old.endings)) {
      expect(ending).toBe(late.includes(name) ? 'built' : 'cached');
    }
    expectSound(cache);
  });
});
