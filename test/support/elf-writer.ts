/**
 * Writes small ELF files of either class and byte order (elf(5)), for what no fixture is: 32-bit,
 * big-endian, extended section counts, sections of modpost that came later.
 */

export interface ElfShape {
  class: 32 | 64;
  endian: 'little' | 'big';
}

export interface SectionContent {
  name: string;
  /** sh_type; default: 1, SHT_PROGBITS. */
  type?: number;
  data?: Uint8Array;
  /** sh_link: an index, counted from 1 in the order of the sections given. */
  link?: number;
  /** sh_info: for relocations, the index of the section that they apply to. */
  info?: number;
  /** sh_entsize, which readelf wants for tables. */
  entrySize?: number;
  /** sh_size, where it is to differ from the length of the data. */
  size?: number;
}

export interface ElfContent extends ElfShape {
  machine?: number;
  type?: number;
  sections: SectionContent[];
  /** Puts the count and the name table's index where large ones stand: in the first header. */
  extendedCount?: boolean;
}

/** The shapes of ELF file that there are. */
export const elfShapes: ElfShape[] = [
  { class: 64, endian: 'little' },
  { class: 64, endian: 'big' },
  { class: 32, endian: 'little' },
  { class: 32, endian: 'big' },
];

/** Packs integers in a file's byte order. */
class Packer {
  readonly #parts: Buffer[] = [];

  constructor(readonly shape: ElfShape) {}

  /** A negative value is written as its two's complement. */
  #add(size: 1 | 2 | 4 | 8, value: number): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    const bytes = part.subarray(0, size);
    this.#parts.push(this.shape.endian === 'big' ? bytes.reverse() : bytes);
    return this;
  }

  u8 = (value: number): this => this.#add(1, value);
  u16 = (value: number): this => this.#add(2, value);
  u32 = (value: number): this => this.#add(4, value);
  word = (value: number): this => this.#add(this.shape.class === 64 ? 8 : 4, value);

  bytes(data: Uint8Array): this {
    this.#parts.push(Buffer.from(data));
    return this;
  }

  done = (): Buffer => Buffer.concat(this.#parts);
}

/** Strings that are each ended by NUL, and the offset of each. */
function stringTable(names: readonly string[]): { data: Buffer; offsets: number[] } {
  let text = '\0';
  const offsets = names.map((name) => {
    const offset = Buffer.byteLength(text);
    text += `${name}\0`;
    return offset;
  });
  return { data: Buffer.from(text), offsets };
}

export function writeElf({ machine = 183, type = 1, ...content }: ElfContent): Buffer {
  const is64 = content.class === 64;
  const [headerSize, entrySize] = is64 ? [64, 64] : [52, 40];
  const given = [...content.sections, { name: '.shstrtab', type: 3 } satisfies SectionContent];
  const names = stringTable(given.map(({ name }) => name));
  const sections = given.map((section) => ({
    ...section,
    data: section.name === '.shstrtab' ? names.data : (section.data ?? new Uint8Array()),
  }));
  const tableOffset = headerSize + sections.reduce((sum, { data }) => sum + data.length, 0);
  const count = sections.length + 1;

  const file = new Packer(content);
  file.bytes(Buffer.from('\x7fELF', 'latin1'));
  file.u8(is64 ? 2 : 1).u8(content.endian === 'little' ? 1 : 2);
  file.u8(1).bytes(Buffer.alloc(9));
  file.u16(type).u16(machine).u32(1);
  file.word(0).word(0).word(tableOffset);
  file.u32(0).u16(headerSize).u16(0).u16(0).u16(entrySize);
  if (content.extendedCount) file.u16(0).u16(0xffff);
  else file.u16(count).u16(count - 1);
  for (const { data } of sections) file.bytes(data);

  const header = (
    name: number,
    shType: number,
    offset: number,
    size: number,
    link: number,
    info = 0,
    entry = 0,
  ) => {
    file.u32(name).u32(shType).word(0).word(0).word(offset).word(size);
    file.u32(link).u32(info).word(1).word(entry);
  };
  const extended = content.extendedCount === true;
  header(0, 0, 0, extended ? count : 0, extended ? count - 1 : 0);
  let offset = headerSize;
  for (const [i, section] of sections.entries()) {
    const { data, size = data.length, link = 0, info, entrySize: entry } = section;
    header(names.offsets[i] ?? 0, section.type ?? 1, offset, size, link, info, entry);
    offset += data.length;
  }
  return file.done();
}

