import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  elfShapes,
  relocationSection,
  symbolSections,
  writeElf,
  type RelocationContent,
  type SymbolContent,
} from '../../test/support/elf-writer.js';
import { exportingModule, prel32, type ExportLayout } from '../../test/support/exporting-module.js';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { readElf } from './elf.js';
import { exportedSymbols, type ExportedSymbol } from './exports.js';
import { symbolTable } from './symbols.js';

const exportsOf = (bytes: Uint8Array): ExportedSymbol[] => {
  const elf = readElf(bytes);
  return exportedSymbols(elf, symbolTable(elf));
};

const exported: ExportedSymbol[] = [
  { name: 'first', crc: 0x00000001, gplOnly: false, namespace: '' },
  { name: 'second', crc: 0xfedcba98, gplOnly: false, namespace: 'MY_NAMESPACE' },
  { name: 'third', crc: 0, gplOnly: false, namespace: '' },
  { name: 'fourth', crc: 0x80000000, gplOnly: true, namespace: 'OTHER' },
  { name: 'fifth', crc: 0x12345678, gplOnly: true, namespace: '' },
];
const withoutCrcs = exported.map(({ name, gplOnly, namespace }) => ({ name, gplOnly, namespace }));
const withoutNamespaces = exported.map((symbol) => ({ ...symbol, namespace: '' }));

const layouts: [string, ExportLayout][] = elfShapes.flatMap((shape): [string, ExportLayout][] => {
  const pointer = shape.class === 64 ? 8 : 4;
  const what = `${shape.class}-bit ${shape.endian}-endian`;
  const layout: ExportLayout = { ...prel32, ...shape };
  return [
    [`${what}, 32-bit offsets`, layout],
    [`${what}, 32-bit offsets from sections`, { ...layout, by: 'section' }],
    [`${what}, pointers`, { ...layout, width: pointer }],
    [`${what}, pointers from sections`, { ...layout, width: pointer, by: 'section' }],
    [`${what}, pairs as on RISC-V`, { ...layout, pairs: true, machine: 243 }],
    [`${what}, addends in place`, { ...layout, form: 'rel', by: 'section' }],
  ];
});
const mips: [string, ExportLayout] = ['64-bit MIPS', { ...prel32, width: 8, machine: 8 }];

describe('an export whose CRC genksyms could not make', () => {
  it.each(['absolute', 'places'] as const)('has the CRC 0, as modpost says: %s', (crcs) => {
    const bare = { name: 'assembled', gplOnly: false, namespace: '' };
    const [first] = exported;
    const module = exportingModule({ ...prel32, crcs }, [bare, first!]);
    expect(exportsOf(module)).toEqual([{ ...bare, crc: 0 }, first]);
  });
});

describe('exportedSymbols', () => {
  it('finds in a real module what kmod finds, with the CRCs', () => {
    const path = fixtureModulePath('exporter-x86_64');
    const output = execFileSync('modprobe', ['--show-exports', path], { encoding: 'utf8' });
    const lines = output.trim().split('\n').sort();
    const ours = exportsOf(fixtureModule('exporter-x86_64'));
    const asKmod = ours.map(
      ({ name, crc = 0 }) => `0x${crc.toString(16).padStart(8, '0')}\t${name}`,
    );
    expect(asKmod.sort()).toEqual(lines);
  });

  it('tells of a real module what its source says: GPL-only or not, and the namespace', () => {
    const ours = exportsOf(fixtureModule('exporter-x86_64'));
    expect(ours.map(({ name, gplOnly, namespace }) => [name, gplOnly, namespace])).toEqual([
      ['exporter_add', false, ''],
      ['exporter_read', true, ''],
      ['exporter_remove', true, 'KBUILD_TS'],
    ]);
  });

  it.each([...layouts, mips])('reads tables of %s', (_, layout) => {
    expect(exportsOf(exportingModule(layout, exported))).toEqual(exported);
  });

  it.each([...layouts, mips])(
    'reads CRCs that are symbols (Linux before 5.19): %s',
    (_, layout) => {
      expect(exportsOf(exportingModule({ ...layout, crcs: 'absolute' }, exported))).toEqual(
        exported,
      );
      expect(exportsOf(exportingModule({ ...layout, crcs: 'places' }, exported))).toEqual(exported);
    },
  );

  it.each([...layouts, mips])('reads tables without CRCs: %s', (_, layout) => {
    expect(exportsOf(exportingModule({ ...layout, crcs: 'none' }, exported))).toEqual(withoutCrcs);
  });

  it.each([...layouts, mips])(
    'reads entries without namespaces (Linux before 5.4): %s',
    (_, layout) => {
      const bytes = exportingModule({ ...layout, fields: 2 }, exported);
      expect(exportsOf(bytes)).toEqual(withoutNamespaces);
      const bare = exportingModule({ ...layout, fields: 2, crcs: 'none' }, exported);
      const expected = withoutCrcs.map((symbol) => ({ ...symbol, namespace: '' }));
      expect(exportsOf(bare)).toEqual(expected);
    },
  );

  it('takes GPL-only from the table of flags, where there is one', () => {
    const flags = exported.map(({ gplOnly }, i) => (gplOnly ? 1 : 0) + 2 * i);
    expect(exportsOf(exportingModule(prel32, exported, flags))).toEqual(exported);
    const short = exportsOf(exportingModule(prel32, exported, [1]));
    expect(short.map(({ gplOnly }) => gplOnly)).toEqual([true, false, false, false, false]);
  });

  it('gives nothing for a module that exports nothing', () => {
    expect(exportsOf(exportingModule(prel32, []))).toEqual([]);
    expect(exportsOf(fixtureModule('consumer-arm64'))).toEqual([]);
  });

  it('gives nothing for a file without a symbol table, or without strings', () => {
    const bytes = exportingModule(prel32, exported);
    expect(exportedSymbols(readElf(bytes), undefined)).toEqual([]);
    bytes.write('__renamed_section', bytes.lastIndexOf('__ksymtab_strings'));
    const elf = readElf(bytes);
    expect(exportedSymbols(elf, symbolTable(elf))).toEqual([]);
  });

  it('keeps the bytes of a name', () => {
    const [first] = exported;
    const [symbol] = exportsOf(exportingModule(prel32, [{ ...first!, name: 'größe' }]));
    expect(symbol?.name).toBe(Buffer.from('größe').toString('latin1'));
  });
});

