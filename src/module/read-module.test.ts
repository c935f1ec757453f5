import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KbuildError } from '../errors/kbuild-error.js';
import {
  elfShapes,
  modinfoSection,
  symbolSections,
  versionsSection,
  writeElf,
} from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { FileBytes } from '../storage/file-bytes.js';
import { readElf } from './elf.js';
import { normaliseModuleName, readModule } from './read-module.js';
import { signatureTrailer } from './signature.js';

/** The code of the error that reading these bytes gives, or undefined if they can be read. */
function failureOf(bytes: Uint8Array): string | undefined {
  try {
    readModule(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof KbuildError) return error.code;
    throw error;
  }
}

/** What a program prints: its lines, each in words. */
const rowsOf = (program: string, ...args: string[]): string[][] =>
  execFileSync(program, args, { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

describe('readModule', () => {
  it.each(fixtureModules)(
    'gives the imports of %s that nm gives, with the CRCs of kmod',
    (name) => {
      const { imports, moduleLayoutCrc, versions } = readModule(fixtureModule(name));
      const path = fixtureModulePath(name);
      const undefinedOnes = rowsOf('nm', '-p', '--undefined-only', path).map(
        ([, symbol]) => symbol,
      );
      expect(imports.map((symbol) => symbol.name)).toEqual(undefinedOnes);
      const rows = rowsOf('modprobe', '--show-modversions', path);
      const crcs = new Map(rows.map(([crc, symbol]) => [symbol, Number(crc)]));
      expect(imports.map(({ crc }) => crc)).toEqual(
        undefinedOnes.map((symbol) => crcs.get(symbol)),
      );
      expect(moduleLayoutCrc).toBe(crcs.get('module_layout'));
      expect(versions).toEqual({ form: 'classic', classic: true });
    },
  );

  it.each(fixtureModules)(
    'gives the sections and the build id of %s that readelf gives',
    (name) => {
      const { sections, buildId, ...module } = readModule(fixtureModule(name));
      const text = execFileSync('readelf', ['-SWn', fixtureModulePath(name)], { encoding: 'utf8' });
      const rows = [...text.matchAll(/\] (\S+) +[A-Z_]+ +\w{16} \w{6} (\w{6}) /g)];
      const expected = rows.map(([, section, size = '']) => [section, Number.parseInt(size, 16)]);
      expect(sections.map((section) => [section.name, section.size])).toEqual(expected);
      expect(text).toContain(`Build ID: ${buildId}\n`);
      expect(module).toMatchObject({ btf: false, elf: { class: 64, endian: 'little', type: 1 } });
      expect(module).not.toHaveProperty('signature');
    },
  );

  it('puts together what a real module says of itself', () => {
    const module = readModule(fixtureModule('consumer-arm64'));
    expect(module.elf).toEqual({ class: 64, endian: 'little', machine: 183, type: 1 });
    expect(module.modinfo.import_ns).toEqual(['KBUILD_TS']);
    expect(module.modinfo.depends).toEqual(['exporter']);
    const names = module.imports.map(({ name }) => name);
    const exporter = readModule(fixtureModule('exporter-x86_64'));
    expect(names).toEqual(expect.arrayContaining(exporter.exports.map(({ name }) => name)));
    expect(module.exports).toEqual([]);
  });

  it('tells that a module brings its types', () => {
    const btf = (name: string) =>
      readModule(
        writeElf({ class: 64, endian: 'little', sections: [{ name, data: Buffer.of(1) }] }),
      ).btf;
    expect([btf('.BTF'), btf('.BTF.ext')]).toEqual([true, false]);
  });

  it.each(elfShapes)('reads a module of $class bits, $endian-endian', (shape) => {
    const bytes = writeElf({
      ...shape,
      machine: 22,
      sections: [
        modinfoSection('license=GPL', 'name=x'),
        ...symbolSections(shape, 2, [{ name: '_printk' }]),
        versionsSection(shape, { module_layout: 0xcafe, _printk: 0xbeef }),
      ],
    });
    expect(readModule(bytes)).toEqual({
      elf: { ...shape, machine: 22, type: 1 },
      modinfo: { license: ['GPL'], name: ['x'] },
      imports: [{ name: '_printk', weak: false, crc: 0xbeef }],
      exports: [],
      versions: { form: 'classic', classic: true },
      moduleLayoutCrc: 0xcafe,
      btf: false,
      sections: readElf(bytes).sections.slice(1),
    });
  });

  it('reads an object that has no modinfo, no symbols and no CRCs', () => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [] });
    const versions = { form: 'none', classic: false };
    expect(readModule(bytes)).toMatchObject({ modinfo: {}, imports: [], exports: [], versions });
    for (const absent of ['moduleLayoutCrc', 'buildId', 'signature']) {
      expect(readModule(bytes)).not.toHaveProperty(absent);
    }
  });

  it.each(fixtureModules)('reads %s from a file as it does from memory', (name) => {
    const padded = Buffer.concat([fixtureModule(name), Buffer.alloc(200_000)]);
    const directory = temporaryDirectory({ small: fixtureModule(name), large: padded });
    const file = new FileBytes();
    for (const size of ['small', 'large']) {
      file.open(join(directory, size));
      expect(readModule(file)).toEqual(readModule(fixtureModule(name)));
    }
    file.close();
  });

  it('finds an appended signature and still reads the module before it', () => {
    const unsigned = fixtureModule('consumer-arm64');
    const signed = Buffer.concat([unsigned, Buffer.from('DER'), signatureTrailer(3)]);
    const { signature, ...rest } = readModule(signed);
    expect(rest).toEqual(readModule(unsigned));
    expect(signature).toMatchObject({ contentLength: unsigned.length, idType: 2 });
  });

  it('refuses a module that is cut off at any byte as no ELF file or truncated', () => {
    const whole = fixtureModule('consumer-arm64');
    const codes = new Set<string | undefined>();
    for (let length = 0; length < whole.length; length++) {
      codes.add(failureOf(whole.subarray(0, length)));
    }
    expect([...codes].sort()).toEqual(['MODULE_NOT_ELF', 'MODULE_TRUNCATED']);
  });

  it('reads a signed module that is cut off in its signature as unsigned, or refuses it', () => {
    const unsigned = fixtureModule('consumer-arm64');
    const signed = Buffer.concat([unsigned, Buffer.from('DER'), signatureTrailer(3)]);
    for (let length = unsigned.length; length < signed.length; length++) {
      expect(readModule(signed.subarray(0, length)).signature).toBeUndefined();
    }
  });

  it('never fails in any other way, whichever byte of the headers is wrong', () => {
    const whole = fixtureModule('consumer-arm64');
    const table = Number(whole.readBigUInt64LE(40));
    const offsets = [
      ...Array.from({ length: 64 }, (_, i) => i),
      ...Array.from({ length: whole.length - table }, (_, i) => table + i),
    ];
    const codes = new Set<string | undefined>();
    for (const offset of offsets) {
      for (const value of [0x00, 0x7f, 0xff]) {
        const broken = Buffer.from(whole);
        broken[offset] = value;
        codes.add(failureOf(broken));
      }
    }
    expect([...codes].sort()).toEqual(['MODULE_NOT_ELF', 'MODULE_TRUNCATED', undefined]);
  });
});

describe('normaliseModuleName', () => {
  it('writes every dash as the kernel does, as an underscore', () => {
    expect(normaliseModuleName('snd-hda-codec_x')).toBe('snd_hda_codec_x');
  });
});
