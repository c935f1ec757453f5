import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import { claimOf } from '../../src/storage/claim.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { kbuild, root } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { moduleSource, slowKbuild } from '../support/project.js';
import { temporaryDirectory, writeTree, type FileTree } from '../support/temporary-directory.js';
import { startWatch } from '../support/watching.js';

let projects = 0;

/** A project whose one module says something in its description. */
function project(more: FileTree = {}) {
  const name = `watched${process.pid}_${projects++}`;
  const directory = temporaryDirectory({
    'kbuild.config.yaml': `name: ${name}\n`,
    Kbuild: 'obj-m := quick.o\n',
    'quick.c': moduleSource('#include "said.h"\nMODULE_INFO(said, SAID);'),
    'said.h': '#define SAID "first"\n',
    ...more,
  });
  const say = (text: string) => {
    writeFileSync(join(directory, 'said.h'), `#define SAID "${text}"\n`);
  };
  return { name, directory, say, out: join(directory, 'dist') };
}

/** What the module says, by kmod. */
function saidBy(out: string, module = 'quick.ko'): string {
  const [path = ''] = readdirSync(out, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(`/${module}`));
  return execFileSync('modinfo', ['-F', 'said', join(out, path)], {
    encoding: 'utf8',
  }).trim();
}

/** The scratch directories of a process. */
async function scratchOf(pid: number | undefined): Promise<string[]> {
  const runs = join(cacheDirectory(), 'runs');
  const claims = await Promise.all(
    readdirSync(runs).map(async (id) => [id, await claimOf(join(runs, id))] as const),
  );
  return claims.filter(([, claimed]) => claimed?.owner.pid === pid).map(([id]) => id);
}

