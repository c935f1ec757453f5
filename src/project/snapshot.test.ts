import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { loadProjects } from './load-projects.js';
import type { Project } from './project.js';
import { projectDigest, stageProject } from './snapshot.js';

const files: FileTree = {
  'hello.c': 'MODULE_LICENSE("GPL");\n',
  'include/hello.h': '',
  'tools/gen.sh': { program: '#!/bin/sh\n' },
  'link.h': { link: 'include/hello.h' },
  'data.bin': Uint8Array.of(0, 255, 128),
};

async function projectAt(directory: string): Promise<Project> {
  const { projects } = await loadProjects(directory);
  const [project] = projects;
  if (project === undefined) throw new Error('no project');
  return project;
}

/** The project in a new directory, always of the same name. */
const project = (more: FileTree = {}) =>
  projectAt(join(temporaryDirectory(inProject({ ...files, ...more })), 'project'));

const inProject = (tree: FileTree): FileTree =>
  Object.fromEntries(Object.entries(tree).map(([name, value]) => [`project/${name}`, value]));

describe('projectDigest', () => {
  it('is the same for the same files, wherever they are', async () => {
    const [one, other] = [await project(), await project()];
    expect(projectDigest(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(projectDigest(one)).toBe(projectDigest(other));
    expect(one.directory).not.toBe(other.directory);
  });

  it.each<[string, FileTree]>([
    ['content', { 'hello.c': 'MODULE_LICENSE("GPL v2");\n' }],
    ['another file', { 'include/new.h': '' }],
    ['mode', { 'tools/gen.sh': '#!/bin/sh\n' }],
    ['link', { 'link.h': { link: './include/hello.h' } }],
    ['kind', { 'link.h': 'include/hello.h' }],
    ['configuration', { 'kbuild.config.yaml': 'name: project\nccflags: [-DX]\n' }],
  ])('changes with %s', async (_, change) => {
    expect(projectDigest(await project(change))).not.toBe(projectDigest(await project()));
  });

  it('changes when a file gets another name', async () => {
    const renamed = await project({ 'include/other.h': '' });
    const kept = renamed.files.filter(({ path }) => path !== 'include/hello.h');
    expect(projectDigest({ ...renamed, files: kept })).not.toBe(projectDigest(await project()));
  });

  it('stays when a build comes and goes', async () => {
    const built = await project({
      'dist/6.1.0/arm64/hello.ko': 'x',
      'dist/manifest.json': '{}',
      'hello.o': 'x',
      '.hello.o.cmd': 'x',
    });
    expect(projectDigest(built)).toBe(projectDigest(await project()));
  });

  it('changes with the Kbuild that is generated', async () => {
    const given = await project();
    if (given.method.kind !== 'generated') throw new Error('not generated');
    const method = { ...given.method, kbuild: `${given.method.kbuild}# more\n` };
    expect(projectDigest({ ...given, method })).not.toBe(projectDigest(given));
  });

  it('is there for a project with a link that leads nowhere', async () => {
    const given = await project({ 'lost.h': { link: 'nonexistent/lost.h' } });
    const elsewhere = await project({ 'lost.h': { link: 'elsewhere/lost.h' } });
    expect(projectDigest(given)).not.toBe(projectDigest(elsewhere));
  });
});

describe('stageProject', () => {
  const stage = async (given: Project) => {
    const target = join(temporaryDirectory(), 'staged');
    return { target, digest: (await stageProject(given, target)).digest };
  };

  it('copies every file, with links as links and modes that all users can read', async () => {
    const given = await project();
    const { target } = await stage(given);
    for (const { path, link, executable } of given.files) {
      const copy = join(target, path);
      if (link !== undefined) expect(readlinkSync(copy)).toBe(link);
      else {
        expect(readFileSync(copy)).toEqual(readFileSync(join(given.directory, path)));
        expect((statSync(copy).mode & 0o777).toString(8)).toBe(executable ? '755' : '644');
      }
    }
    expect((statSync(join(target, 'include')).mode & 0o777).toString(8)).toBe('755');
    expect(lstatSync(join(target, 'link.h')).isSymbolicLink()).toBe(true);
  });

  it('copies so that all users can read, whatever the umask of the user', async () => {
    const given = await project();
    chmodSync(join(given.directory, 'hello.c'), 0o600);
    const before = process.umask(0o077);
    const { target } = await stage(given).finally(() => process.umask(before));
    expect((statSync(target).mode & 0o777).toString(8)).toBe('755');
    expect((statSync(join(target, 'include')).mode & 0o777).toString(8)).toBe('755');
    expect((statSync(join(target, 'hello.c')).mode & 0o777).toString(8)).toBe('644');
  });

  it('puts the generated Kbuild into the place of one that was generated before', async () => {
    const old = '# Generated by kbuild-ts for project: long ago\nobj-m += other.o\n';
    const given = await project({ Kbuild: old });
    if (given.method.kind !== 'generated') throw new Error('not generated');
    const { target } = await stage(given);
    expect(readFileSync(join(target, 'Kbuild'), 'utf8')).toBe(given.method.kbuild);
    expect(readFileSync(join(given.directory, 'Kbuild'), 'utf8')).toBe(old);
  });

  it('writes no file through a link in its place, and none outside', async () => {
    const outside = temporaryDirectory();
    for (const link of [join(outside, 'written'), 'not-there-yet']) {
      const given = await project({ Kbuild: { link } });
      // As it would be listed if nobody looked at where a link leads.
      given.files = given.files.filter(({ path }) => path !== 'Kbuild');
      given.files.push({ path: 'Kbuild', executable: false, link });
      if (given.method.kind !== 'generated') throw new Error('not generated');
      const { target } = await stage(given);
      expect(lstatSync(join(target, 'Kbuild')).isFile()).toBe(true);
      expect(readFileSync(join(target, 'Kbuild'), 'utf8')).toBe(given.method.kbuild);
      expect(existsSync(join(target, 'not-there-yet'))).toBe(false);
    }
    expect(existsSync(join(outside, 'written'))).toBe(false);
  });

  it('refuses to write through a link that the list of files holds', async () => {
    const outside = temporaryDirectory();
    const given = await project();
    const lists = [
      [{ path: 'hello.c', executable: false, link: join(outside, 'a') }, ...given.files],
      [
        { path: 'include', executable: false, link: outside },
        { path: 'include/hello.h', executable: false },
      ],
    ];
    for (const list of lists) {
      await expect(stage({ ...given, files: list })).rejects.toThrow('EEXIST');
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  it('makes directories without files, which count for the digest', async () => {
    const given = await project();
    const more = { ...given, directories: ['m4', 'deep/obj'] };
    const { target, digest } = await stage(more);
    expect(statSync(join(target, 'm4')).isDirectory()).toBe(true);
    expect((statSync(join(target, 'deep/obj')).mode & 0o777).toString(8)).toBe('755');
    expect(digest).toBe(projectDigest(more));
    expect(digest).not.toBe(projectDigest(given));
  });

  it('keeps them of a DKMS source alone', async () => {
    for (const conf of [{}, { 'dkms.conf': 'PACKAGE_NAME=x\n' }]) {
      const { directory } = await project(conf);
      mkdirSync(join(directory, 'm4'));
      const directories = (await projectAt(directory)).directories;
      expect(directories).toEqual('dkms.conf' in conf ? ['m4'] : undefined);
    }
  });

  it('gives the digest of the project', async () => {
    const generated = await project({ Kbuild: '# Generated by kbuild-ts for project: long ago\n' });
    for (const given of [
      generated,
      await project(),
      await project({ Kbuild: 'obj-m := hello.o\n' }),
    ]) {
      expect((await stage(given)).digest).toBe(projectDigest(given));
    }
  });

  it('gives another digest when a file has changed since', async () => {
    const given = await project();
    const planned = projectDigest(given);
    writeTree(given.directory, { 'hello.c': 'changed\n' });
    const { digest, target } = await stage(given);
    expect(digest).not.toBe(planned);
    expect(readFileSync(join(target, 'hello.c'), 'utf8')).toBe('changed\n');
  });

  it('copies what a link leads to outside of the project', async () => {
    const outside = temporaryDirectory({ 'common.h': '/* common */\n' });
    const given = await project({ 'common.h': { link: join(outside, 'common.h') } });
    const { target } = await stage(given);
    expect(lstatSync(join(target, 'common.h')).isFile()).toBe(true);
    expect(readFileSync(join(target, 'common.h'), 'utf8')).toBe('/* common */\n');
  });
});
