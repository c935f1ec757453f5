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
      [waiting]: files(waiting),
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
    for (const name of [slow, other]) writeTree(join(workspace, name), files(name));
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
