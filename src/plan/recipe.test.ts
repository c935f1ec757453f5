import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectOf } from '../../test/support/job-values.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import type { Job } from './job.js';
import { hostLayout, type Layout } from './layout.js';
import { recipe } from './recipe.js';

const ownMakefile = jobOf(projectOf({ Makefile: '' }, { method: { kind: 'make' } }));

interface Run {
  status: number | null;
  stdout: Buffer;
  stderr: string;
  layout: Layout;
}

/** Runs the script of a job for real, on sources in the layout of the host. */
function run(files: FileTree, job: Job = ownMakefile, shell = recipe): Run {
  const layout = hostLayout(temporaryDirectory());
  writeTree(join(layout.sources, job.source.placement), files);
  mkdirSync(layout.build);
  return runIn(layout, shell(job, { parallelism: { processes: 3 } }, layout));
}

function runIn(layout: Layout, script: string): Run {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { env });
  return { status, stdout, stderr: stderr.toString(), layout };
}

/** The files in an archive by their names, as the system's tar unpacks them. */
function unpack(archive: Buffer): Record<string, string> {
  const directory = temporaryDirectory();
  execFileSync('tar', ['-xf', '-', '-C', directory], { input: archive });
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(
    paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
  );
}

describe('the script of a job', () => {
  it('copies the sources, runs make there and archives what came out', () => {
    const { status, stdout, stderr } = run({
      Makefile: 'all: ; cat part/one.txt two.txt > hello.ko',
      'part/one.txt': 'one',
      'two.txt': 'two',
    });
    expect(status, stderr).toBe(0);
    expect(unpack(stdout)).toEqual({ 'hello.ko': 'onetwo' });
  });

  it('archives modules, Module.symvers and modules.order from anywhere, and nothing else', () => {
    const outputs = ['a.ko', 'deep/er/b.ko', 'Module.symvers', 'deep/modules.order'];
    const others = ['a.o', 'a.mod', 'a.ko.txt', 'ko', 'deep/c.KO', 'x.ko.gz'];
    const touch = [...outputs, ...others].map((name) => `\techo ${name} > ${name}\n`).join('');
    const { status, stdout } = run({
      Makefile: `all:\n\tmkdir -p deep/er link.ko/\n${touch}\tln -s a.ko linked.ko\n`,
      'source.c': '',
    });
    expect(status).toBe(0);
    expect(Object.keys(unpack(stdout))).toEqual([...outputs].sort());
  });

  it('names every file relative to the project, whatever its place in the build', () => {
    const project = { ...ownMakefile.source.project };
    const placed: Job = {
      ...ownMakefile,
      source: { ...ownMakefile.source, project, placement: 'group/hello' },
      make: ['make', '-C', '/build/group/hello'],
    };
    const { stdout } = run({ Makefile: 'all: ; echo > hello.ko' }, placed);
    const names = execFileSync('tar', ['-tf', '-'], { input: stdout, encoding: 'utf8' });
    expect(names).toBe('./hello.ko\n');
  });

  it('takes nothing from the projects that lie beside', () => {
    const layout = hostLayout(temporaryDirectory());
    writeTree(layout.sources, {
      'hello/Makefile': 'all: ; echo > hello.ko; echo > ../other/other.ko',
      'other/Kbuild': '',
      'other/old.ko': '',
    });
    mkdirSync(layout.build);
    const { stdout } = runIn(
      layout,
      recipe(ownMakefile, { parallelism: { processes: 1 } }, layout),
    );
    expect(Object.keys(unpack(stdout))).toEqual(['hello.ko']);
  });

  it('gives file names back that hold blanks, quotes, newlines or much text', () => {
    const long = `${'very-long-name-'.repeat(8)}/${'x'.repeat(120)}.ko`;
    const names = ['my module.ko', "it's $HOME.ko", 'größe.ko', 'two\nlines.ko', '-n.ko', long];
    const files = Object.fromEntries(names.map((name) => [`in/${name}`, name]));
    const { status, stdout, stderr } = run({ Makefile: 'all: ; cp -R in/. .; rm -r in', ...files });
    expect(status, stderr).toBe(0);
    expect(unpack(stdout)).toEqual(Object.fromEntries(names.map((name) => [name, name])));
  });

  it('keeps what make prints out of the archive, and says it on standard error', () => {
    const { status, stdout, stderr } = run({
      Makefile:
        'all:\n\t@echo to stdout; echo to stderr >&2; echo to three >&3; true\n\techo > a.ko\n',
    });
    expect(status).toBe(0);
    expect(Object.keys(unpack(stdout))).toEqual(['a.ko']);
    expect(stderr).toMatch(/^to stdout$/m);
    expect(stderr).toMatch(/^to stderr$/m);
    expect(stderr).not.toMatch(/^to three$/m);
  });

  it('ends as make ends, and still gives what was made', () => {
    const { status, stdout } = run({ Makefile: 'all:\n\techo > half.ko\n\texit 7\n' });
    expect(status).toBe(2); // make's own, whatever its command ended with
    expect(Object.keys(unpack(stdout))).toEqual(['half.ko']);
  });

  it('gives an archive that is readable and empty where nothing came out', () => {
    const { status, stdout } = run({ Makefile: 'all: ;' });
    expect(status).toBe(0);
    expect(unpack(stdout)).toEqual({});
    expect(stdout.length).toBeGreaterThan(0);
  });

  it('does not run make if the sources cannot be copied', () => {
    const layout = hostLayout(temporaryDirectory());
    mkdirSync(layout.build);
    const { status, stdout, stderr } = runIn(
      layout,
      recipe(ownMakefile, { parallelism: { processes: 1 } }, layout),
    );
    expect(status).not.toBe(0);
    expect(stdout.length).toBe(0);
    expect(stderr).toContain('cp:');
    expect(stderr).not.toContain('make');
  });

  it('fails if the project has gone when make is done', () => {
    const { status, stdout } = run({ Makefile: 'all: ; rm -r "$(CURDIR)"' });
    expect(status).not.toBe(0);
    expect(stdout.length).toBe(0);
  });

  it('fails if the archive cannot be written, though make succeeded', () => {
    const layout = hostLayout(temporaryDirectory());
    writeTree(join(layout.sources, 'hello'), { Makefile: 'all: ; echo > a.ko' });
    mkdirSync(layout.build);
    const script = `{ ${recipe(ownMakefile, { parallelism: { processes: 1 } }, layout)}\n} > /dev/full`;
    expect(runIn(layout, script).status).toBe(1);
  });

  it('leaves the sources as they are', () => {
    const files = { Makefile: 'all: ; echo changed > source.c; echo > a.ko', 'source.c': 'mine' };
    const { layout } = run(files);
    const sources = join(layout.sources, 'hello');
    expect(readdirSync(sources).sort()).toEqual(['Makefile', 'source.c']);
    expect(readFileSync(join(sources, 'source.c'), 'utf8')).toBe('mine');
  });

  it('copies links as links, and keeps programs executable', () => {
    const { status, stderr, layout } = run({
      Makefile: 'all: ; ./gen.sh > a.ko; test -L alias.c',
      'gen.sh': { program: '#!/bin/sh\necho generated\n' },
      'real.c': '',
      'alias.c': { link: 'real.c' },
    });
    expect(status, stderr).toBe(0);
    expect(readFileSync(join(layout.build, 'hello/a.ko'), 'utf8')).toBe('generated\n');
  });

  it('makes files with the same modes whatever the umask', () => {
    const { layout } = run({ Makefile: 'all: ; echo > a.ko' }, ownMakefile, (...args) => {
      return `umask 077\n${recipe(...args)}`;
    });
    expect(statSync(join(layout.build, 'hello/a.ko')).mode & 0o777).toBe(0o644);
  });

  it('gives make the number of processes, and every word of its line', () => {
    const make = { FLAGS: `-DX="it's $(id)" $HOME` };
    const method = { kind: 'make' } as const;
    const job = jobOf(projectOf({ Makefile: '' }, { method, make }));
    const { status, stdout } = run(
      {
        Makefile: `all:
	printf '%s' "$$MAKEFLAGS" | grep -q -- '-j3'
	printf '%s' "$$FLAGS" > a.ko
`,
      },
      job,
    );
    expect(status).toBe(0);
    // make itself expands `$(id)` and `$H`; the shell in between must not have.
    expect(unpack(stdout)).toEqual({ 'a.ko': `-DX="it's " OME` });
  });

  it('works in a directory with blanks and quotes in its name', () => {
    const layout = hostLayout(join(temporaryDirectory(), `it's "my" dir`));
    writeTree(join(layout.sources, 'hello'), { Makefile: 'all: ; echo > a.ko' });
    mkdirSync(layout.build);
    const { status, stdout, stderr } = runIn(
      layout,
      recipe(ownMakefile, { parallelism: { processes: 1 } }, layout),
    );
    expect(status, stderr).toBe(0);
    expect(Object.keys(unpack(stdout))).toEqual(['a.ko']);
  });

  it('runs the Makefile of the KDIR on a project for Kbuild, told of the symbols that it needs', () => {
    const kdir = temporaryDirectory({
      Makefile: 'modules:\n\tcat "$(M)/hello.c" $(KBUILD_EXTRA_SYMBOLS) > $(M)/hello.ko\n',
    });
    const job = jobOf(projectOf(), kdirOf('arm64', { path: kdir }));
    const needing: Job = {
      ...job,
      make: [...job.make, 'KBUILD_EXTRA_SYMBOLS=/symvers/base/Module.symvers'],
    };
    const layout = hostLayout(temporaryDirectory());
    writeTree(layout.sources, { 'hello/hello.c': 'source ' });
    writeTree(layout.symvers, { 'base/Module.symvers': 'symbols' });
    mkdirSync(layout.build);
    const { stdout, stderr } = runIn(
      layout,
      recipe(needing, { parallelism: { processes: 1 } }, layout),
    );
    expect(unpack(stdout), stderr).toEqual({ 'hello.ko': 'source symbols' });
  });
});
