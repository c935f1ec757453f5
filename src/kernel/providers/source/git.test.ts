import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, writeTree } from '../../../../test/support/temporary-directory.js';
import { gitTree, isGitTree } from './git.js';

const { signal } = new AbortController();

function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  const options = [...identity, '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...options, '-C', directory, ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
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

  const touch = (mark: string) => `touch ${mark}; cat`;
  const hostile: [string, (directory: string, mark: string) => void][] = [
    [
      'a watcher and a hook',
      (directory, mark) => {
        git(directory, 'config', 'core.fsmonitor', `touch ${mark}; false`);
        const program = `#!/bin/sh\ntouch ${mark}\n`;
        writeTree(directory, { '.git/hooks/post-index-change': { program } });
      },
    ],
    ...['.gitattributes', '.git/info/attributes'].map(
      (file): [string, (directory: string, mark: string) => void] => [
        `clean, smudge, process and drivers of diffs, by ${file}`,
        (directory, mark) => {
          writeTree(directory, { [file]: '* filter=x diff=x merge=x\n' });
          for (const name of ['filter.x.clean', 'filter.x.smudge', 'diff.x.textconv']) {
            git(directory, 'config', name, touch(mark));
          }
          git(directory, 'config', 'diff.x.command', touch(mark));
          git(directory, 'config', 'diff.external', touch(mark));
        },
      ],
    ),
    [
      'a filter that is a process',
      (directory, mark) => {
        writeTree(directory, { '.gitattributes': '* filter=x\n' });
        git(directory, 'config', 'filter.x.process', touch(mark));
      },
    ],
    [
      'an included configuration',
      (directory, mark) => {
        const text = `[filter "x"]\n\tclean = ${touch(mark)}\n\tsmudge = ${touch(mark)}\n`;
        const quoted = text.replaceAll(/= (.*)/g, '= "$1"');
        writeTree(directory, { '.gitattributes': '* filter=x\n', '.git/more': quoted });
        git(directory, 'config', 'include.path', 'more');
      },
    ],
    [
      'the configuration of a working tree',
      (directory, mark) => {
        writeTree(directory, { '.gitattributes': '* filter=x\n' });
        git(directory, 'config', 'extensions.worktreeConfig', 'true');
        for (const name of ['clean', 'smudge']) {
          git(directory, 'config', '--worktree', `filter.x.${name}`, touch(mark));
        }
      },
    ],
    [
      'a submodule',
      (directory, mark) => {
        const inner = join(directory, 'in\u00e4"n\ner');
        writeTree(inner, { '.gitattributes': '* filter=x\n', file: 'a' });
        git(inner, 'init', '-q');
        git(inner, 'add', '.');
        git(inner, 'commit', '-q', '-m', 'inner');
        git(directory, '-c', 'advice.addEmbeddedRepo=false', 'add', '.');
        git(inner, 'config', 'filter.x.clean', touch(mark));
        writeTree(inner, { file: 'b' });
      },
    ],
  ];

  it.each(hostile)('runs no program that the repository names: %s', async (_, prepare) => {
    const directory = repository();
    const mark = join(temporaryDirectory(), 'mark');
    prepare(directory, mark);
    rmSync(mark, { force: true });
    writeTree(directory, { 'a/b.c': 'int changed;\n' });
    for (const revision of [undefined, 'HEAD']) {
      const tree = await treeAt(directory, revision);
      expect(await tree.read('a/b.c')).toBe(revision ? 'int b;' : 'int changed;');
      await tree.archive(join(temporaryDirectory(), 'x.tar'));
      expect(existsSync(mark)).toBe(false);
    }
    // They would have run: git itself, asked the same, runs them.
    spawnSync('git', ['-C', directory, 'add', '--all', '.']);
    expect(existsSync(mark)).toBe(true);
  });

  it('asks no other repository for what is missing', async () => {
    const directory = repository();
    const mark = join(temporaryDirectory(), 'mark');
    git(directory, 'config', 'extensions.partialClone', 'origin');
    git(directory, 'config', 'remote.origin.promisor', 'true');
    git(directory, 'config', 'remote.origin.url', `ext::touch ${mark}`);
    git(directory, 'config', 'protocol.ext.allow', 'always');
    const id = git(directory, 'rev-parse', 'HEAD^{tree}');
    rmSync(join(directory, '.git/objects', id.slice(0, 2), id.slice(2)));
    const error = await kbuildErrorOf(() => treeAt(directory, 'HEAD'));
    expect(error.code).toBe('KERNEL_SOURCE_GIT');
    expect(existsSync(mark)).toBe(false);
    spawnSync('git', ['-C', directory, 'cat-file', '-p', id]);
    expect(existsSync(mark)).toBe(true);
  });

  it('takes no other object for the one that is named', async () => {
    const directory = repository();
    const [old = '', id] = ['HEAD:a/b.c', 'HEAD^{tree}'].map((name) =>
      git(directory, 'rev-parse', name),
    );
    git(directory, 'replace', old, git(directory, 'rev-parse', 'HEAD:Makefile'));
    const tree = await treeAt(directory, 'HEAD');
    expect(tree.id).toBe(id);
    expect(await tree.read('a/b.c')).toBe('int b;');
  });

  it('is not led astray by the variables of a git that runs it as a hook', async () => {
    const [directory, other] = [repository(), repository()];
    writeTree(other, { 'a/b.c': 'int other;\n' });
    const variables = { GIT_DIR: join(other, '.git'), GIT_INDEX_FILE: join(other, '.git/index') };
    Object.assign(process.env, variables);
    try {
      const tree = await treeAt(directory);
      expect(await tree.read('a/b.c')).toBe('int b;');
    } finally {
      for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    }
    expect((await treeAt(directory)).id).toBe(git(directory, 'rev-parse', 'HEAD^{tree}'));
  });

  it('knows revisions of every kind: packed, abbreviated, by reflog, and what is left out', async () => {
    const directory = repository();
    const first = git(directory, 'rev-parse', 'HEAD^{tree}');
    git(directory, 'tag', '-a', '-m', 'annotated', 'v1');
    writeTree(directory, { 'a/b.c': 'int second;\n', '.git/info/exclude': 'mine\n', mine: '' });
    git(directory, 'add', '--all');
    git(directory, 'commit', '-q', '-m', 'second');
    const commit = git(directory, 'rev-parse', 'HEAD');
    git(directory, 'gc', '-q');
    const revisions = ['v1', 'HEAD~1', 'HEAD@{1}', 'main@{1}'];
    for (const revision of revisions) expect((await treeAt(directory, revision)).id).toBe(first);
    const second = git(directory, 'rev-parse', 'HEAD^{tree}');
    for (const revision of [commit.slice(0, 10), 'main', 'refs/heads/main', undefined]) {
      expect((await treeAt(directory, revision)).id).toBe(second);
    }
  });

  it('reads a working tree of a repository, a repository with SHA-256, a split index', async () => {
    const directory = repository();
    const worktree = join(temporaryDirectory(), 'worktree');
    git(directory, 'worktree', 'add', '-q', worktree);
    git(worktree, 'update-index', '--split-index');
    writeTree(worktree, { 'a/b.c': 'int there;\n' });
    const there = await treeAt(worktree);
    expect(await there.read('a/b.c')).toBe('int there;');
    const archive = join(temporaryDirectory(), 'x.tar');
    await there.archive(archive);
    expect(namesIn(archive)).toContain('a/b.c');

    const long = temporaryDirectory({ Makefile: 'VERSION = 6\n' });
    git(long, 'init', '-q', '--object-format=sha256');
    git(long, 'add', '.');
    git(long, 'commit', '-q', '-m', 'first');
    const id = git(long, 'rev-parse', 'HEAD^{tree}');
    expect((await treeAt(long)).id).toBe(id);
    expect((await treeAt(long, 'HEAD')).id).toBe(id);
  });

  it('wants a revision of a bare repository, and objects of any', async () => {
    const bare = join(temporaryDirectory(), 'bare.git');
    git(repository(), 'clone', '-q', '--bare', '.', bare);
    expect(await (await treeAt(bare, 'HEAD')).read('a/b.c')).toBe('int b;');
    const { code, hint } = await kbuildErrorOf(() => treeAt(bare));
    expect([code, hint]).toEqual(['KERNEL_SOURCE_GIT', `Name one: ${bare}#<revision>.`]);
    const stray = temporaryDirectory({ '.git': 'gitdir: /nowhere\n' });
    const error = await kbuildErrorOf(() => treeAt(stray));
    expect([error.code, error.message]).toEqual([
      'KERNEL_SOURCE_GIT',
      expect.stringContaining('/nowhere has no objects'),
    ]);
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