/** A `.modinfo` section. */
export function modinfoSection(...entries: string[]): SectionContent {
  return { name: '.modinfo', data: Buffer.from(entries.map((e) => `${e}\0`).join('')) };
}

export interface SymbolContent {
  name: string;
  /** Index of its section; 0: undefined. */
  section?: number;
  binding?: 'local' | 'global' | 'weak';
  /** st_value; default: 0. */
  value?: number;
}

/** A symbol table, local symbols first, and its strings; `at` is the index that the first of the two will have. */
export function symbolSections(
  shape: ElfShape,
  at: number,
  symbols: readonly SymbolContent[],
): SectionContent[] {
  const bindings = { local: 0, global: 1, weak: 2 };
  const names = stringTable(symbols.map(({ name }) => name));
  const table = new Packer(shape);
  const entrySize = shape.class === 64 ? 24 : 16;
  const locals = symbols.filter(({ binding }) => binding === 'local').length;
  table.bytes(Buffer.alloc(entrySize));
  for (const [i, { section = 0, binding = 'global', value = 0 }] of symbols.entries()) {
    const info = bindings[binding] << 4;
    table.u32(names.offsets[i] ?? 0);
    if (shape.class === 64) table.u8(info).u8(0).u16(section).word(value).word(0);
    else table.word(value).word(0).u8(info).u8(0).u16(section);
  }
  return [
    { name: '.symtab', type: 2, data: table.done(), link: at + 1, info: locals + 1, entrySize },
    { name: '.strtab', type: 3, data: names.data },
  ];
}

export interface RelocationContent {
  /** Bytes from the start of the section that is relocated. */
  offset: number;
  /** Index of its symbol, counted from 1 as symbol tables do. */
  symbol: number;
  /** r_addend; in the REL form it is no part of the record. */
  addend?: number;
}

export interface RelocationSection extends Required<Pick<SectionContent, 'link' | 'info'>> {
  name: string;
  form?: 'rela' | 'rel';
  /** 64-bit little-endian MIPS writes r_info in an order of its own. */
  mips?: boolean;
}

/** A section of relocations, all of type 1. */
export function relocationSection(
  shape: ElfShape,
  { form = 'rela', mips = false, ...section }: RelocationSection,
  records: readonly RelocationContent[],
): SectionContent {
  const table = new Packer(shape);
  for (const { offset, symbol, addend = 0 } of records) {
    table.word(offset);
    if (shape.class === 32) table.u32(symbol * 2 ** 8 + 1);
    else if (mips) table.u32(symbol).u8(0).u8(0).u8(0).u8(1);
    else if (shape.endian === 'big') table.u32(symbol).u32(1);
    else table.u32(1).u32(symbol);
    if (form === 'rela') table.word(addend);
  }
  const words = form === 'rela' ? 3 : 2;
  const entrySize = (words * shape.class) / 8;
  return { ...section, type: form === 'rela' ? 4 : 9, data: table.done(), entrySize };
}

/** Integers of 32 bits as a section's data. */
export const integers = (shape: ElfShape, values: readonly number[]): Buffer =>
  Buffer.concat(values.map((value) => new Packer(shape).u32(value).done()));

/** `__versions`: records of 64 bytes, struct modversion_info. */
export function versionsSection(shape: ElfShape, crcs: Record<string, number>): SectionContent {
  const records = Object.entries(crcs).map(([name, crc]) => {
    const record = Buffer.alloc(64);
    const head = new Packer(shape).word(crc).done();
    head.copy(record);
    record.write(name, head.length);
    return record;
  });
  return { name: '__versions', data: Buffer.concat(records) };
}

/** `__version_ext_crcs` and `__version_ext_names`, of Linux 6.14 and later. */
export function extendedVersionsSections(
  shape: ElfShape,
  crcs: Record<string, number>,
): SectionContent[] {
  const numbers = new Packer(shape);
  for (const crc of Object.values(crcs)) numbers.u32(crc);
  const names = Object.keys(crcs).map((name) => `${name}\0`);
  return [
    { name: '__version_ext_crcs', data: numbers.done() },
    { name: '__version_ext_names', data: Buffer.from(names.join('')) },
  ];
}
