import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectAt } from '../../../test/support/job-values.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { compileCommands } from './compile-commands.js';
import { allEditors } from './editor-options.js';
import { hostPaths, type HostPaths } from './host-paths.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/kbuild-commands', import.meta.url));
const source = join(fixtures, 'source');
const [editor] = allEditors();

/** A kernel of which every path is there. */
function jobFor(arch: 'arm64' | 'x86_64', kdir: string) {
  const job = jobOf(projectAt(source, { name: 'greeter' }), kdirOf(arch, { path: kdir }));
  const own = hostPaths(job);
  const paths: HostPaths = {
    ...own,
    find: (path) => (path.startsWith('/usr/src/') ? `/kernel${path}` : own.find(path)),
    findIncludes: (path) =>
      path.startsWith('/usr/src/') ? [`/kernel${path}`] : own.findIncludes(path),
  };
  return { job, paths };
}

const kernels: [fixture: string, arch: 'arm64' | 'x86_64', kdir: string][] = [
  ['5.10-x86_64', 'x86_64', '/usr/src/linux-headers-5.10.0-46-amd64'],
  ['6.1-x86_64', 'x86_64', '/usr/src/linux-headers-6.1.0-56-amd64'],
  ['6.1-arm64', 'arm64', '/usr/src/linux-headers-6.1.0-56-arm64'],
  ['6.12-x86_64', 'x86_64', '/usr/src/linux-headers-6.12.118+deb13-amd64'],
  ['7.2-x86_64', 'x86_64', '/usr/src/linux-headers-7.2.13+deb14-amd64'],
];

function databaseOf(fixture: string, arch: 'arm64' | 'x86_64', kdir: string, more: string[] = []) {
  const { job, paths } = jobFor(arch, kdir);
  const records = ['greet.o', 'low.o', 'greeter.o', 'greeter.ko', ...more].map((name) => ({
    object: `/build/greeter/${name}`,
    text: readFileSync(join(fixtures, fixture, `${name}.cmd`), 'utf8'),
  }));
  return {
    job,
    paths,
    database: compileCommands(job, records, { paths, editor: editor!, family: 'gcc' }),
  };
}

describe.each(kernels)('compileCommands of %s', (fixture, arch, kdir) => {
  const { database } = databaseOf(fixture, arch, kdir);

  it('has an entry for each source that was compiled', () => {
    expect(
      database.entries.map(({ file, directory, output }) => [file, directory, output]),
    ).toEqual([
      [join(source, 'greet.c'), source, join(source, 'greet.o')],
      [join(source, 'low.S'), source, join(source, 'low.o')],
    ]);
    expect(database.generated).toEqual([]);
  });

  it('has paths of this machine, whole', () => {
    const [{ arguments: words } = { arguments: [] }] = database.entries;
    expect(words.slice(0, 2)).toEqual([
      'clang',
      `--target=${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
    ]);
    expect(words.at(-1)).toBe(join(source, 'greet.c'));
    expect(words).toContain(`-I${join(source, 'include')}`);
    expect(words).toContain(`-I/kernel${kdir}/include`); // ./include, of before 6.13
    expect(words).toContain('-DGREETING="hello, world $x #1"');
    expect(words.filter((word) => /^-I(?!\/kernel|\/)/.test(word))).toEqual([]);
    expect(words.filter((word) => /^-(o|c|Wp,.*)$/.test(word))).toEqual([]);
    const lost = database.leftOut.filter(
      ({ why, option }) => why === 'no path' && !option.startsWith('-isystem'),
    );
    expect(lost).toEqual([]);
    expect(database.leftOut.map(({ option }) => option)).toContain('-fconserve-stack');
  });
});

describe('compileCommands', () => {
  const record = (object: string, command: string, deps: string[] = []) => ({
    object,
    text: `savedcmd_${object} := ${command}\n\nsource_${object} := ${command.split(' ').at(-1)}\n\ndeps_${object} := \\\n${deps.map((path) => `  ${path} \\\n`).join('')}\n`,
  });
  const directory = temporaryDirectory({ 'a.c': '', 'b.rs': '', 'b.mod.c': '', 'here.h': '' });
  const job = jobOf(projectAt(directory, { name: 'p' }), kdirOf('arm64'));
  const of = (...records: ReturnType<typeof record>[]) =>
    compileCommands(job, records, { paths: hostPaths(job), editor: editor!, family: 'clang' });

  it('tells of what only the build has', () => {
    const { entries, generated } = of(
      record('/build/p/a.o', 'cc -c /build/p/a.c', [
        '/build/p/here.h',
        '/build/p/made.h',
        '/usr/x.h',
      ]),
      record('/build/p/gen.o', 'cc -c /build/p/gen.c'),
    );
    expect(entries.map(({ file }) => file)).toEqual([join(directory, 'a.c')]);
    expect(generated).toEqual(['gen.c', 'made.h'].map((name) => join(directory, name)));
  });

  it("has no entry for what is Kbuild's or the kernel's, or no C", () => {
    const { entries, generated } = of(
      record('/build/p/b.mod.o', 'cc -c /build/p/b.mod.c'),
      record('/build/p/.module-common.o', 'cc -c /usr/src/linux/scripts/module-common.c'),
      record('/build/p/b.o', 'rustc /build/p/b.rs'),
      { object: '/build/p/x.o', text: 'no record' },
    );
    expect({ entries, generated }).toEqual({ entries: [], generated: [] });
  });

  it('looks past what stands before the compiler, and takes its target as it is', () => {
    const [entry] = of(
      record('/build/p/a.o', 'A=b ccache clang-14 --target=arm-linux -Wall /build/p/a.c'),
    ).entries;
    expect(entry!.arguments).toEqual([
      'clang',
      '--target=arm-linux',
      '-Wall',
      ...editor!.add,
      join(directory, 'a.c'),
    ]);
  });

  it('knows where the compiler ran by how an object is named', () => {
    const [entry] = of({
      object: '/build/p/sub/a.o',
      text: 'savedcmd_./a.o := cc -I../inc -I. -c ../a.c\n\nsource_./a.o := ../a.c\n\ndeps_./a.o := \\\n',
    }).entries;
    expect(entry).toMatchObject({
      file: join(directory, 'a.c'),
      output: join(directory, 'sub/a.o'),
    });
  });
});
