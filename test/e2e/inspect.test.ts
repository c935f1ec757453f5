import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ModuleReport } from '../../src/artifact/module-report.js';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import { kbuild, kbuildJson, root } from '../support/cli.js';
import { compress } from '../support/compressors.js';
import { debianImage, type DebianImage } from '../support/debian-image.js';
import { fetchedKdir } from '../support/kdir.js';
import { fixtureModulePath } from '../support/fixture-module.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface Inspection {
  modules: ModuleReport[];
  errors: ErrorReport[];
}

const inspect = async (...args: string[]) => {
  const { exitCode, stderr, document } = await kbuildJson<Inspection>(['inspect', ...args]);
  return { exitCode, stderr, ...document };
};

/** What a program prints of all modules, asked in one process. */
function ask(program: string, options: string[], paths: readonly string[]): string {
  const given = { encoding: 'utf8', maxBuffer: 2 ** 29 } as const;
  return execFileSync(program, [...options, ...paths], given);
}

let image: DebianImage;
/** All of its modules, as find(1) finds them. */
let paths: string[];
let reports: Map<string, ModuleReport>;

beforeAll(async () => {
  image = await debianImage('bookworm', 'arm64');
  paths = ask('find', [image.modules, '-name', '*.ko'], []).trim().split('\n').sort();
  const { exitCode, modules, errors } = await inspect(image.modules);
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  reports = new Map(modules.map((module) => [module.path, module]));
});

const reportOf = (path: string): ModuleReport => {
  const report = reports.get(path);
  if (report === undefined) throw new Error(`${path} was not inspected`);
  return report;
};

/** Every n-th of the modules. */
const sample = (count: number, of: readonly string[] = paths): string[] =>
  Array.from({ length: count }, (_, i) => of[Math.floor((i * of.length) / count)]!);

describe('inspect of all modules of Debian’s arm64 kernel', () => {
  it('finds all of them, and each once', () => {
    expect(paths.length).toBeGreaterThan(3600);
    expect([...reports.keys()].sort()).toEqual(paths);
  });

  it('says in every field what kmod says', () => {
    const told = kmodRecords(paths);
    expect(told.size).toBe(paths.length);
    for (const [path, record] of told) expect(asKmodRecord(reportOf(path)), path).toEqual(record);
  });

  it('finds the exports that modpost wrote into Module.symvers, and no other', async () => {
    const { symversPath } = await fetchedKdir(image.ref, 'arm64');
    const written = readFileSync(symversPath, 'utf8').split('\n');
    const ofModules = written.filter((line) => !/^$|\tvmlinux\t/.test(line));
    const found = [...reports].flatMap(([path, { exports }]) => {
      const module = path.slice(image.modules.length + '/kernel/'.length, -'.ko'.length);
      return exports.map(({ name, crc, gplOnly, namespace }) =>
        [crc, name, module, `EXPORT_SYMBOL${gplOnly ? '_GPL' : ''}`, namespace].join('\t'),
      );
    });
    expect(found.length).toBeGreaterThan(5000);
    expect(found.sort()).toEqual(ofModules.sort());
  });

  it('finds the exports that readelf shows, in their tables and namespaces', () => {
    const exporters = paths.filter((path) => reportOf(path).exports.length > 0);
    for (const path of sample(40, exporters)) {
      const found = reportOf(path).exports.map(({ name, gplOnly, namespace }) => ({
        name,
        gplOnly,
        namespace,
      }));
      expect(found.sort(byName), path).toEqual(readelfExports(path).sort(byName));
    }
  });

  it('reads the CRCs of imports as modprobe does', () => {
    const crcs = sample(200).flatMap((path) => {
      const told = ask('modprobe', ['--show-modversions'], [path]);
      const { imports, moduleLayoutCrc } = reportOf(path);
      const found = [{ name: 'module_layout', crc: moduleLayoutCrc }, ...imports];
      const lines = found.map(({ crc = '', name }) => `${crc}\t${name}`);
      expect(lines.sort(), path).toEqual(told.trim().split('\n').sort());
      return lines;
    });
    expect(crcs.length).toBeGreaterThan(2000);
  });

  it('finds the imports that nm shows', () => {
    for (const path of sample(100)) {
      const told = ask('nm', ['--undefined-only', '--format=posix'], [path]).trim().split('\n');
      const names = told.filter(Boolean).map((line) => line.split(' ')[0]);
      expect(
        reportOf(path)
          .imports.map(({ name }) => name)
          .sort(),
        path,
      ).toEqual(names.sort());
    }
  });

  it('finds the build id that readelf shows', () => {
    const files = ask('readelf', ['--notes', '--wide'], paths)
      .split(/^File: /m)
      .slice(1);
    expect(files).toHaveLength(paths.length);
    for (const text of files) {
      const [path = ''] = text.split('\n', 1);
      expect(reportOf(path).buildId, path).toBe(/Build ID: ([0-9a-f]+)/.exec(text)?.[1]);
    }
  });

  it('lists sections as readelf does, and knows BTF among them', () => {
    for (const path of sample(60)) {
      const text = ask('readelf', ['--section-headers', '--wide'], [path]);
      const rows = [
        ...text.matchAll(/^ +\[ *[1-9]\d*\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) /gm),
      ];
      const told = rows.map(([, name, size = '']) => ({ name, size: Number.parseInt(size, 16) }));
      const { sections, btf } = reportOf(path);
      expect(sections, path).toEqual(told);
      expect(btf, path).toBe(told.some(({ name }) => name === '.BTF'));
    }
  });

  it('knows size, class, byte order and machine', () => {
    for (const path of sample(20)) {
      const text = ask('readelf', ['--file-header'], [path]);
      expect(text).toMatch(/ELF64[^]*little endian[^]*AArch64/);
      expect(reportOf(path)).toMatchObject({
        size: readFileSync(path).length,
        compression: 'none',
        elf: { class: 64, endian: 'little', machine: 183, machineName: 'aarch64', type: 1 },
      });
    }
  });
});

