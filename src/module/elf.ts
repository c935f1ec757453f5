import { KbuildError } from '../errors/kbuild-error.js';
import { ByteReader } from './bytes.js';

/** One section header (elf(5), Elf32_Shdr and Elf64_Shdr). Offsets and sizes in bytes. */
export interface ElfSection {
  index: number;
  name: string;
  type: number;
  offset: number;
  size: number;
  /** Index of an associated section: for a symbol table, its strings. */
  link: number;
}

/** An ELF file's identity and its sections. */
export interface Elf {
  class: 32 | 64;
  endian: 'little' | 'big';
  /** e_machine, for example 183 (EM_AARCH64). */
  machine: number;
  /** e_type: 1 is a relocatable object, as every module is. */
  type: number;
  sections: ElfSection[];
  reader: ByteReader;
}

const SHT_NULL = 0;
const SHT_NOBITS = 8;

/**
 * Reads the headers of an ELF file, 32- or 64-bit, of either byte order.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED
 */
export function readElf(bytes: Uint8Array): Elf {
  if (bytes.length < 20 || Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '\x7fELF') {
    throw notElf('it does not begin with the ELF magic number');
  }
  const [elfClass, data] = [bytes[4], bytes[5]];
  if ((elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2)) {
    throw notElf(`class ${elfClass} with data encoding ${data} does not exist`);
  }
  const is64 = elfClass === 2;
  const reader = new ByteReader(bytes, data === 1, is64);
  return {
    class: is64 ? 64 : 32,
    endian: data === 1 ? 'little' : 'big',
    type: reader.u16(16),
    machine: reader.u16(18),
    sections: readSections(reader),
    reader,
  };
}

function readSections(reader: ByteReader): ElfSection[] {
  const { is64 } = reader;
  const tableOffset = reader.word(is64 ? 40 : 32);
  const entrySize = reader.u16(is64 ? 58 : 46);
  let count = reader.u16(is64 ? 60 : 48);
  let nameTable = reader.u16(is64 ? 62 : 50);
  if (tableOffset === 0) return [];
  if (entrySize < (is64 ? 64 : 40)) throw notElf(`section headers of ${entrySize} bytes`);
  const header = (index: number) => {
    const at = tableOffset + index * entrySize;
    return {
      nameOffset: reader.u32(at),
      type: reader.u32(at + 4),
      offset: reader.word(at + (is64 ? 24 : 16)),
      size: reader.word(at + (is64 ? 32 : 20)),
      link: reader.u32(at + (is64 ? 40 : 24)),
    };
  };
  // Counts that do not fit their fields stand in the first header (elf(5), e_shnum, e_shstrndx).
  if (count === 0) count = header(0).size;
  if (nameTable === 0xffff) nameTable = header(0).link;
  if (count > reader.bytes.length / entrySize) throw notElf(`${count} sections do not fit into it`);
  reader.slice(tableOffset, count * entrySize);
  const names = nameTable < count ? header(nameTable) : undefined;
  return Array.from({ length: count }, (_, index) => {
    const { nameOffset, ...rest } = header(index);
    const inFile = rest.type !== SHT_NULL && rest.type !== SHT_NOBITS;
    if (inFile) reader.slice(rest.offset, rest.size); // a file that was cut off is no module
    const end = names === undefined ? 0 : names.offset + names.size;
    const name = names === undefined ? '' : reader.string(names.offset + nameOffset, end);
    return { index, name, ...rest };
  });
}

/** The bytes of a section by name, or undefined if the file has none of that name. */
export function sectionBytes(elf: Elf, name: string): Uint8Array | undefined {
  const section = elf.sections.find((s) => s.name === name);
  if (section === undefined || section.type === SHT_NOBITS) return undefined;
  return elf.reader.slice(section.offset, section.size);
}

function notElf(why: string): KbuildError {
  return new KbuildError(
    'MODULE_NOT_ELF',
    `not an ELF file: ${why}`,
    'Give a kernel module (.ko) as the linker or modules_install wrote it.',
  );
}