describe('exports of a malformed module', () => {
  /** A table of one entry, whose relocation is broken in one way. */
  const broken = (record: Partial<RelocationContent>, more: Partial<SymbolContent> = {}) => {
    const target: SymbolContent = { name: 's', section: 1, value: 0, ...more };
    const section = { name: '.rela__ksymtab', info: 2, link: 3 };
    return writeElf({
      ...prel32,
      sections: [
        { name: '__ksymtab_strings', data: Buffer.from('name\0') },
        { name: '__ksymtab', data: Buffer.alloc(12) },
        ...symbolSections(prel32, 3, [target]),
        relocationSection(prel32, section, [{ offset: 4, symbol: 1, ...record }]),
      ],
    });
  };

  it('is not what the helper of these tests makes when nothing is broken', () => {
    expect(exportsOf(broken({}))).toEqual([{ name: 'name', gplOnly: false, namespace: '' }]);
  });

  const refused: [string, Buffer][] = [
    ['a name beyond the strings', broken({ addend: 6 })],
    ['a name far beyond the strings', broken({ addend: 2 ** 52 })],
    ['a name before the strings', broken({ addend: -1 })],
    ['a symbol beyond the strings', broken({}, { value: 2 ** 53 })],
  ];
  it.each(refused)('is refused for %s', async (_, bytes) => {
    expect((await kbuildErrorOf(() => exportsOf(bytes))).code).toBe('MODULE_TRUNCATED');
  });

  const ignored: [string, Buffer][] = [
    ['names a symbol that the table does not have', broken({ symbol: 99 })],
    ['names the largest symbol that there can be', broken({ symbol: 0xffffffff })],
    ['is of a value, not of a name', broken({ offset: 0 })],
    ['lies between two fields', broken({ offset: 5 })],
    ['points to another section', broken({}, { section: 2 })],
    ['points to no section', broken({}, { section: 0xffff })],
  ];
  it.each(ignored)('passes over a relocation that %s', (_, bytes) => {
    expect(exportsOf(bytes)).toEqual([]);
  });

  const some = layouts.filter(([, { by, width }]) => by === 'section' && width === 4);
  it.each(some)('is refused or read, whichever byte is wrong: %s', (_, layout) => {
    const whole = exportingModule({ ...layout, crcs: 'places' }, exported.slice(0, 2));
    const codes = new Set<string>();
    for (let offset = 0; offset < whole.length; offset++) {
      for (const value of [0x00, 0x7f, 0xff]) {
        const wrong = Buffer.from(whole);
        wrong[offset] = value;
        try {
          exportsOf(wrong);
        } catch (error) {
          codes.add(error instanceof KbuildError ? error.code : String(error));
        }
      }
    }
    expect(['MODULE_NOT_ELF', 'MODULE_TRUNCATED']).toEqual(expect.arrayContaining([...codes]));
  });
});
