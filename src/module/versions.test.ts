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
import { kmodVersions } from '../../test/support/kmod.js';
import { findSection, readElf, sectionReader, type Elf } from './elf.js';
import { readModule } from './read-module.js';
import { classicVersions, symbolVersions } from './versions.js';

const elfOf = (shape: ElfShape, sections: SectionContent[]) =>
  readElf(writeElf({ ...shape, sections }));

const little: ElfShape = { class: 64, endian: 'little' };

/** What a module records for these names, those without a CRC left out. */
function crcsOf(elf: Elf, names: readonly string[]): Record<string, number> {
  const { crcOf } = symbolVersions(elf);
  const known = names.flatMap((name) => {
    const crc = crcOf(name);
    return crc === undefined ? [] : [[name, crc] as const];
  });
  return Object.fromEntries(known);
}

describe('symbolVersions', () => {
  it.each(fixtureModules)('reads from %s the CRCs that kmod reads', (name) => {
    const expected = kmodVersions(fixtureModulePath(name));
    const names = Object.keys(expected);
    expect(names).toContain('module_layout');
    const elf = readElf(fixtureModule(name));
    expect(crcsOf(elf, [...names, 'not_there'])).toEqual(expected);
    expect(symbolVersions(elf)).toMatchObject({ form: 'classic', classic: true });
  });

  const longest = (shape: ElfShape) => 'a'.repeat(shape.class === 64 ? 55 : 59);

  it.each(elfShapes)('reads the records of a $class-bit, $endian-endian file', (shape) => {
    const crcs = { module_layout: 0xfedcba98, _printk: 0x00000001, [longest(shape)]: 0x80000000 };
    const elf = elfOf(shape, [versionsSection(shape, crcs)]);
    expect(crcsOf(elf, Object.keys(crcs))).toEqual(crcs);
  });

  const orders: [string, string[]][] = [
    ['in their order', ['a', 'b', 'module_layout', 'c']],
    ['backwards', ['c', 'module_layout', 'b', 'a']],
    ['module_layout first', ['module_layout', 'a', 'b', 'c']],
    ['some twice', ['a', 'a', 'b', 'a', 'c', 'c']],
    ['some left out', ['b', 'c']],
    ['others between', ['x', 'a', 'y', 'b', '', 'c', 'ab', 'module']],
  ];
  const recorded = { a: 1, b: 2, module_layout: 3, c: 4 };
  it.each(orders)('answers alike whichever way it is asked: %s', (_, names) => {
    const { crcOf } = symbolVersions(elfOf(little, [versionsSection(little, recorded)]));
    expect(names.map(crcOf)).toEqual(
      names.map((name) => new Map(Object.entries(recorded)).get(name)),
    );
  });

  it.each(['first', 'last'])('finds module_layout where it stands %s', (where) => {
    const layout = { module_layout: 7 };
    const crcs = where === 'first' ? { ...layout, a: 1, b: 2 } : { a: 1, b: 2, ...layout };
    const sections = [
      ...symbolSections(little, 1, [{ name: 'a' }, { name: 'b' }]),
      versionsSection(little, crcs),
    ];
    const { imports, moduleLayoutCrc } = readModule(writeElf({ ...little, sections }));
    expect(imports.map(({ crc }) => crc)).toEqual([1, 2]);
    expect(moduleLayoutCrc).toBe(7);
  });

  it.each(['__proto__', 'constructor', 'toString'])('knows nothing of %s', (name) => {
    const sections = [versionsSection(little, { a: 1 })];
    expect(symbolVersions(elfOf(little, sections)).crcOf(name)).toBeUndefined();
    const extended = extendedVersionsSections(little, { a: 1 });
    expect(symbolVersions(elfOf(little, extended)).crcOf(name)).toBeUndefined();
  });

  const extendedCrcs = { [`rust_${'x'.repeat(300)}_symbol`]: 0xdeadbeef, _printk: 7, last: 8 };
  it.each(elfShapes)('reads the extended form of Linux 6.14 ($class-bit, $endian)', (shape) => {
    const elf = elfOf(shape, extendedVersionsSections(shape, extendedCrcs));
    expect(crcsOf(elf, [...Object.keys(extendedCrcs), 'none'])).toEqual(extendedCrcs);
    expect(symbolVersions(elf)).toMatchObject({ form: 'extended', classic: false });
  });

  it('keeps the bytes of a name that is not ASCII, in either form', () => {
    const latin1 = Buffer.from('größe').toString('latin1');
    const sections = symbolSections(little, 1, [{ name: 'größe' }]);
    for (const more of [
      [versionsSection(little, { größe: 5 })],
      extendedVersionsSections(little, { größe: 5 }),
    ]) {
      const { imports } = readModule(writeElf({ ...little, sections: [...sections, ...more] }));
      expect(imports).toEqual([{ name: latin1, weak: false, crc: 5 }]);
    }
  });

  it('reads the extended form alone where a module has both, as the kernel does', () => {
    const elf = elfOf(little, [
      versionsSection(little, { a: 1, only_classic: 3 }),
      ...extendedVersionsSections(little, { a: 9, b: 2 }),
    ]);
    expect(crcsOf(elf, ['a', 'b', 'only_classic'])).toEqual({ a: 9, b: 2 });
    expect(symbolVersions(elf)).toMatchObject({ form: 'extended', classic: true });
  });

  it('is not of the extended form where one of its two sections is missing', () => {
    const [crcs, names] = extendedVersionsSections(little, { a: 9 });
    for (const half of [crcs!, names!]) {
      const elf = elfOf(little, [versionsSection(little, { a: 1 }), half]);
      expect(symbolVersions(elf).form).toBe('classic');
      expect(crcsOf(elf, ['a'])).toEqual({ a: 1 });
    }
  });

  it.each([
    ['fewer names than CRCs', 'a\0', { a: 1 }],
    ['more names than CRCs', 'a\0b\0c\0d\0', { a: 1, b: 2 }],
    ['a last name without its end', 'a\0b', { a: 1, b: 2 }],
  ])('reads of the extended form what fits: %s', (_, text, expected) => {
    const [crcs] = extendedVersionsSections(little, { x: 1, y: 2 });
    const names = { name: '__version_ext_names', data: Buffer.from(text) };
    expect(crcsOf(elfOf(little, [crcs!, names]), ['a', 'b', 'c', 'd'])).toEqual(expected);
  });

  it('takes a name that fills its record to the last byte', () => {
    const full = 'f'.repeat(56);
    const elf = elfOf(little, [versionsSection(little, { a: 1, [full]: 2, b: 3 })]);
    expect(crcsOf(elf, ['a', full, 'b'])).toEqual({ a: 1, [full]: 2, b: 3 });
  });

  it('leaves out half a record at the end', () => {
    const section = versionsSection(little, { a: 1, b: 2 });
    const elf = elfOf(little, [{ ...section, data: section.data!.subarray(0, -1) }]);
    expect(crcsOf(elf, ['a', 'b'])).toEqual({ a: 1 });
  });

  it('gives nothing for a kernel without MODVERSIONS', () => {
    const elf = elfOf(little, []);
    expect(symbolVersions(elf)).toMatchObject({ form: 'none', classic: false });
    expect(crcsOf(elf, ['module_layout'])).toEqual({});
  });

  it('refuses records that lie beyond the end of the file', async () => {
    const sections = [{ ...versionsSection(little, { a: 1 }), size: 2 ** 40 }];
    const error = await kbuildErrorOf(() => symbolVersions(elfOf(little, sections)));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});

describe('classicVersions', () => {
  it.each(fixtureModules)('lists the records of %s in the order in which kmod does', (name) => {
    const elf = readElf(fixtureModule(name));
    const section = findSection(elf, '__versions');
    const { all, crcOf } = classicVersions(sectionReader(elf, section!));
    crcOf('module_layout');
    const expected = kmodVersions(fixtureModulePath(name));
    expect([...all()]).toEqual(Object.entries(expected));
  });
});
