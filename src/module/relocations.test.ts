import { describe, expect, it } from 'vitest';
import {
  elfShapes,
  integers,
  relocationSection,
  symbolSections,
  writeElf,
  type ElfShape,
  type RelocationContent,
} from '../../test/support/elf-writer.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { findSection, readElf } from './elf.js';
import { relocationsOf, SHN_ABS } from './relocations.js';
import { symbolTable } from './symbols.js';

interface Options {
  form?: 'rela' | 'rel';
  machine?: number;
  data?: Buffer;
  /** Index of the section that the relocations say they are for; default: that of `.data`. */
  info?: number;
}

function relocationsIn(
  shape: ElfShape,
  records: readonly RelocationContent[],
  { form = 'rela', machine = 183, data = Buffer.alloc(16), info = 1 }: Options = {},
) {
  const symbols = [
    { name: 'place', section: 9, value: 0x100 },
    { name: 'number', section: SHN_ABS, value: 0xfedcba98 },
    { name: 'elsewhere' },
  ];
  const how = { name: `.${form}.data`, info, link: 2, form, mips: machine === 8 };
  const elf = readElf(
    writeElf({
      ...shape,
      machine,
      sections: [
        { name: '.data', data },
        ...symbolSections(shape, 2, symbols),
        relocationSection(shape, how, records),
      ],
    }),
  );
  return relocationsOf(elf, symbolTable(elf)!, findSection(elf, '.data')!);
}

const records: RelocationContent[] = [
  { offset: 8, symbol: 2 },
  { offset: 0, symbol: 1, addend: 0x23 },
  { offset: 4, symbol: 1, addend: -0x10 },
  { offset: 12, symbol: 3, addend: 4 },
];
const targets = [
  { offset: 0, section: 9, target: 0x123 },
  { offset: 4, section: 9, target: 0xf0 },
  { offset: 8, section: SHN_ABS, target: 0xfedcba98 },
  { offset: 12, section: 0, target: 4 },
];

describe('relocationsOf', () => {
  it.each(elfShapes)('adds symbol and addend, by offset ($class-bit, $endian)', (shape) => {
    expect(relocationsIn(shape, records)).toEqual(targets);
  });

  it.each(elfShapes)('finds addends in place ($class-bit, $endian)', (shape) => {
    const data = integers(shape, [0x23, -0x10, 0, 4]);
    expect(relocationsIn(shape, records, { form: 'rel', data })).toEqual(targets);
  });

  it.each(elfShapes)("reads MIPS's own order ($class-bit, $endian)", (shape) => {
    expect(relocationsIn(shape, records, { machine: 8 })).toEqual(targets);
  });

  it('leaves out those of other sections', () => {
    expect(relocationsIn(elfShapes[0]!, records, { info: 2 })).toEqual([]);
  });

  it('leaves out those of symbols that do not exist', () => {
    const wrong = [4, 0x00ffffff].map((symbol) => ({ offset: 0, symbol }));
    for (const shape of elfShapes) expect(relocationsIn(shape, wrong)).toEqual([]);
  });

  it('reads more of them than a function may have arguments', () => {
    const many = Array.from({ length: 200_000 }, (_, offset) => ({ offset, symbol: 1 }));
    expect(relocationsIn(elfShapes[0]!, many)).toHaveLength(many.length);
  });

  it('refuses one whose addend lies beyond its section', async () => {
    const beyond = [{ offset: 13, symbol: 1 }];
    for (const shape of elfShapes) {
      const error = await kbuildErrorOf(() => relocationsIn(shape, beyond, { form: 'rel' }));
      expect(error.code).toBe('MODULE_TRUNCATED');
    }
  });
});