const modified = (directory: string) =>
  readdirSync(directory, { recursive: true })
    .map((path) => join(directory, String(path)))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path} ${readFileSync(path, 'base64')}`)
    .sort();

describe('build --watch', () => {
  it('builds again what is saved, and ends by Ctrl-C with nothing left', async () => {
    const { name, directory, say, out } = project();
    const { child, round } = startWatch([directory]);
    const first = await round();
    expect(first.stdout).toMatch(new RegExp(`^rebuilt ${name}-\\S+ in \\d`));
    expect(first.stderr).toMatch(/^watching 4 files in \S+$/m);
    expect(saidBy(out)).toBe('first');

    say('second');
    const second = await round();
    expect(second.stderr).toMatch(/^changed \S*said\.h$/m);
    expect(second.stdout).toMatch(/^rebuilt \S+ in \d[^\n]*\n$/);
    expect(saidBy(out)).toBe('second');

    // Saved, and no other than before.
    say('second');
    const third = await round();
    expect(third.stdout).toMatch(/^nothing to rebuild: 1 job from the cache in \d[^\n]*\n$/);

    expect(await scratchOf(child.pid)).toHaveLength(1);
    const begun = performance.now();
    child.kill('SIGINT');
    expect((await child).exitCode).toBe(130);
    expect(performance.now() - begun).toBeLessThan(1000); // the promise itself: at once
    expect(await containersOf(name)).toEqual([]);
    expect(await scratchOf(child.pid)).toEqual([]);
  });

  it('tells what is wrong, and waits until it is mended', async () => {
    const { directory, say, out } = project();
    const { round } = startWatch([directory]);
    await round();
    const breaks: [file: string, text: string, told: RegExp][] = [
      ['kbuild.config.yaml', 'name: [', /kbuild\.config\.yaml:\d+:\d+: .*\[CONFIG_SYNTAX\]/],
      ['kbuild.config.yaml', 'nmae: x\n', /\[CONFIG_INVALID\]/],
      ['Kbuild', '$(error out of order)\n', /Kbuild:1: error: out of order/],
      ['quick.c', 'int f( {\n', /quick\.c:1:\d+: error: /],
    ];
    for (const [i, [file, text, told]] of breaks.entries()) {
      const path = join(directory, file);
      const sound = readFileSync(path);
      writeFileSync(path, text);
      const { stdout, stderr } = await round();
      expect(stdout + stderr).toMatch(told);
      if (file === 'kbuild.config.yaml') expect(saidBy(out)).toMatch(/^first|mended/); // nothing ran
      writeFileSync(path, sound);
      say(`mended ${i}`);
      await round();
      expect(saidBy(out)).toBe(`mended ${i}`);
    }
  });

  it('gives a build up when something changes, and begins anew', async () => {
    const { name, directory, say, out } = project();
    const { round, until } = startWatch([directory, '--verbose']);
    await round();
    const before = modified(out);
    const kbuild = readFileSync(join(directory, 'Kbuild'));
    writeFileSync(join(directory, 'Kbuild'), slowKbuild);
    await until(/compiling slowly/);
    expect(await containersOf(name)).toHaveLength(1);
    expect(modified(out)).toEqual(before);

    const begun = performance.now();
    say('later');
    writeFileSync(join(directory, 'Kbuild'), kbuild);
    const { stdout, stderr } = await round();
    expect(performance.now() - begun).toBeLessThan(30_000); // it would have slept for a minute
    expect(stderr).toContain('this build is given up');
    expect(stdout).toMatch(/^rebuilt [^\n]*\n$/);
    expect(saidBy(out)).toBe('later');
    expect(await containersOf(name)).toEqual([]);
  });

  it('by Ctrl-C amid a build leaves nothing', async () => {
    const { name, directory, out } = project();
    const { child, round, until } = startWatch([directory, '--verbose']);
    await round();
    const before = modified(out);
    writeFileSync(join(directory, 'Kbuild'), slowKbuild);
    await until(/compiling slowly/);
    child.kill('SIGINT');
    expect((await child).exitCode).toBe(130);
    expect(await containersOf(name)).toEqual([]);
    expect(await scratchOf(child.pid)).toEqual([]);
    expect(modified(out)).toEqual(before);
  });

  it('takes a thousand files at once for one change', async () => {
    const { directory, say, out } = project();
    const { round } = startWatch([directory]);
    await round();
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`lib/${i % 7}/file${i}.h`, `/* ${i} */\n`]),
    );
    writeTree(directory, many);
    say('all of them');
    const { stdout, stderr } = await round();
    expect(stdout.match(/^rebuilt /gm)).toHaveLength(1);
    expect(stderr).toMatch(/^changed .* and (99\d|100\d) more$/m);
    expect(stderr).toContain('watching 1004 files');
    expect(saidBy(out)).toBe('all of them');
  });

  it('does not build for what is no source', async () => {
    const { directory, say, out } = project();
    const { round } = startWatch([directory]);
    await round();
    writeTree(directory, {
      '.said.h.swp': 'x',
      'said.h~': 'x',
      '#said.h#': 'x',
      '4913': '',
      'compile_commands.json': '[]',
      '.cache/clangd/index/x.idx': 'x',
      '.git/index': 'x',
      'dist/note': 'x',
    });
    await sleep(500); // time in which a round would begin
    say('saved');
    const { stderr } = await round();
    expect(stderr.match(/^changed .*/gm)).toHaveLength(1);
    expect(stderr).toMatch(/^changed \S*said\.h$/m);
    expect(saidBy(out)).toBe('saved');
  });

  it('sees files that come, go and are moved into place, in directories that are new', async () => {
    const { directory, out } = project();
    const { round } = startWatch([directory]);
    await round();
    mkdirSync(join(directory, 'include'));
    writeFileSync(join(directory, 'include/said.h'), '#define SAID "moved"\n');
    await round();
    // As editors save: a new file in the place of the old one.
    writeFileSync(
      join(directory, 'quick.c.new'),
      moduleSource('#include "include/said.h"\nMODULE_INFO(said, SAID);'),
    );
    renameSync(join(directory, 'quick.c.new'), join(directory, 'quick.c'));
    await round();
    expect(saidBy(out)).toBe('moved');
    rmSync(join(directory, 'said.h'));
    const gone = await round();
    expect(gone.stdout).toMatch(/^rebuilt /);
    rmSync(join(directory, 'include'), { recursive: true });
    const broken = await round();
    expect(broken.stdout).toContain('include/said.h: No such file');
    writeTree(directory, { 'include/said.h': '#define SAID "again"\n' });
    await round();
    expect(saidBy(out)).toBe('again');
    const now = new Date();
    utimesSync(join(directory, 'include/said.h'), now, now);
    expect((await round()).stdout).toMatch(/^nothing to rebuild/);
  });

  it('watches what a project depends on, its workspace and its program of a configuration', async () => {
    const root = temporaryDirectory({
      'kbuild.config.mjs': `import { projects } from './list.mjs';\nexport default { projects };\n`,
      'list.mjs': `export const projects = ['user'];\n`,
      'user/kbuild.config.yaml': 'name: user\ndepends: [../giver]\n',
      'user/Kbuild': 'obj-m := user.o\n',
      'user/user.c': moduleSource('#include "../giver/said.h"\nMODULE_INFO(said, SAID);'),
      'giver/Kbuild': 'obj-m := giver.o\n',
      'giver/giver.c': moduleSource(),
      'giver/said.h': '#define SAID "given"\n',
      'third/Kbuild': 'obj-m := third.o\n',
      'third/third.c': moduleSource('MODULE_INFO(said, "third");'),
    });
    const { round } = startWatch([root]);
    const { stderr } = await round();
    expect(stderr).toMatch(/^watching 7 files in \S*giver, \S*user$/m);
    writeFileSync(join(root, 'giver/said.h'), '#define SAID "more"\n');
    await round();
    expect(saidBy(join(root, 'dist'), 'user.ko')).toBe('more');
    // The configuration does not change, but what it imports does; it is read with the next change.
    writeFileSync(join(root, 'list.mjs'), `export const projects = ['user', 'third'];\n`);
    writeFileSync(join(root, 'kbuild.config.mjs'), `export { default } from './more.mjs';\n`);
    writeFileSync(join(root, 'more.mjs'), `export { default } from './more2.mjs';\n`);
    writeFileSync(
      join(root, 'more2.mjs'),
      `import { projects } from './list.mjs';\nexport default { projects };\n`,
    );
    const more = await round();
    expect(more.stderr).toMatch(/^watching \d+ files in \S*giver, \S*third, \S*user$/m);
    expect(saidBy(join(root, 'dist'), 'third.ko')).toBe('third');
  });

  it('with --json prints a document for each round, on one line each', async () => {
    const { name, directory, say } = project();
    const { child, round } = startWatch([directory, '--json']);
    const documents: (Partial<Manifest> & { error?: { code: string } })[] = [];
    const next = async () => {
      const { stdout } = await round();
      expect(stdout).toMatch(/^[^\n]+\n$/);
      documents.push(JSON.parse(stdout) as Manifest);
    };
    await next();
    say('other');
    await next();
    writeFileSync(join(directory, 'kbuild.config.yaml'), 'name: [');
    await next();
    writeFileSync(join(directory, 'kbuild.config.yaml'), `name: ${name}\n`);
    await next();
    expect(documents.map(({ status, error }) => status ?? error?.code)).toEqual([
      'succeeded',
      'succeeded',
      'CONFIG_SYNTAX',
      'succeeded',
    ]);
    expect(documents.flatMap(({ jobs }) => jobs?.map(({ status }) => status) ?? [])).toEqual([
      'built',
      'built',
      'cached',
    ]);
    child.kill('SIGTERM');
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(130);
    expect(stdout.split('\n')).toHaveLength(4);
  });

  it('goes on when the engine is back', async () => {
    const { directory, say, out } = project();
    const socket = join(temporaryDirectory(), 'engine.sock');
    const { round } = startWatch([directory], { env: { DOCKER_HOST: `unix://${socket}` } });
    const without = await round();
    expect(without.stdout).toMatch(/\[ENGINE_\w+\]/);
    symlinkSync('/var/run/docker.sock', socket);
    say('back');
    await round();
    expect(saidBy(out)).toBe('back');
  });

  it('builds an archive again that another one takes the place of', async () => {
    const { name, directory, say } = project();
    const cwd = temporaryDirectory();
    const pack = (to: string) => {
      execFileSync('tar', ['-C', directory, '-cf', join(cwd, to), '.']);
    };
    pack('drv.tar');
    const { round } = startWatch(['drv.tar'], { cwd });
    expect((await round()).stderr).toMatch(/^watching 1 file in drv\.tar$/m);
    say('packed');
    pack('new.tar');
    renameSync(join(cwd, 'new.tar'), join(cwd, 'drv.tar'));
    const { stderr, stdout } = await round();
    expect(stderr).toMatch(/^changed drv\.tar$/m);
    expect(stdout).toContain(`rebuilt ${name}`);
    expect(saidBy(join(cwd, 'dist'))).toBe('packed');
  });

  it('says so where the system does not let it watch', async () => {
    const { directory } = project();
    const limited = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const command = [
      process.execPath,
      join(root, 'bin/kbuild-ts.js'),
      'build',
      '--watch',
      directory,
    ];
    const { exitCode, stderr } = await execa(
      'unshare',
      ['-Ur', 'sh', '-c', limited, 'sh', ...command],
      {
        reject: false,
      },
    );
    expect(stderr).toContain('[WATCH_FAILED]');
    expect(stderr).toContain('max_user_watches');
    expect(exitCode).toBe(4);
  });

  it('refuses what build refuses', async () => {
    const { exitCode, stderr } = await kbuild(['build', '--watch', '--jobs', '0']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[USAGE]')]);
  });
});
