import { KbuildError } from '../errors/kbuild-error.js';
import { ByteReader, readRange, sourceOf, type ByteSource } from './bytes.js';

/** One section header (elf(5), Elf32_Shdr and Elf64_Shdr). Offsets and sizes in bytes. */
export interface ElfSection {
  index: number;
  name: string;
  type: number;
  offset: number;
  size: number;
  /** Index of an associated section: for a symbol table, its strings. */
  link: number;
  /** For relocations: index of the section that they apply to. */
  info: number;
}

/** An ELF file's identity and its sections. */
export interface Elf {
  class: 32 | 64;
  endian: 'little' | 'big';
  /** e_machine, for example 183 (EM_AARCH64). */
  machine: number;
  /** e_type: 1 is a relocatable object, as every module is. */
  type: number;
  /** All of them; made when they are first asked for. */
  readonly sections: ElfSection[];
  /** Where its bytes are read from. */
  source: ByteSource;
  table: SectionTable;
}

export const SHT_SYMTAB = 2;
export const SHT_RELA = 4;
export const SHT_REL = 9;
const SHT_NULL = 0;
export const SHT_NOBITS = 8;

/**
 * Reads the headers of an ELF file, 32- or 64-bit, of either byte order, and nothing else of it.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED
 */
export function readElf(input: Uint8Array | ByteSource): Elf {
  const source = sourceOf(input);
  const identity = source.read(0, Math.min(source.size, 64));
  const magic = identity[0] === 0x7f && identity[1] === 0x45 && identity[2] === 0x4c;
  if (identity.length < 20 || !magic || identity[3] !== 0x46) {
    throw notElf('it does not begin with the ELF magic number', 0);
  }
  const [elfClass, data] = [identity[4], identity[5]];
  if ((elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2)) {
    throw notElf(`class ${elfClass} with data encoding ${data} does not exist`, 4);
  }
  const header = new ByteReader(identity, data === 1, elfClass === 2);
  const table = readSectionTable(source, header);
  let sections: ElfSection[] | undefined;
  return {
    class: header.is64 ? 64 : 32,
    endian: header.littleEndian ? 'little' : 'big',
    type: header.u16(16),
    machine: header.u16(18),
    get sections() {
      sections ??= Array.from({ length: table.count }, (_, index) => sectionAt(table, index));
      return sections;
    },
    source,
    table,
  };
}

/** The section headers as they lie in the file, with the strings that name them. */
export interface SectionTable {
  count: number;
  headers: ByteReader;
  /** Bytes of a header. */
  entrySize: number;
  names?: ByteReader;
}

function readSectionTable(source: ByteSource, header: ByteReader): SectionTable {
  const { is64, littleEndian } = header;
  const tableOffset = header.word(is64 ? 40 : 32);
  const entrySize = header.u16(is64 ? 58 : 46);
  let count = header.u16(is64 ? 60 : 48);
  let nameTable = header.u16(is64 ? 62 : 50);
  const range = (offset: number, size: number) =>
    new ByteReader(readRange(source, offset, size), littleEndian, is64, offset);
  if (tableOffset === 0) return { count: 0, headers: range(0, 0), entrySize };
  if (entrySize < (is64 ? 64 : 40))
    throw notElf(`section headers of ${entrySize} bytes`, is64 ? 58 : 46);
  // Counts that do not fit their fields stand in the first header (elf(5), e_shnum, e_shstrndx).
  if (count === 0 || nameTable === 0xffff) {
    const first = sectionAt({ count: 1, headers: range(tableOffset, entrySize), entrySize }, 0);
    if (count === 0) count = first.size;
    if (nameTable === 0xffff) nameTable = first.link;
  }
  if (count > source.size / entrySize)
    throw notElf(`${count} sections do not fit into it`, tableOffset);
  const table = { count, headers: range(tableOffset, count * entrySize), entrySize };
  checkEnds(table, source);
  if (nameTable >= count) return table;
  const { type, offset, size } = sectionAt(table, nameTable);
  return type === SHT_NOBITS ? table : { ...table, names: range(offset, size) };
}

/** A file that was cut off is no module. */
function checkEnds({ count, headers, entrySize }: SectionTable, source: ByteSource): void {
  const { is64 } = headers;
  for (let at = 0; at < count * entrySize; at += entrySize) {
    const type = headers.u32(at + 4);
    if (type === SHT_NULL || type === SHT_NOBITS) continue;
    const offset = headers.word(at + (is64 ? 24 : 16));
    const size = headers.word(at + (is64 ? 32 : 20));
    if (offset + size > source.size) readRange(source, offset, size);
  }
}

function sectionAt({ headers, entrySize, names }: SectionTable, index: number): ElfSection {
  const { is64 } = headers;
  const at = index * entrySize;
  return {
    index,
    name: names === undefined ? '' : names.name(headers.u32(at)),
    type: headers.u32(at + 4),
    offset: headers.word(at + (is64 ? 24 : 16)),
    size: headers.word(at + (is64 ? 32 : 20)),
    link: headers.u32(at + (is64 ? 40 : 24)),
    info: headers.u32(at + (is64 ? 44 : 28)),
  };
}

/** A section by name, if the file has one with bytes of its own. Makes no other section. */
export function findSection({ table }: Elf, name: string): ElfSection | undefined {
  const { count, headers, entrySize, names } = table;
  if (names === undefined) return undefined;
  for (let index = 0; index < count; index++) {
    const at = index * entrySize;
    if (!names.holdsName(name, headers.u32(at), names.length)) continue;
    if (headers.u32(at + 4) !== SHT_NOBITS) return sectionAt(table, index);
  }
  return undefined;
}

/** The first section of a type. */
export function findSectionOfType({ table }: Elf, type: number): ElfSection | undefined {
  const { count, headers, entrySize } = table;
  for (let index = 0; index < count; index++) {
    if (headers.u32(index * entrySize + 4) === type) return sectionAt(table, index);
  }
  return undefined;
}

/** A section by its index. */
export function sectionByIndex({ table }: Elf, index: number): ElfSection | undefined {
  return index < table.count ? sectionAt(table, index) : undefined;
}

/** Reads the bytes of a section. */
export function sectionReader(elf: Elf, { offset, size }: ElfSection): ByteReader {
  const bytes = readRange(elf.source, offset, size);
  return new ByteReader(bytes, elf.endian === 'little', elf.class === 64, offset);
}

/** The bytes of a section by name, or undefined if the file has none of that name. */
export function sectionBytes(elf: Elf, name: string): Uint8Array | undefined {
  const section = findSection(elf, name);
  return section && readRange(elf.source, section.offset, section.size);
}

function notElf(why: string, offset: number): KbuildError {
  return new KbuildError(
    'MODULE_NOT_ELF',
    `not an ELF file: ${why} (offset ${offset})`,
    'Give a kernel module (.ko) as the linker or modules_install wrote it.',
  );
}
