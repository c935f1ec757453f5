import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  elfShapes,
  symbolSections,
  versionsSection,
  writeElf,
  type ElfShape,
  type SectionContent,
} from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { kmodVersions } from '../../test/support/kmod.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readElf, type Elf } from './elf.js';
import { importedSymbols, symbolEntry, symbolTable, type ImportedSymbol } from './symbols.js';
import { symbolVersions } from './versions.js';

/** The undefined symbols of a file as binutils' readelf prints them. */
function readelfImports(path: string): { name: string; weak: boolean }[] {
  const output = execFileSync('readelf', ['-sW', path], { encoding: 'utf8' });
  return [...output.matchAll(/^ +\d+: \w+ +\S+ \S+ +(\w+) +\w+ +UND (\S+)$/gm)].map(
    ([, binding, name]) => ({ name: name ?? '', weak: binding === 'WEAK' }),
  );
}

const elfOf = (shape: ElfShape, sections: SectionContent[]) =>
  readElf(writeElf({ ...shape, sections }));

function importsOf(elf: Elf): ImportedSymbol[] {
  const table = symbolTable(elf);
  return table === undefined ? [] : importedSymbols(elf, table, symbolVersions(elf).crcOf);
}

const little: ElfShape = { class: 64, endian: 'little' };

describe('importedSymbols', () => {
  it.each(fixtureModules)('finds in %s the undefined symbols that readelf finds', (name) => {
    const imports = importsOf(readElf(fixtureModule(name)));
    expect(imports.map(({ name: symbol, weak }) => ({ name: symbol, weak }))).toEqual(
      readelfImports(fixtureModulePath(name)),
    );
    expect(imports.length).toBeGreaterThan(1);
  });

  it('gives each import of a real module the CRC that it was built with', () => {
    const versions = kmodVersions(fixtureModulePath('consumer-arm64'));
    const imports = importsOf(readElf(fixtureModule('consumer-arm64')));
    expect(imports.map(({ name }) => name)).toContain('exporter_add');
    for (const { name, crc } of imports) expect(crc).toBe(versions[name]);
  });

  it.each(elfShapes)('reads the table of a $class-bit, $endian-endian file', (shape) => {
    const sections = symbolSections(shape, 1, [
      { name: 'init_module', section: 1 },
      { name: '_printk' },
      { name: 'absolute', section: 0xfff1 },
      { name: 'maybe_there', binding: 'weak' },
    ]);
    const bytes = writeElf({ ...shape, sections });
    const path = join(temporaryDirectory({ 'x.ko': bytes }), 'x.ko');
    expect(importsOf(readElf(bytes))).toEqual([
      { name: '_printk', weak: false },
      { name: 'maybe_there', weak: true },
    ]);
    expect(readelfImports(path)).toEqual(importsOf(readElf(bytes)));
  });

  it('gives nothing for a file without a symbol table', () => {
    expect(importsOf(elfOf(little, []))).toEqual([]);
  });

  it('leaves out the CRC of a symbol that has none recorded', () => {
    const sections = [
      ...symbolSections(little, 1, [{ name: 'with' }, { name: 'without' }]),
      versionsSection(little, { with: 0x1234 }),
    ];
    expect(importsOf(elfOf(little, sections))).toEqual([
      { name: 'with', weak: false, crc: 0x1234 },
      { name: 'without', weak: false },
    ]);
  });

  it('keeps a CRC of zero, which genksyms can compute', () => {
    const sections = [
      ...symbolSections(little, 1, [{ name: 'zero' }]),
      versionsSection(little, { zero: 0 }),
    ];
    expect(importsOf(elfOf(little, sections))).toEqual([{ name: 'zero', weak: false, crc: 0 }]);
  });

  it('leaves out the registers that a SPARC module declares', () => {
    const sections = symbolSections(little, 1, [{ name: 'register' }, { name: '_printk' }]);
    sections[0]!.data![24 + 4] = 0x1d; // global, STT_REGISTER
    const importsOn = (machine: number) =>
      importsOf(readElf(writeElf({ ...little, machine, sections }))).map(({ name }) => name);
    expect(importsOn(43)).toEqual(['_printk']);
    expect(importsOn(62)).toEqual(['register', '_printk']);
  });

  it('refuses a table that is larger than the file', async () => {
    const [table, strings] = symbolSections(little, 1, [{ name: 'x' }]) as [
      SectionContent,
      SectionContent,
    ];
    const sections = [{ ...table, size: 2 ** 40 }, strings];
    const error = await kbuildErrorOf(() => importsOf(elfOf(little, sections)));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});

describe('symbolTable', () => {
  it.each(elfShapes)('gives section and value of each entry ($class-bit, $endian)', (shape) => {
    const sections = symbolSections(shape, 1, [
      { name: 'place', section: 5, value: 0x1234 },
      { name: 'number', section: 0xfff1, value: 0xfedcba98 },
    ]);
    const table = symbolTable(elfOf(shape, sections));
    const entries = table && [1, 2].map((i) => symbolEntry(table, i * table.entrySize));
    expect(entries).toEqual([
      { nameOffset: 1, section: 5, value: 0x1234 },
      { nameOffset: 7, section: 0xfff1, value: 0xfedcba98 },
    ]);
  });

  it.each(fixtureModules)('gives for %s the values that readelf prints', (name) => {
    const table = symbolTable(readElf(fixtureModule(name)))!;
    const output = execFileSync('readelf', ['-sW', fixtureModulePath(name)], { encoding: 'utf8' });
    const rows = [...output.matchAll(/^ +(\d+): (\w+) (?: *\S+){4} +(\w+)/gm)];
    const numbers: Record<string, number> = { UND: 0, ABS: 0xfff1 };
    expect(rows).toHaveLength(table.symbols.length / table.entrySize);
    for (const [, index, value = '', section = ''] of rows) {
      expect(symbolEntry(table, Number(index) * table.entrySize)).toMatchObject({
        section: numbers[section] ?? Number(section),
        value: Number.parseInt(value, 16),
      });
    }
  });

  it('is none where its strings are missing', () => {
    const table = { name: '.symtab', type: 2, link: 99, data: Buffer.alloc(48) };
    expect(symbolTable(elfOf(little, [table]))).toBeUndefined();
  });

  it.each(elfShapes)('leaves out half an entry at the end ($class-bit, $endian)', (shape) => {
    const [symbols, strings] = symbolSections(shape, 1, [{ name: 'x' }, { name: 'y' }]);
    const half = { ...symbols!, data: symbols!.data!.subarray(0, -1) };
    expect(importsOf(elfOf(shape, [half, strings!]))).toEqual([{ name: 'x', weak: false }]);
  });

  it('refuses a name that lies beyond the strings', async () => {
    const sections = symbolSections(little, 1, [{ name: 'x' }]);
    sections[0]!.data![24 + 3] = 0x7f;
    const error = await kbuildErrorOf(() => importsOf(elfOf(little, sections)));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});
