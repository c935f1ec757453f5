import type { ByteReader } from './bytes.js';
import { findSectionOfType, sectionByIndex, sectionReader, SHT_SYMTAB, type Elf } from './elf.js';

/** A symbol that a module takes from the kernel or from another module. */
export interface ImportedSymbol {
  name: string;
  /** A weak import may stay unresolved. */
  weak: boolean;
  /** The CRC that the module was built with, where the kernel has MODVERSIONS. */
  crc?: number;
}

/** The symbol table of an ELF file. */
export interface SymbolTable {
  symbols: ByteReader;
  strings: ByteReader;
  /** Bytes of an entry. */
  entrySize: number;
}

/** One entry of a symbol table, without its name. */
export interface SymbolEntry {
  nameOffset: number;
  section: number;
  value: number;
}

const STB_WEAK = 2;
/** On SPARC, a global register that the module uses: not a symbol that somebody exports. */
const STT_REGISTER = 13;
const sparcMachines = [2, 18, 43];

/** The symbol table, or undefined in a file that has none. */
export function symbolTable(elf: Elf): SymbolTable | undefined {
  const table = findSectionOfType(elf, SHT_SYMTAB);
  const strings = table && sectionByIndex(elf, table.link);
  if (table === undefined || strings === undefined) return undefined;
  return {
    symbols: sectionReader(elf, table),
    strings: sectionReader(elf, strings),
    entrySize: elf.class === 64 ? 24 : 16,
  };
}

/** Reads an entry. st_info and st_shndx lie before st_value in a 64-bit entry only. */
export function symbolEntry({ symbols }: SymbolTable, at: number): SymbolEntry {
  return {
    nameOffset: symbols.u32(at),
    section: symbols.u16(at + (symbols.is64 ? 6 : 14)),
    value: symbols.word(at + (symbols.is64 ? 8 : 4)),
  };
}

/**
 * The undefined symbols of a module, in file order (entry 0 is reserved: elf(5)).
 * @param crcOf the CRC that the module records for a symbol
 */
export function importedSymbols(
  { machine }: Elf,
  { symbols, strings, entrySize }: SymbolTable,
  crcOf: (name: string) => number | undefined,
): ImportedSymbol[] {
  const [sectionAt, infoAt] = symbols.is64 ? [6, 4] : [14, 12];
  const registers = sparcMachines.includes(machine);
  const imports: ImportedSymbol[] = [];
  for (let at = entrySize; at + entrySize <= symbols.length; at += entrySize) {
    if (symbols.u16(at + sectionAt) !== 0) continue;
    const nameOffset = symbols.u32(at);
    const info = symbols.u8(at + infoAt);
    if (nameOffset === 0 || (registers && (info & 0xf) === STT_REGISTER)) continue;
    const name = strings.name(nameOffset);
    const weak = info >> 4 === STB_WEAK;
    const crc = crcOf(name);
    imports.push(crc === undefined ? { name, weak } : { name, weak, crc });
  }
  return imports;
}
