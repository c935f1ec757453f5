import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { linkedDirectoryLock, replaceLinkedDirectory } from '../storage/linked-directory.js';
import { indexName } from '../artifact/publish-index.js';
import { isOurOutput, listSourceFiles, listSources, type SourceFile } from './source-files.js';

/** The files of a directory with these files in it. */
function list(files: FileTree, output = 'dist'): SourceFile[] {
  const directory = temporaryDirectory(files);
  return listSourceFiles(directory, join(directory, output));
}

const paths = (files: SourceFile[]) => files.map(({ path }) => path);

describe('listSources', () => {
  it('takes no release that lies in the tree for a source, whichever run has left it', async () => {
    const files = { 'a.c': '', 'out/notes': '', '.mine.d-3f/b.c': '' };
    const directory = temporaryDirectory(files);
    const before = listSources(directory);
    expect(before.files).toHaveLength(3);
    for (const [path, id] of [
      ['release', '1a'],
      ['out/release', '2b'],
      ['out/other', '3c'],
    ] as const) {
      const file = { path: 'tar/x.tar.gz', bytes: Buffer.from('x') };
      await replaceLinkedDirectory(join(directory, path), id, [file]);
    }
    const links = execFileSync('find', ['.', '-type', 'l'], { cwd: directory, encoding: 'utf8' });
    expect(links.trim().split('\n')).toHaveLength(3);
    // And of a run that was killed, its lock.
    symlinkSync('0123456789ab 4711', linkedDirectoryLock(join(directory, 'out/release')));
    expect(listSources(directory)).toEqual(before);
  });

  it('finds what fast-glob finds', () => {
    const directory = temporaryDirectory({
      'a.c': '',
      'deep/er/b.c': '',
      'deep/.git/x': '',
      'deep/node_modules': 'a file',
      'deep/dist/kept.c': '',
      'dist/x.ko': '',
      'out/put/x.c': '',
      'out/kept.c': '',
      'link.c': { link: 'a.c' },
      'to-dir': { link: 'deep' },
      '.hg': { link: 'deep' },
      'we[i]rd {a,b}!/*.c': '',
      '(x)/?.h': '',
      '-dash/.dot/..x': '',
    });
    mkdirSync(join(directory, 'empty/.svn'), { recursive: true });
    const outputs = ['dist', 'out/put', '../elsewhere'].map((path) => join(directory, path));
    const found = glob.sync('**', {
      cwd: directory,
      dot: true,
      followSymbolicLinks: false,
      onlyFiles: false,
      markDirectories: true,
      ignore: ['.git', '.svn', '.hg', 'node_modules']
        .map((name) => `**/${name}/**`)
        .concat('dist/**', 'out/put/**'),
    });
    const { files, directories } = listSources(directory, ...outputs);
    expect(paths(files)).toEqual(found.filter((path) => !path.endsWith('/')).sort());
    expect(directories).toEqual(['empty']);
    expect(found).toContain('empty/');
  });
});

