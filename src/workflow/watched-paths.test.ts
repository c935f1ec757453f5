import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import type { BuildRequest } from './build.js';
import { namedPaths, watchedPaths } from './watched-paths.js';

const cache = temporaryDirectory();
const signal = new AbortController().signal;

function requestOf(directories: string[], changes: Partial<BuildRequest> = {}): BuildRequest {
  return {
    directories,
    archs: [],
    kdirs: [],
    kernels: [],
    toolchains: [],
    runtime: 'docker',
    prepare: 'auto',
    failFast: false,
    budget: { processes: 1, memoryBytes: 1 },
    useCache: true,
    incremental: true,
    limits: { memoryBytes: 1, diskBytes: 1, timeoutMs: 1 },
    ...changes,
  };
}

const configs = ['json', 'mjs', 'ts', 'yaml', 'yml'].map((end) => `kbuild.config.${end}`);

/** What is watched of a tree; paths in it are relative. */
async function watched(files: FileTree, changes: Partial<BuildRequest> = {}, named = ['.']) {
  const root = temporaryDirectory(files);
  const request = requestOf(
    named.map((path) => join(root, path)),
    changes,
  );
  const paths = await watchedPaths(request, { cache, signal });
  const relative = (list: string[]) => list.map((path) => path.replace(`${root}/`, ''));
  return {
    root,
    directories: relative(paths.directories),
    files: relative(paths.files).filter((path) => !configs.includes(path)),
    excluded: relative(paths.excluded).filter((path) => path !== cache),
  };
}

const module = { Kbuild: 'obj-m := a.o\n', 'a.c': '' };
const at = (directory: string, files: FileTree) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text]));

describe('watchedPaths', () => {
  it('are a project, without what comes out', async () => {
    const { root, ...paths } = await watched(module);
    expect(paths).toEqual({ directories: [root], files: [], excluded: ['dist'] });
  });

  it('are those of a workspace and its configuration, not the whole workspace', async () => {
    const config = { 'kbuild.config.yaml': 'projects: [drivers/*]\noutput: out\n' };
    const files = { ...config, ...at('drivers/x', module), ...at('drivers/y', module) };
    const root = temporaryDirectory({ ...files, ...at('other', module) });
    const paths = await watchedPaths(requestOf([root]), { cache, signal });
    expect(paths.directories).toEqual([join(root, 'drivers/x'), join(root, 'drivers/y')]);
    expect(paths.files).toEqual(configs.map((name) => join(root, name)));
    expect(paths.excluded).toContain(join(root, 'out'));
  });

  it('are what a project depends on, and keys that lie elsewhere', async () => {
    const config = `name: x
depends: [../giver]
signing: { key: ../keys/k.pem, cert: ../keys/c.pem }
`;
    const files = {
      ...at('user', { ...module, 'kbuild.config.yaml': config }),
      ...at('giver', module),
    };
    const { directories, files: single } = await watched(files, {}, ['user']);
    expect(directories).toEqual(['giver', 'user']);
    expect(single.filter((path) => path.startsWith('keys'))).toEqual(['keys/c.pem', 'keys/k.pem']);
  });

  it('are the trees beside a DKMS source, and its overlays', async () => {
    const conf = 'PACKAGE_NAME=d\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]=a\n';
    const outside = temporaryDirectory({ 'with/z-1/z.h': '', 'etc/d.conf': '' });
    const dkms = {
      directives: [],
      with: [join(outside, 'with/z-1')],
      overlay: join(outside, 'etc'),
    };
    const { root, directories } = await watched(
      { 'dkms.conf': conf, 'a.c': '', Makefile: '' },
      { dkms },
    );
    expect(directories.sort()).toEqual([dkms.overlay, dkms.with[0], root].sort());
  });

  it('do without the output directory that is asked for', async () => {
    const output = join(temporaryDirectory(), 'here');
    const { excluded } = await watched(module, { output });
    expect(excluded).toContain(output);
  });
});

describe('namedPaths', () => {
  it('are what the command line names: directories and archives', () => {
    const root = temporaryDirectory({ 'drv/a.c': '', 'drv.deb': '' });
    const paths = namedPaths(requestOf([join(root, 'drv'), join(root, 'drv.deb')]), cache);
    expect(paths).toEqual({
      directories: [join(root, 'drv')],
      archives: [join(root, 'drv.deb')],
      files: [],
      excluded: [cache],
    });
  });
});
