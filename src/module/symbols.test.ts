import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  elfShapes,
  extendedVersionsSections,
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
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readElf } from './elf.js';
import { importedSymbols, symbolVersions } from './symbols.js';

/** The undefined symbols of a file as binutils' readelf prints them. */
function readelfImports(path: string): { name: string; weak: boolean }[] {
  const output = execFileSync('readelf', ['-sW', path], { encoding: 'utf8' });
  return [...output.matchAll(/^ +\d+: \w+ +\S+ \S+ +(\w+) +\w+ +UND (\S+)$/gm)].map(
    ([, binding, name]) => ({ name: name ?? '', weak: binding === 'WEAK' }),
  );
}

/** The CRCs that kmod's modprobe reads from a module. */
function kmodVersions(path: string): Record<string, number> {
  const output = execFileSync('modprobe', ['--dump-modversions', path], { encoding: 'utf8' });
  const lines = output.trim().split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [crc = '', name = ''] = line.split('\t');
      return [name, Number(crc)];
    }),
  );
}

const elfOf = (shape: ElfShape, sections: SectionContent[]) =>
  readElf(writeElf({ ...shape, sections }));

const little: ElfShape = { class: 64, endian: 'little' };

describe('importedSymbols', () => {
  it.each(fixtureModules)('finds in %s the undefined symbols that readelf finds', (name) => {
    const imports = importedSymbols(readElf(fixtureModule(name)));
    expect(imports.map(({ name: symbol, weak }) => ({ name: symbol, weak }))).toEqual(
      readelfImports(fixtureModulePath(name)),
    );
    expect(imports.length).toBeGreaterThan(1);
  });

  it('gives each import of a real module the CRC that it was built with', () => {
    const versions = kmodVersions(fixtureModulePath('consumer-arm64'));
    const imports = importedSymbols(readElf(fixtureModule('consumer-arm64')));
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
    expect(importedSymbols(readElf(bytes))).toEqual([
      { name: '_printk', weak: false },
      { name: 'maybe_there', weak: true },
    ]);
    expect(readelfImports(path)).toEqual(importedSymbols(readElf(bytes)));
  });

  it('gives nothing for a file without a symbol table', () => {
    expect(importedSymbols(elfOf(little, []))).toEqual([]);
  });

  it('leaves out the CRC of a symbol that has none recorded', () => {
    const sections = [
      ...symbolSections(little, 1, [{ name: 'with' }, { name: 'without' }]),
      versionsSection(little, { with: 0x1234 }),
    ];
    expect(importedSymbols(elfOf(little, sections))).toEqual([
      { name: 'with', weak: false, crc: 0x1234 },
      { name: 'without', weak: false },
    ]);
  });

  it('keeps a CRC of zero, which genksyms can compute', () => {
    const sections = [
      ...symbolSections(little, 1, [{ name: 'zero' }]),
      versionsSection(little, { zero: 0 }),
    ];
    expect(importedSymbols(elfOf(little, sections))).toEqual([
      { name: 'zero', weak: false, crc: 0 },
    ]);
  });

  it('refuses a table that is larger than the file', async () => {
    const [table, strings] = symbolSections(little, 1, [{ name: 'x' }]) as [
      SectionContent,
      SectionContent,
    ];
    const sections = [{ ...table, size: 2 ** 40 }, strings];
    const error = await kbuildErrorOf(() => importedSymbols(elfOf(little, sections)));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});

describe('symbolVersions', () => {
  it.each(fixtureModules)('reads from %s the CRCs that kmod reads', (name) => {
    const expected = kmodVersions(fixtureModulePath(name));
    expect(Object.keys(expected)).toContain('module_layout');
    expect(Object.fromEntries(symbolVersions(readElf(fixtureModule(name))))).toEqual(expected);
  });

  it.each(elfShapes)('reads the records of a $class-bit, $endian-endian file', (shape) => {
    const longest = 'a'.repeat(shape.class === 64 ? 55 : 59);
    const crcs = { module_layout: 0xfedcba98, _printk: 0x00000001, [longest]: 0x80000000 };
    const elf = elfOf(shape, [versionsSection(shape, crcs)]);
    expect(Object.fromEntries(symbolVersions(elf))).toEqual(crcs);
  });

  it.each(elfShapes)(
    'reads the extended form of Linux 6.14 ($class-bit, $endian-endian)',
    (shape) => {
      const long = `rust_${'x'.repeat(300)}_symbol`;
      const crcs = { [long]: 0xdeadbeef, _printk: 7, größe: 8 };
      const elf = elfOf(shape, extendedVersionsSections(shape, crcs));
      expect(Object.fromEntries(symbolVersions(elf))).toEqual(crcs);
    },
  );

  it('reads both forms where a module has both', () => {
    const sections = [
      versionsSection(little, { a: 1 }),
      ...extendedVersionsSections(little, { a: 1, b: 2 }),
    ];
    expect(Object.fromEntries(symbolVersions(elfOf(little, sections)))).toEqual({ a: 1, b: 2 });
  });

  it('gives nothing for a kernel without MODVERSIONS', () => {
    expect(symbolVersions(elfOf(little, [])).size).toBe(0);
  });

  it('refuses records that lie beyond the end of the file', async () => {
    const sections = [{ ...versionsSection(little, { a: 1 }), size: 2 ** 40 }];
    const error = await kbuildErrorOf(() => symbolVersions(elfOf(little, sections)));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});
