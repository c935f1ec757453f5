import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elfShapes, modinfoSection, writeElf } from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { sourceOf } from './bytes.js';
import {
  findSection,
  findSectionOfType,
  readElf,
  sectionByIndex,
  sectionBytes,
  sectionReader,
} from './elf.js';

/** What binutils' readelf says of a file's sections. */
function readelfSections(path: string) {
  const output = execFileSync('readelf', ['-SW', path], { encoding: 'utf8' });
  return [
    ...output.matchAll(/^ *\[ *(\d+)\] (\S*) +(\S+) +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/gm),
  ].map(([, index, name, type, offset, size]) => ({
    index: Number(index),
    // Section 0 has no name: readelf leaves the column blank or writes its type there.
    name: index === '0' ? '' : name,
    type,
    offset: Number.parseInt(offset ?? '', 16),
    size: Number.parseInt(size ?? '', 16),
  }));
}

const typeNames = new Map([
  [1, 'PROGBITS'],
  [2, 'SYMTAB'],
  [3, 'STRTAB'],
  [4, 'RELA'],
  [7, 'NOTE'],
  [8, 'NOBITS'],
]);

/** Our sections in readelf's words, the first (which it prints in other columns) left out. */
function ourSections(bytes: Uint8Array) {
  return readElf(bytes)
    .sections.slice(1)
    .map(({ index, name, type, offset, size }) => ({
      index,
      name,
      type: typeNames.get(type),
      offset,
      size,
    }));
}

describe('readElf', () => {
  it.each(fixtureModules)('finds in %s the sections that readelf finds', (name) => {
    const expected = readelfSections(fixtureModulePath(name)).filter(({ index }) => index > 0);
    expect(expected.length).toBeGreaterThan(20);
    expect(ourSections(fixtureModule(name))).toEqual(expected);
  });

  it('tells machine, class and byte order of real modules', () => {
    const common = { class: 64, endian: 'little', type: 1 };
    expect(readElf(fixtureModule('consumer-arm64'))).toMatchObject({ ...common, machine: 183 });
    expect(readElf(fixtureModule('exporter-x86_64'))).toMatchObject({ ...common, machine: 62 });
  });

  it.each(elfShapes)('reads $class-bit, $endian-endian files as readelf does', (shape) => {
    const sections = [modinfoSection('name=x'), { name: '.data', data: Buffer.alloc(7, 1) }];
    const bytes = writeElf({ ...shape, machine: 21, type: 1, sections });
    const path = join(temporaryDirectory({ 'x.o': bytes }), 'x.o');
    expect(readElf(bytes)).toMatchObject({ ...shape, machine: 21, type: 1 });
    expect(ourSections(bytes)).toEqual(readelfSections(path).filter(({ index }) => index > 0));
    expect(ourSections(bytes).map(({ name }) => name)).toEqual(['.modinfo', '.data', '.shstrtab']);
  });

  it.each(elfShapes)(
    'reads counts that stand in the first section header ($class-bit, $endian)',
    (shape) => {
      const bytes = writeElf({ ...shape, extendedCount: true, sections: [modinfoSection('a=b')] });
      expect(ourSections(bytes).map(({ name }) => name)).toEqual(['.modinfo', '.shstrtab']);
    },
  );

  it.each(elfShapes)('tells what a section is linked to ($class-bit, $endian)', (shape) => {
    const sections = [{ name: '.rela.text', type: 4, link: 7, info: 0x01020304 }];
    const [, section] = readElf(writeElf({ ...shape, sections })).sections;
    expect(section).toMatchObject({ type: 4, link: 7, info: 0x01020304 });
  });

  it('reads the headers and the names of the sections, and nothing else', () => {
    const bytes = fixtureModule('params-x86_64');
    const source = sourceOf(bytes);
    let sum = 0;
    const read = (offset: number, length: number) => {
      sum += length;
      return source.read(offset, length);
    };
    const { sections } = readElf({ size: bytes.length, read });
    const names = findSection(readElf(bytes), '.shstrtab')?.size ?? NaN;
    expect(sum).toBe(64 + sections.length * 64 + names);
  });

  it('reads a file without section headers', () => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [] });
    bytes.writeBigUInt64LE(0n, 40);
    expect(readElf(bytes).sections).toEqual([]);
  });

  it('reads a file that is a view into a larger buffer', () => {
    const module = fixtureModule('consumer-arm64');
    const inside = Buffer.concat([Buffer.alloc(13, 0xff), module, Buffer.alloc(5)]);
    const view = inside.subarray(13, 13 + module.length);
    expect(readElf(view).sections).toEqual(readElf(module).sections);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('#!/bin/sh\necho this is no module\n')],
    ['the magic number alone', Buffer.from('\x7fELF', 'latin1')],
    ['a compressed module', Buffer.from('fd377a585a000001'.padEnd(64, '0'), 'hex')],
  ])('refuses %s as no ELF file', async (_, bytes) => {
    const error = await kbuildErrorOf(() => readElf(bytes));
    expect(error.code).toBe('MODULE_NOT_ELF');
    expect(error.message).toContain('magic number');
  });

  it.each([
    [4, 3, 'class 3'],
    [4, 0, 'class 0'],
    [5, 7, 'data encoding 7'],
  ])('refuses an unknown identification (byte %i is %i)', async (offset, value, words) => {
    const bytes = fixtureModule('consumer-arm64');
    bytes[offset] = value;
    const error = await kbuildErrorOf(() => readElf(bytes));
    expect(error.code).toBe('MODULE_NOT_ELF');
    expect(error.message).toContain(words);
  });

  it('refuses a name that begins behind the table of names', async () => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [] });
    bytes.writeUInt32LE(0x7fffffff, Number(bytes.readBigUInt64LE(40)) + 64);
    expect((await kbuildErrorOf(() => readElf(bytes).sections)).code).toBe('MODULE_TRUNCATED');
  });

  it('leaves names empty where there is no table of them', () => {
    const bytes = writeElf({ class: 64, endian: 'little', sections: [modinfoSection('a=b')] });
    bytes.writeUInt16LE(99, 62);
    expect(readElf(bytes).sections.map(({ name }) => name)).toEqual(['', '', '']);
  });

  it('refuses section headers that are too small to be any', async () => {
    const bytes = fixtureModule('consumer-arm64');
    bytes.writeUInt16LE(63, 58);
    expect((await kbuildErrorOf(() => readElf(bytes))).message).toContain('63 bytes');
  });

  it('refuses more sections than the file has room for, before it makes room for them', async () => {
    const bytes = writeElf({ class: 64, endian: 'little', extendedCount: true, sections: [] });
    const table = Number(bytes.readBigUInt64LE(40));
    bytes.writeBigUInt64LE(2n ** 62n, table + 32);
    const error = await kbuildErrorOf(() => readElf(bytes));
    expect(error.code).toBe('MODULE_NOT_ELF');
    expect(error.message).toContain('do not fit');
  });
});

