import type { Elf } from './elf.js';

/** A symbol that a module takes from the kernel or from another module. */
export interface ImportedSymbol {
  name: string;
  /** A weak import may stay unresolved. */
  weak: boolean;
  /** The CRC that the module was built with, where the kernel has MODVERSIONS. */
  crc?: number;
}

const SHT_SYMTAB = 2;
const STB_WEAK = 2;

/** The undefined symbols of a module, in file order, each with its CRC where one is recorded. */
export function importedSymbols(elf: Elf): ImportedSymbol[] {
  const table = elf.sections.find((s) => s.type === SHT_SYMTAB);
  const strings = table && elf.sections[table.link];
  if (table === undefined || strings === undefined) return [];
  const crcs = symbolVersions(elf);
  const { reader } = elf;
  const entrySize = reader.is64 ? 24 : 16;
  const imports: ImportedSymbol[] = [];
  // Entry 0 is reserved (elf(5)). st_info and st_shndx lie before st_value in a 64-bit entry only.
  for (let at = table.offset + entrySize; at < table.offset + table.size; at += entrySize) {
    const sectionIndex = reader.u16(at + (reader.is64 ? 6 : 14));
    const nameOffset = reader.u32(at);
    if (sectionIndex !== 0 || nameOffset === 0) continue;
    const name = reader.string(strings.offset + nameOffset);
    const weak = reader.u8(at + (reader.is64 ? 4 : 12)) >> 4 === STB_WEAK;
    const crc = crcs.get(name);
    imports.push(crc === undefined ? { name, weak } : { name, weak, crc });
  }
  return imports;
}

/**
 * The CRCs that a module records for the symbols that it imports: `__versions`, records of 64
 * bytes (struct modversion_info), or, since Linux 6.14, `__version_ext_crcs` beside
 * `__version_ext_names`. Includes `module_layout`, which stands for the layout of struct module.
 */
export function symbolVersions(elf: Elf): Map<string, number> {
  const { reader } = elf;
  const crcs = new Map<string, number>();
  const section = (name: string) => elf.sections.find((s) => s.name === name);
  const classic = section('__versions');
  if (classic !== undefined) {
    const nameOffset = reader.is64 ? 8 : 4;
    for (let at = classic.offset; at + 64 <= classic.offset + classic.size; at += 64) {
      crcs.set(reader.string(at + nameOffset, at + 64), reader.word(at));
    }
  }
  const [extended, names] = [section('__version_ext_crcs'), section('__version_ext_names')];
  if (extended !== undefined && names !== undefined) {
    let nameAt = names.offset;
    for (let at = extended.offset; at + 4 <= extended.offset + extended.size; at += 4) {
      const name = reader.string(nameAt, names.offset + names.size);
      crcs.set(name, reader.u32(at));
      nameAt += Buffer.byteLength(name) + 1;
    }
  }
  return crcs;
}
