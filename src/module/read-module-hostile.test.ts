import { describe, expect, it } from 'vitest';
import {
  relocationSection,
  symbolSections,
  writeElf,
  type ElfShape,
  type SectionContent,
  type SymbolContent,
} from '../../test/support/elf-writer.js';
import { sourceOf } from './bytes.js';
import { readModule } from './read-module.js';

const shape: ElfShape = { class: 64, endian: 'little' };
const count = 1000;

/** An exporting module; `more` are its sections from the 8th on. */
function moduleOf(symbols: SymbolContent[], more: SectionContent[]): Buffer {
  const table = { name: '.rela__ksymtab', info: 2, link: 5 };
  return writeElf({
    ...shape,
    sections: [
      { name: '__ksymtab_strings', data: Buffer.from('name\0') },
      { name: '__ksymtab', data: Buffer.alloc(12) },
      { name: '__kcrctab', data: Buffer.alloc(4 * count) },
      { name: '.rodata', data: Buffer.alloc(4 * count) },
      ...symbolSections(shape, 5, [{ name: 's', section: 1 }, ...symbols]),
      relocationSection(shape, table, [{ offset: 4, symbol: 1 }]),
      ...more,
    ],
  });
}

/** Turns sections, by index, to a range of the file. */
function pointSections(
  bytes: Buffer,
  from: number,
  range: (i: number) => [number, number],
): Buffer {
  const table = Number(bytes.readBigUInt64LE(40));
  for (let i = 0; i < count; i++) {
    const [offset, size] = range(i);
    bytes.writeBigUInt64LE(BigInt(offset), table + 64 * (from + i) + 24);
    bytes.writeBigUInt64LE(BigInt(size), table + 64 * (from + i) + 32);
  }
  return bytes;
}

/** How many bytes reading a module asks for, in bytes of the file. */
function bytesAskedFor(bytes: Buffer): number {
  const source = sourceOf(bytes);
  let sum = 0;
  const read = (offset: number, length: number) => {
    sum += length;
    return source.read(offset, length);
  };
  readModule({ size: bytes.length, read });
  return sum / bytes.length;
}

const places = (section: (i: number) => number, value: (i: number) => number) => {
  const symbols = Array.from({ length: count }, (_, i) => {
    return { name: 'c', section: section(i), value: value(i) };
  });
  const records = symbols.map((_, i) => ({ offset: 4 * i, symbol: 2 + i }));
  const table = { name: '.rela__kcrctab', info: 3, link: 5 };
  return { symbols, crcs: relocationSection(shape, table, records) };
};

describe('a module that is made to be read many times over', () => {
  it('is read about once: CRCs all over a section', () => {
    const { symbols, crcs } = places(
      () => 4,
      (i) => 4 * (count - 1 - i),
    );
    expect(bytesAskedFor(moduleOf(symbols, [crcs]))).toBeLessThan(2);
  });

  it('is read about once: CRCs in sections that lie over one another', () => {
    const { symbols, crcs } = places(
      (i) => 9 + i,
      () => 0,
    );
    const empty = Array.from({ length: count }, () => ({ name: '.p' }));
    const bytes = moduleOf(symbols, [crcs, ...empty]);
    const range = (i: number): [number, number] => [4 * (count - i), bytes.length - 4 * count];
    expect(bytesAskedFor(pointSections(bytes, 9, range))).toBeLessThan(2);
  });

  it('is read about once: many tables of relocations over the same bytes', () => {
    const records = Array.from({ length: count }, (_, i) => ({ offset: 4 + 12 * i, symbol: 1 }));
    const table = relocationSection(shape, { name: '.rela', info: 2, link: 5 }, records);
    const empty = Array.from({ length: count }, () => ({ ...table, data: new Uint8Array() }));
    const bytes = moduleOf([], [table, ...empty]);
    const size = table.data!.length;
    expect(bytesAskedFor(pointSections(bytes, 9, () => [1000, size]))).toBeLessThan(2);
  });
});