describe('a section that is asked for alone', () => {
  it.each(fixtureModules)('is the one that is among all of %s', (name) => {
    const bytes = fixtureModule(name);
    const { sections } = readElf(bytes);
    const elf = readElf(bytes);
    for (const section of sections) {
      expect(sectionByIndex(elf, section.index)).toEqual(section);
      const first = sections.find(({ type }) => type === section.type);
      expect(findSectionOfType(elf, section.type)).toEqual(first);
    }
  });

  it('is nothing where there is none', () => {
    const elf = readElf(fixtureModule('params-x86_64'));
    expect(sectionByIndex(elf, elf.sections.length)).toBeUndefined();
    expect(findSectionOfType(elf, 0x7fffffff)).toBeUndefined();
  });

  it('are the same sections however often they are asked for', () => {
    const elf = readElf(fixtureModule('params-x86_64'));
    expect(elf.sections).toBe(elf.sections);
  });
});

describe('a file that was cut off', () => {
  it('is refused for any section that lies beyond its end, read or not', async () => {
    const text = { name: '.text', data: Buffer.alloc(16) };
    const bytes = writeElf({ class: 64, endian: 'little', sections: [text] });
    const table = Number(bytes.readBigUInt64LE(40));
    // sh_size of the first section, which begins behind the header: to the last byte, and beyond.
    bytes.writeBigUInt64LE(BigInt(bytes.length - 64), table + 64 + 32);
    expect(readElf(bytes).sections.map(({ name }) => name)).toContain('.text');
    bytes.writeBigUInt64LE(BigInt(bytes.length - 63), table + 64 + 32);
    expect((await kbuildErrorOf(() => readElf(bytes))).code).toBe('MODULE_TRUNCATED');
  });
});

describe('the bytes of a section', () => {
  const shape = { class: 64, endian: 'little' } as const;

  it('gives the bytes of the section of that name', () => {
    const data = Buffer.from('some bytes');
    const elf = readElf(writeElf({ ...shape, sections: [{ name: '.a', data }] }));
    expect(Buffer.from(sectionBytes(elf, '.a') ?? [])).toEqual(data);
  });

  it('gives nothing for a name that no section has, nor for one without bytes in the file', () => {
    const bss = { name: '.bss', type: 8, size: 2 ** 40 };
    const elf = readElf(writeElf({ ...shape, sections: [bss] }));
    expect(sectionBytes(elf, '.text')).toBeUndefined();
    expect(sectionBytes(elf, '.bss')).toBeUndefined();
  });

  it.each(elfShapes)('reads in the byte order and class of its file', (shape) => {
    const data = Buffer.from('0102030405060708', 'hex');
    const elf = readElf(writeElf({ ...shape, sections: [{ name: '.a', data }] }));
    const section = findSection(elf, '.a');
    const reader = section && sectionReader(elf, section);
    expect(reader?.base).toBe(shape.class === 64 ? 64 : 52);
    expect(reader?.u16(0)).toBe(shape.endian === 'big' ? 0x0102 : 0x0201);
    expect(reader?.is64).toBe(shape.class === 64);
  });

  it('refuses a section that lies beyond the end of the file', async () => {
    const long = { name: '.modinfo', data: Buffer.from('a=b\0'), size: 2 ** 40 };
    const bytes = writeElf({ ...shape, sections: [long] });
    const error = await kbuildErrorOf(() => sectionBytes(readElf(bytes), '.modinfo'));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });
});
