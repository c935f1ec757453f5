import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { KbuildError } from '../errors/kbuild-error.js';
import {
  elfShapes,
  modinfoSection,
  symbolSections,
  versionsSection,
  writeElf,
} from '../../test/support/elf-writer.js';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
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

describe('readModule', () => {
  it('puts together what a real module says of itself', () => {
    const module = readModule(fixtureModule('consumer-arm64'));
    const crc = execFileSync('modprobe', [
      '--dump-modversions',
      fixtureModulePath('consumer-arm64'),
    ]);
    const [, layout] = /(0x\w+)\tmodule_layout/.exec(crc.toString()) ?? [];
    expect(module.elf).toEqual({ class: 64, endian: 'little', machine: 183, type: 1 });
    expect(module.modinfo.import_ns).toEqual(['KBUILD_TS']);
    expect(module.modinfo.depends).toEqual(['exporter']);
    expect(module.imports.map(({ name }) => name)).toContain('exporter_read');
    expect(module.moduleLayoutCrc).toBe(Number(layout));
    expect(module.signature).toBeUndefined();
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
      moduleLayoutCrc: 0xcafe,
    });
  });

  it('reads an object that has no modinfo, no symbols and no CRCs', () => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [] });
    expect(readModule(bytes)).toMatchObject({ modinfo: {}, imports: [] });
    expect(readModule(bytes)).not.toHaveProperty('moduleLayoutCrc');
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
