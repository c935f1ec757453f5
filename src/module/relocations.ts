import type { ByteReader } from './bytes.js';
import { sectionReader, SHT_REL, SHT_RELA, type Elf, type ElfSection } from './elf.js';
import { symbolEntry, type SymbolTable } from './symbols.js';

/** Where a relocation points to: what it would put at a place of its section. */
export interface Relocation {
  /** Bytes from the start of the section that is relocated. */
  offset: number;
  /** Index of the section that the target lies in, or 0xfff1 (SHN_ABS) for a plain value. */
  section: number;
  /** The target: bytes from the start of that section, or the value. */
  target: number;
}

const EM_MIPS = 8;
export const SHN_ABS = 0xfff1;
/** The section of a symbol that is not defined here (elf.h). */
export const SHN_UNDEF = 0;

/**
 * The relocations of a section, by ascending offset (elf(5), Elf64_Rela and its kin). How a target
 * is stored (absolute, relative to the place) does not matter here: symbol plus addend is the target.
 * The linker leaves one table of a kind for a section; more, which only a hostile file has, are not read.
 */
export function relocationsOf(elf: Elf, table: SymbolTable, section: ElfSection): Relocation[] {
  const relocations = [SHT_RELA, SHT_REL].flatMap((type) => {
    const found = elf.sections.find((each) => each.info === section.index && each.type === type);
    if (found === undefined) return [];
    const places = type === SHT_REL ? sectionReader(elf, section) : undefined;
    return readRelocations(elf, table, sectionReader(elf, found), places);
  });
  return relocations.sort((a, b) => a.offset - b.offset);
}

/** @param places the section's own bytes, which hold the addends of REL relocations */
function readRelocations(
  elf: Elf,
  table: SymbolTable,
  records: ByteReader,
  places: ByteReader | undefined,
): Relocation[] {
  const word = elf.class === 64 ? 8 : 4;
  const recordSize = places === undefined ? 3 * word : 2 * word;
  const relocations: Relocation[] = [];
  for (let at = 0; at + recordSize <= records.length; at += recordSize) {
    const entryAt = symbolIndex(elf, records, at) * table.entrySize;
    if (entryAt + table.entrySize > table.symbols.length) continue;
    const offset = records.word(at);
    const symbol = symbolEntry(table, entryAt);
    const addend = places === undefined ? records.signed(at + 2 * word) : places.u32(offset) | 0;
    relocations.push({ offset, section: symbol.section, target: symbol.value + addend });
  }
  return relocations;
}

/** r_info holds the symbol's index above the type; 64-bit little-endian MIPS has its own order. */
function symbolIndex(elf: Elf, records: ByteReader, at: number): number {
  if (elf.class === 32) return records.u32(at + 4) >>> 8;
  const low = elf.endian === 'big' || elf.machine === EM_MIPS;
  return records.u32(at + (low ? 8 : 12));
}
