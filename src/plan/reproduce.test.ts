import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveOf } from '../../test/support/archive.js';
import { jobOf, kdirOf, projectAt, projectOf } from '../../test/support/job-values.js';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import type { Job } from './job.js';
import { planJobs } from './plan-jobs.js';
import { recipe } from './recipe.js';
import { reproduceCommand } from './reproduce.js';

/** Runs a command in a real shell, with a `docker` that notes its arguments. */
function dockerArguments(job: Job, cwd = temporaryDirectory()): string[] {
  const docker = `docker() { printf '%s\\0' "$@"; }\n`;
  const result = spawnSync('sh', ['-c', docker + reproduceCommand(job, 3)], { cwd });
  expect(result.stderr.toString()).toBe('');
  expect(result.status).toBe(0);
  return readFileSync(join(cwd, `${job.id}.tar`), 'utf8')
    .split('\0')
    .slice(0, -1);
}

/** Values of an option that may stand several times. */
const valuesOf = (words: string[], option: string): string[] =>
  words.flatMap((word, i) => (word === option ? [words[i + 1] ?? ''] : []));

/** Reads one record of CSV (RFC 4180), as Docker does with `--mount`. */
function csvFields(record: string): string[] {
  const fields = record.matchAll(/(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/g);
  const values: string[] = [];
  for (const [, quoted, plain = '', end] of fields) {
    values.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') break;
  }
  return values;
}

function mountsOf(words: string[]): Record<string, string>[] {
  return valuesOf(words, '--mount').map((record) =>
    Object.fromEntries(
      csvFields(record).map((field) => {
        const equals = field.indexOf('=');
        return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)];
      }),
    ),
  );
}

describe('the command that reproduces a job', () => {
  it('runs what kbuild-ts runs: the image, the environment, the script', () => {
    const job = jobOf();
    const words = dockerArguments(job);
    expect(words.slice(-4)).toEqual([
      job.image,
      'sh',
      '-c',
      recipe(job, { parallelism: { processes: 3 } }),
    ]);
    const env = Object.entries(job.env).map(([name, value]) => `${name}=${value}`);
    expect(valuesOf(words, '-e')).toEqual(env);
  });

  it('isolates the build as kbuild-ts does', () => {
    const words = dockerArguments(jobOf());
    expect(words.slice(0, 3)).toEqual(['run', '--rm', '--network']);
    expect(words).toContain('--read-only');
    expect(valuesOf(words, '--network')).toEqual(['none']);
    expect(valuesOf(words, '--cap-drop')).toEqual(['ALL']);
    expect(valuesOf(words, '--security-opt')).toEqual(['no-new-privileges']);
    expect(valuesOf(words, '--user')).toEqual(['65520:65520']);
  });

  it('mounts the KDIR and the sources, all of them read-only', () => {
    const mounts = [
      { source: '/cache/a', target: '/usr/src/linux-headers-6.1.0-56-arm64' },
      { source: '/cache/b', target: '/usr/lib/linux-kbuild-6.1' },
      { source: '/a,b', target: '/a,b' },
    ];
    const job = jobOf(projectOf(), kdirOf('arm64', { mounts }));
    const sources = { source: job.source.project.directory, target: '/src/hello' };
    expect(mountsOf(dockerArguments(job))).toEqual(
      [...mounts, sources].map((mount) => ({ type: 'bind', ...mount, readonly: '' })),
    );
  });

  it.each([
    'with blanks',
    "it's",
    'a "quoted" name',
    'a,b',
    '"',
    '$HOME and $(id) and `id`',
    'back\\slash',
    'größe: für=alle',
    'two\nlines',
  ])('names a directory as it is: %j', (name) => {
    const directory = join(temporaryDirectory(), name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'Kbuild'), 'obj-m := hello.o\n');
    const words = dockerArguments(jobOf(projectAt(directory)));
    const mount = mountsOf(words).find(({ target }) => target === '/src/hello');
    expect(mount).toEqual({ type: 'bind', source: directory, target: '/src/hello', readonly: '' });
  });

  it('passes variables of make on, whatever is in them', () => {
    const make = { FLAGS: `-DA="it's $X" -DB=\\"b\\"` };
    const job = jobOf(projectOf(undefined, { make }));
    expect(dockerArguments(job).at(-1)).toBe(recipe(job, { parallelism: { processes: 3 } }));
    expect(job.make).toContain(`FLAGS=${make.FLAGS}`);
  });

  it('takes the symbols that a job needs out of the archives of the others', async () => {
    const parent = temporaryDirectory({ 'base/Kbuild': '', 'top/Kbuild': '' });
    const base = projectAt(join(parent, 'base'), { name: 'base' });
    const depends = [base.directory];
    const top = projectAt(join(parent, 'top'), { name: 'top', depends });
    const targets = [{ kdir: kdirOf('arm64'), toolchain: toolchainByName('gcc-12') }];
    const [first, second] = planJobs(
      [
        { project: base, targets },
        { project: top, targets },
      ],
      'x86_64',
    );
    const cwd = join(temporaryDirectory(), 'my work');
    mkdirSync(cwd);
    const archive = await archiveOf({ 'Module.symvers': 'symbols\n', 'base.ko': 'module' });
    writeFileSync(join(cwd, `${first!.id}.tar`), archive);

    const words = dockerArguments(second!, cwd);
    const target = `/symvers/${first!.id}`;
    const mount = mountsOf(words).find((one) => one.target === target);
    expect(mount?.source).toBe(join(cwd, first!.id));
    expect(mount).toHaveProperty('readonly');
    expect(readFileSync(join(mount!.source!, 'Module.symvers'), 'utf8')).toBe('symbols\n');
    expect(mountsOf(words)).toContainEqual(
      expect.objectContaining({ source: base.directory, target: '/src/base' }),
    );
  });

  it('writes a generated Kbuild into the scratch space, to the letter', () => {
    const kbuild = `# it's generated\nobj-m := hello.o\nccflags-y := -DX="%s $(src)" -I$(src)/a\\b\n`;
    const kdir = temporaryDirectory({
      Makefile: 'modules: ; cp $(M)/Kbuild $(M)/hello.ko; cp $(M)/mine.c $(M)/mine.ko\n',
    });
    const method = { kind: 'generated', kbuild, makefile: '' } as const;
    const files = { 'mine.c': 'mine', Kbuild: 'status=0\n' };
    const job = jobOf(projectOf(files, { method }), kdirOf('arm64', { path: kdir }));
    // The script is for a container: here its directories are moved to where the test may write.
    const root = temporaryDirectory();
    writeTree(join(root, 'src/hello'), files);
    mkdirSync(join(root, 'build'));
    const script = dockerArguments(job)
      .at(-1)!
      .replaceAll(/(?<=[ '=])\/(src|build)\b/g, `${root}/$1`);
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(readFileSync(join(root, 'build/hello/hello.ko'), 'utf8')).toBe(kbuild);
    expect(readFileSync(join(root, 'build/hello/mine.ko'), 'utf8')).toBe('mine');
  });
});