describe('inspect --field', () => {
  it.each([
    'filename',
    'name',
    'license',
    'author',
    'description',
    'vermagic',
    'alias',
    'depends',
    'softdep',
    'firmware',
    'import_ns',
    'signer',
    'sig_key',
  ])('prints of all modules what modinfo -F %s prints', async (field) => {
    const { exitCode, stdout } = await kbuild(['inspect', '--field', field, image.modules]);
    expect(exitCode).toBe(0);
    const order = [...reports.keys()];
    expect(stdout === ask('modinfo', ['-F', field], order).replace(/\n$/, '')).toBe(true);
  });

  it('prints parameters as modinfo -F parm does, in the order of the file', async () => {
    const { stdout } = await kbuild(['inspect', '-F', 'parm', image.modules]);
    const lines = (text: string) => text.trimEnd().split('\n').sort();
    expect(lines(stdout)).toEqual(lines(ask('modinfo', ['-F', 'parm'], paths)));
  });

  it('prints signatures as modinfo -F signature does, each on one line', async () => {
    const some = sample(50);
    const { stdout } = await kbuild(['inspect', '-F', 'signature', ...some]);
    const told = ask('modinfo', ['-F', 'signature'], some).replaceAll(/:\n\t+/g, ':');
    expect(stdout).toBe(told.trimEnd());
    expect(stdout.split('\n')).toHaveLength(50);
  });

  it('prints nothing for a field that no module has', async () => {
    const result = await kbuild(['inspect', '-F', 'nonesuch', fixtureModulePath('params-x86_64')]);
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('inspect of compressed modules', () => {
  it.each([
    ['gzip', 'gz'],
    ['xz', 'xz'],
    ['zstd', 'zst'],
  ])('says of what %s compressed what it says of the module', async (program, suffix) => {
    const originals = sample(20);
    const files = originals.map((path, i): [string, Buffer] => [
      `${i}/${basename(path)}.${suffix}`,
      compress(program, readFileSync(path)),
    ]);
    const directory = temporaryDirectory(Object.fromEntries(files));
    const { exitCode, modules } = await inspect(directory);
    expect(exitCode).toBe(0);
    const found = new Map(modules.map((module) => [module.path, module]));
    for (const [i, original] of originals.entries()) {
      const [name, content] = files[i]!;
      const path = join(directory, name);
      const changes = { path, compression: program, size: content.length };
      expect(found.get(path)).toEqual({ ...reportOf(original), ...changes });
    }
  });

  it('reads them whatever they are called', async () => {
    const module = readFileSync(fixtureModulePath('params-x86_64'));
    const directory = temporaryDirectory({ 'params.ko': compress('xz', module) });
    const { modules } = await inspect(join(directory, 'params.ko'));
    expect(modules).toMatchObject([{ compression: 'xz', modinfo: { name: ['params'] } }]);
  });
});

describe('inspect of files that cannot be read', () => {
  const good = fixtureModulePath('params-x86_64');

  it('does not wait for a pipe, and names it once', { timeout: 30_000 }, async () => {
    const pipe = join(temporaryDirectory(), 'pipe.ko');
    execFileSync('mkfifo', [pipe]);
    const { exitCode, modules, errors } = await inspect(good, pipe);
    expect(exitCode).toBe(2);
    expect(modules.map(({ path }) => path)).toEqual([good]);
    expect(errors).toMatchObject([{ code: 'MODULE_UNREADABLE' }]);
    expect(errors[0]?.message.startsWith(`${pipe}: cannot be read: ESPIPE`)).toBe(true);
  });

  it('names a directory that it may not read', async () => {
    const directory = temporaryDirectory({ 'sub/a.ko': readFileSync(good) });
    chmodSync(join(directory, 'sub'), 0);
    const { exitCode, stderr } = await kbuild(['inspect', directory], { powerless: true });
    chmodSync(join(directory, 'sub'), 0o700);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('MODULE_UNREADABLE');
    expect(stderr).toContain(join(directory, 'sub'));
  });

  it('gives JSON or one field, not both', async () => {
    const { exitCode, document } = await kbuildJson<{ error: ErrorReport }>([
      ...['inspect', good, '--field', 'name'],
    ]);
    expect(exitCode).toBe(2);
    expect(document.error).toMatchObject({ code: 'USAGE' });
  });

  const broken = () => {
    const whole = readFileSync(good);
    return temporaryDirectory({
      'a.ko': whole,
      'b.ko': 'obj-m := b.o\n',
      'c.ko': whole.subarray(0, 3000),
      'd.ko': whole,
    });
  };

  it('shows the others, names each with its offset, and exits with 2', async () => {
    const directory = broken();
    const { exitCode, stdout, stderr } = await kbuild(['inspect', directory]);
    expect(exitCode).toBe(2);
    for (const name of ['a.ko', 'd.ko']) expect(stdout).toContain(join(directory, name));
    for (const name of ['b.ko', 'c.ko']) {
      expect(stdout).not.toContain(join(directory, name));
      expect(stderr).toContain(join(directory, name));
    }
    expect(stderr).toMatch(/c\.ko: .*\b\d{4}\b/);
    expect(stderr).not.toContain('    at ');
  });

  it('lists them beside the modules in JSON', async () => {
    const { exitCode, modules, errors } = await inspect(broken());
    expect(exitCode).toBe(2);
    expect(modules.map(({ path }) => basename(path))).toEqual(['a.ko', 'd.ko']);
    expect(errors).toMatchObject([{ code: 'MODULE_NOT_ELF' }, { code: 'MODULE_TRUNCATED' }]);
  });

  it.each([
    ['a path that is not there', ['nowhere.ko'], 'MODULE_UNREADABLE'],
    ['a directory without modules', ['.'], 'MODULE_NONE'],
    ['a glob without matches', ['*.ko'], 'MODULE_NONE'],
  ])('refuses %s', async (_, args, code) => {
    const { exitCode, stderr } = await kbuild(['inspect', ...args], { cwd: temporaryDirectory() });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(code);
  });
});

describe('inspect into a pipe that nobody reads on', () => {
  it.each([[[]], [['--json']], [['-F', 'name']]])('ends quietly: %j', async (options) => {
    const script = '"$@" | head -c 100 >/dev/null; echo "${PIPESTATUS[0]}"';
    const command = [
      process.execPath,
      join(root, 'bin/kbuild-ts.js'),
      'inspect',
      image.modules,
      ...options,
    ];
    const { stdout, stderr } = await execa('bash', ['-c', script, 'bash', ...command]);
    expect({ stdout, stderr }).toEqual({ stdout: '0', stderr: '' });
  });
});

describe('inspect where it cannot write', () => {
  it.each([[[]], [['--json']], [['-F', 'filename']]])('says so: %j', async (options) => {
    const command = ['inspect', fixtureModulePath('params-x86_64'), ...options];
    const script = 'exec "$@" >/dev/full';
    const bin = join(root, 'bin/kbuild-ts.js');
    const { exitCode, stderr } = await execa(
      'sh',
      ['-c', script, 'sh', process.execPath, bin, ...command],
      { reject: false },
    );
    expect(exitCode).toBe(4);
    expect(stderr).toContain('STORAGE_FAILED');
    expect(stderr).not.toContain('    at ');
  });
});

describe('inspect for people', () => {
  const [one, other] = [fixtureModulePath('params-x86_64'), fixtureModulePath('exporter-x86_64')];
  const detail = /^ +(CRCs|exports|imports|sections) /m;

  it('shows of one module everything, of several only with --all symbols and sections', async () => {
    const { stdout: whole } = await kbuild(['inspect', one]);
    expect(whole).toMatch(detail);
    const { stdout: summaries } = await kbuild(['inspect', one, other]);
    expect(summaries).not.toMatch(detail);
    expect(summaries).toContain('exporter-x86_64.ko');
    const { stdout: all } = await kbuild(['inspect', '--all', one, other]);
    expect(all.startsWith(whole)).toBe(true);
    expect(all.match(/^ +sections /gm)).toHaveLength(2);
  });

  it('shows what there is to know of a module, and no control characters of it', async () => {
    const evil = readFileSync(fixtureModulePath('params-x86_64'))
      .toString('latin1')
      .replace('license=', 'license\x1b');
    const file = join(temporaryDirectory(), 'evil.ko');
    writeFileSync(file, Buffer.from(evil, 'latin1'));
    const { stdout } = await kbuild(['inspect', file]);
    expect(stdout).not.toContain('\x1b');
    for (const label of ['filename', 'size', 'machine', 'vermagic', 'signature', 'imports']) {
      expect(stdout).toMatch(new RegExp(`^ +${label} +\\S`, 'm'));
    }
  });
});

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

/** All that kmod says of a module: each tag with its values, parameters sorted, no white space in
 * what is hexadecimal. */
type KmodRecord = Record<string, string[]>;

/** What `modinfo -0` prints of each file. */
function kmodRecords(files: readonly string[]): Map<string, KmodRecord> {
  const records = new Map<string, KmodRecord>();
  let record: KmodRecord = {};
  for (const text of ask('modinfo', ['-0'], files).split('\0')) {
    const [, parted, value] = /^(filename|parm): +([^]*)$/.exec(text) ?? [];
    const equals = text.indexOf('=');
    const add = (tag: string, one: string) => (record[tag] ??= []).push(one);
    if (parted === 'filename') records.set(value!, (record = {}));
    else if (parted !== undefined) add(parted, value!);
    else if (equals > 0) add(text.slice(0, equals), text.slice(equals + 1));
  }
  for (const one of records.values()) {
    one.parm?.sort();
    const { signature = [] } = one;
    one.signature = signature.map((hex) => hex.replaceAll(/\s/g, ''));
  }
  return records;
}

/** A report in the form of kmod's. */
function asKmodRecord({ modinfo, parameters, signature }: ModuleReport): KmodRecord {
  const tags = Object.entries(modinfo).filter(([tag]) => tag !== 'parm' && tag !== 'parmtype');
  const parm = parameters.map(
    ({ name, type, description }) =>
      // What has no description is shown so by `modinfo`, and as `name: (type)` by `modinfo -F parm`.
      `${name}:${description === undefined ? type : `${description}${type === undefined ? '' : ` (${type})`}`}`,
  );
  if (signature === null) throw new Error('it is not signed');
  const hex = signature.value.toUpperCase().match(/../g) ?? [];
  return {
    ...Object.fromEntries(tags),
    ...(parm.length > 0 && { parm: parm.sort() }),
    sig_id: [signature.idType],
    signer: [signature.signer],
    sig_key: [signature.keyId],
    sig_hashalgo: [signature.hash],
    signature: [hex.join(':')],
  };
}

/** Exports by the symbols that EXPORT_SYMBOL leaves (include/linux/export.h of 6.1). */
function readelfExports(path: string) {
  const text = ask('readelf', ['--symbols', '--section-headers', '--wide'], [path]);
  const gpl = /^ +\[ *(\d+)\] __ksymtab_gpl /m.exec(text)?.[1];
  const dump = ask('readelf', ['--string-dump=__ksymtab_strings'], [path]);
  const strings = new Map(
    [...dump.matchAll(/^ +\[ *([0-9a-f]+)\] +(.*)$/gm)].map(([, at = '', value = '']) => [
      Number.parseInt(at, 16),
      value,
    ]),
  );
  const symbols = [...text.matchAll(/^ +\d+: ([0-9a-f]+) .* (\S+) (__\w+)$/gm)].map(
    ([, value = '', section, name = '']) => ({ value: Number.parseInt(value, 16), section, name }),
  );
  return symbols.flatMap(({ name, section }) => {
    const [, exported] = /^__ksymtab_(.+)$/.exec(name) ?? [];
    if (exported === undefined) return [];
    const namespaceAt = symbols.find((other) => other.name === `__kstrtabns_${exported}`)?.value;
    const namespace = namespaceAt === undefined ? '' : (strings.get(namespaceAt) ?? '');
    return [{ name: exported, gplOnly: section === gpl, namespace }];
  });
}
