import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, writeTree } from '../../../../test/support/temporary-directory.js';
import { gitTree, isGitTree } from './git.js';

const { signal } = new AbortController();

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  const options = [...identity, '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...options, '-C', directory, ...args], { encoding: 'utf8' }).trim();
}

function repository(name = 'linux'): string {
  const directory = join(temporaryDirectory({ [`${name}/Makefile`]: 'VERSION = 6\n' }), name);
  writeTree(directory, { '.gitignore': '*.o\n', 'a/b.c': 'int b;\n', gone: '' });
  git(directory, 'init', '-q');
  git(directory, 'add', '.');
  git(directory, 'commit', '-q', '-m', 'first');
  return directory;
}

const namesIn = (archive: string): string[] =>
  execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '' && !name.endsWith('/'))
    .sort();

/** All files below a directory, with their sizes and times. */
const stateOf = (directory: string): unknown =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode } = statSync(join(directory, name));
      return [name, size, mtimeMs, mode];
    });

const treeAt = (directory: string, revision?: string) =>
  gitTree(directory, revision, temporaryDirectory(), signal);

describe('gitTree', () => {
  it('is what git itself calls the tree of a revision', async () => {
    const directory = repository();
    git(directory, 'tag', 'v1');
    writeFileSync(join(directory, 'a/b.c'), 'int c;\n');
    const tree = await treeAt(directory, 'v1');
    expect(tree.id).toBe(git(directory, 'rev-parse', 'v1^{tree}'));
    expect(await tree.read('a/b.c')).toBe('int b;');
    expect(await tree.read('nothing')).toBeUndefined();
  });

  it.each(['linux', 'li:nux "x"'])(
    'has the files as they are, and writes nothing into %s',
    async (name) => {
      const directory = repository(name);
      const clean = await treeAt(directory);
      expect(clean.id).toBe(git(directory, 'rev-parse', 'HEAD^{tree}'));

      writeTree(directory, { 'a/b.c': 'int changed;\n', 'a/new.c': '', 'a/b.o': 'ignored' });
      rmSync(join(directory, 'gone'));
      const before = stateOf(directory);
      const dirty = await treeAt(directory);
      expect(dirty.id).not.toBe(clean.id);
      expect(await dirty.read('a/b.c')).toBe('int changed;');
      const archive = join(temporaryDirectory(), 'x.tar');
      await dirty.archive(archive);
      expect(namesIn(archive)).toEqual(['.gitignore', 'Makefile', 'a/b.c', 'a/new.c']);
      expect(stateOf(directory)).toEqual(before);

      // What git itself makes of it, when it is committed.
      git(directory, 'add', '--all');
      git(directory, 'commit', '-q', '-m', 'second');
      expect(dirty.id).toBe(git(directory, 'rev-parse', 'HEAD^{tree}'));
    },
  );

  it('runs no program that the repository names', async () => {
    const directory = repository();
    const mark = join(temporaryDirectory(), 'mark');
    git(directory, 'config', 'core.fsmonitor', `touch ${mark}; false`);
    writeTree(directory, {
      '.git/hooks/post-index-change': { program: `#!/bin/sh\ntouch ${mark}\n` },
    });
    writeTree(directory, { 'a/b.c': 'int changed;\n' });
    await treeAt(directory);
    expect(statSync(mark, { throwIfNoEntry: false })).toBeUndefined();
  });

  it.each(['nothing', '--output=/tmp/x', 'HEAD:Makefile', ''])(
    'refuses a revision that is none: %j',
    async (revision) => {
      const directory = repository();
      const error = await kbuildErrorOf(() => treeAt(directory, revision));
      expect(error.code).toBe('KERNEL_SOURCE_GIT');
      expect(error.message).toContain(directory);
    },
  );

  it('says so where there is no git', async () => {
    const directory = repository();
    const { PATH } = process.env;
    process.env.PATH = temporaryDirectory();
    try {
      const error = await kbuildErrorOf(() => treeAt(directory));
      expect(error.message).toContain("there is no program 'git'");
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe('isGitTree', () => {
  it('knows a tree, a bare repository and a worktree from a plain directory inside of one', () => {
    const directory = repository();
    const bare = join(temporaryDirectory(), 'bare.git');
    git(directory, 'clone', '-q', '--bare', '.', bare);
    const worktree = join(temporaryDirectory(), 'worktree');
    git(directory, 'worktree', 'add', '-q', worktree);
    expect([directory, bare, worktree, join(directory, 'a')].map(isGitTree)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