describe('listSourceFiles', () => {
  it('lists all files, hidden ones too, sorted', () => {
    const files = { 'b.c': '', 'a/z.h': '', Kbuild: '', '.config': '', 'a/.hidden/x': '', ü: '' };
    expect(list(files)).toEqual(
      ['.config', 'Kbuild', 'a/.hidden/x', 'a/z.h', 'b.c', 'ü'].map((path) => ({
        path,
        executable: false,
      })),
    );
  });

  it('knows which may be executed', () => {
    expect(list({ 'gen.sh': { program: '#!/bin/sh\n' }, 'gen.c': '' })).toEqual([
      { path: 'gen.c', executable: false },
      { path: 'gen.sh', executable: true },
    ]);
  });

  it('leaves out version control and what other tools put there', () => {
    const files = {
      'a.c': '',
      '.git/config': '',
      'sub/.git': 'gitdir: ../../.git/modules/sub\n',
      '.svn/x': '',
      'node_modules/x/x.c': '',
      '.tmp_versions/x.mod': '',
      '.gitignore': '',
    };
    expect(paths(list(files))).toEqual(['.gitignore', 'a.c']);
  });

  it('leaves out what editors keep beside a source', () => {
    const kept = [
      '.swallow.c',
      'a.c',
      'a.c.orig',
      'b~c.h',
      'n4913',
      'sub/compile_commands.json.in',
    ];
    const left = [
      ...['compile_commands.json', 'sub/compile_commands.json', '.cache/clangd/index/a.c.idx'],
      ...['a.c~', '.a.c.swp', '.a.c.swo', 'sub/.#a.c', '#a.c#', '4913', '.emacs.d~'],
    ];
    const files = Object.fromEntries([...kept, ...left].map((name) => [name, '']));
    const directory = temporaryDirectory(files);
    const sources = listSources(directory, join(directory, 'dist'));
    expect(paths(sources.files)).toEqual(kept);
    expect(sources.directories).toEqual([]); // a DKMS source has those without files too
  });

  it('leaves it out too where a link leads to a directory outside', () => {
    const outside = temporaryDirectory({ 'x.h': '', 'x.h~': '', '.git/config': '', '4913': '' });
    const directory = temporaryDirectory({ 'a.c': '' });
    symlinkSync(outside, join(directory, 'lib'));
    expect(paths(listSourceFiles(directory, join(directory, 'dist')))).toEqual(['a.c', 'lib/x.h']);
  });

  it('leaves out the output directory, whatever it is called', () => {
    const files = { 'a.c': '', 'out[1]/x/a.ko': '', 'out[1]/manifest.json': '', 'dist/note': '' };
    expect(paths(list(files, 'out[1]'))).toEqual(['a.c', 'dist/note']);
  });

  it('keeps everything where the output lies elsewhere', () => {
    const files = { 'a.c': '', 'dist/b.c': '' };
    expect(paths(list(files, '../dist'))).toEqual(['a.c', 'dist/b.c']);
    const directory = temporaryDirectory(files);
    expect(paths(listSourceFiles(directory, `${directory}-more`))).toEqual(['a.c', 'dist/b.c']);
  });

  it('leaves out what an earlier build left, by the records that Kbuild keeps', () => {
    const sources = { 'a.c': '', 'lib/b.c': '', Makefile: '', 'lib/gen.h': '' };
    const products = Object.fromEntries(
      [
        ...['a.o', '.a.o.cmd', 'a.ko', '.a.ko.cmd', 'a.mod', '.a.mod.cmd', 'a.mod.c', 'a.mod.o'],
        ...['.a.mod.o.cmd', 'modules.order', '.modules.order.cmd', 'Module.symvers'],
        ...['.Module.symvers.cmd', 'lib/b.o', 'lib/.b.o.cmd', 'built-in.a', '.built-in.a.cmd'],
        ...['.module-common.o', '..module-common.o.cmd'],
      ].map((name) => [name, '']),
    );
    expect(paths(list({ ...sources, ...products }))).toEqual(Object.keys(sources).sort());
  });

  it("keeps a vendor's object files, which have no such record", () => {
    const files = { 'a.c': '', 'blob.o': 'x', 'lib/firmware.o_shipped': 'x', 'lib/.c.o.cmd': '' };
    expect(paths(list(files))).toEqual(['a.c', 'blob.o', 'lib/firmware.o_shipped']);
  });

  it('keeps sources that are only called like commands', () => {
    const files = { 'run.cmd': '', 'a.mods': '', 'modules.order.txt': '', 'x.ko.c': '' };
    expect(paths(list(files))).toEqual(Object.keys(files).sort());
  });

  it('keeps links that stay inside as links', () => {
    const files = {
      'include/x.h': '',
      'x.h': { link: 'include/x.h' },
      'src/include': { link: '../include' },
      'src/deep/x.h': { link: '../../include/../x.h' },
      dangling: { link: 'not-there-yet' },
      '..data': '',
      'to-data': { link: '..data' },
    };
    expect(list(files).filter(({ link }) => link !== undefined)).toEqual([
      { path: 'dangling', executable: false, link: 'not-there-yet' },
      { path: 'src/deep/x.h', executable: false, link: '../../include/../x.h' },
      { path: 'src/include', executable: false, link: '../include' },
      { path: 'to-data', executable: false, link: '..data' },
      { path: 'x.h', executable: false, link: 'include/x.h' },
    ]);
  });

  it('takes the content of a file that a link leads to outside, and its mode', () => {
    const directory = temporaryDirectory({
      'common/x.h': '',
      'common/gen.sh': { program: '#!/bin/sh\n' },
      'project/x.h': { link: '../common/x.h' },
      'project/gen.sh': { link: '../common/gen.sh' },
    });
    writeTree(directory, { 'project/absolute.h': { link: join(directory, 'common/x.h') } });
    expect(listSourceFiles(join(directory, 'project'), join(directory, 'dist'))).toEqual([
      { path: 'absolute.h', executable: false },
      { path: 'gen.sh', executable: true },
      { path: 'x.h', executable: false },
    ]);
  });

  it('takes the files of a directory that a link leads to outside', () => {
    const directory = temporaryDirectory({
      'common/x.h': '',
      'common/deep/y.h': '',
      'project/a.c': '',
      'project/include': { link: '../common' },
    });
    const files = listSourceFiles(join(directory, 'project'), join(directory, 'dist'));
    expect(paths(files)).toEqual(['a.c', 'include/deep/y.h', 'include/x.h']);
  });

  it("leaves out Kbuild's link to the sources in a directory of MO=, not others of that name", () => {
    const directory = temporaryDirectory({
      'project/a.c': '',
      'project/deep/out/source': { link: '../..' },
      'project/source': { link: 'deep' },
      'elsewhere/source': '',
      'project/other/source': { link: '../../elsewhere' },
    });
    const project = join(directory, 'project');
    writeTree(project, { 'out/source': { link: project }, 'out/.gitignore': '*\n' });
    const files = listSourceFiles(project, join(directory, 'dist'));
    expect(paths(files)).toEqual(['a.c', 'other/source/source', 'out/.gitignore', 'source']);
  });

  it('keeps a link that leads nowhere if that would be inside, and no other', () => {
    const files = {
      inside: { link: 'not/there' },
      'deep/inside': { link: '../not/there' },
      absolute: { link: '/not/there' },
      'deep/above': { link: '../../not-there' },
      round: { link: 'round' },
    };
    expect(list(files)).toEqual([
      { path: 'deep/inside', executable: false, link: '../not/there' },
      { path: 'inside', executable: false, link: 'not/there' },
      { path: 'round', executable: false, link: 'round' },
    ]);
  });

  it('drops a link that leads nowhere below a directory that lies elsewhere', () => {
    const directory = temporaryDirectory({
      'common/x.h': '',
      'common/lost': { link: '../escape' },
      'project/include': { link: '../common' },
    });
    expect(paths(listSourceFiles(join(directory, 'project')))).toEqual(['include/x.h']);
  });

  it('keeps links as links, by whichever way the directory is named', () => {
    const directory = temporaryDirectory({ 'project/x.h': '', 'project/y.h': { link: 'x.h' } });
    symlinkSync('project', join(directory, 'same'));
    const [, link] = listSourceFiles(join(directory, 'same'));
    expect(link).toEqual({ path: 'y.h', executable: false, link: 'x.h' });
  });

  it('does not list what is no file: pipes and sockets', () => {
    const directory = temporaryDirectory({ 'a.c': '' });
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    expect(paths(listSourceFiles(directory, join(directory, 'dist')))).toEqual(['a.c']);
  });

  it('lists names with any characters as they are', () => {
    const files = { 'a b.c': '', 'x[1].c': '', 'q?.c': '', '*.c': '', '{a,b}.c': '', '!n.c': '' };
    expect(paths(list(files))).toEqual(Object.keys(files).sort());
  });
});

describe('listSources', () => {
  it('lists the directories without files, whatever a build left in them', () => {
    const directory = temporaryDirectory({
      'a.c': '',
      'obj/a.o': '',
      'obj/.a.o.cmd': '',
      'include/x.h': '',
      'sub/.git': 'gitdir: x\n',
      '.git/objects/x': '',
    });
    for (const path of ['m4', 'deep/er', 'include/empty', 'dist/x', '.git/refs', 'node_modules']) {
      mkdirSync(join(directory, path), { recursive: true });
    }
    const { directories } = listSources(directory, join(directory, 'dist'));
    expect(directories).toEqual(['deep/er', 'include/empty', 'm4', 'obj', 'sub']);
  });
});

describe('isOurOutput', () => {
  it('is a directory with the index that publishing writes', () => {
    expect(isOurOutput(temporaryDirectory({ [indexName]: '{}' }))).toBe(true);
    expect(isOurOutput(temporaryDirectory({ 'manifest.json': '{}' }))).toBe(false);
  });
});
