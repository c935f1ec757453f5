import { sectionByIndex, type Elf } from './elf.js';
import { symbolEntry, symbolTable } from './symbols.js';

/** Where a function's code lies. */
export interface FunctionPlace {
  /** The section's name; `address` counts from its begin. Absent in a file that is linked. */
  section?: string;
  address: bigint;
  /** Bytes; 0 where the file does not tell. */
  size: number;
}

const ET_REL = 1;
const STT_NOTYPE = 0;
const STT_FUNC = 2;

/** The places of all functions of these names; static ones of several files may share a name. */
export function functionPlaces(elf: Elf, names: ReadonlySet<string>): Map<string, FunctionPlace[]> {
  const places = new Map<string, FunctionPlace[]>();
  const table = symbolTable(elf);
  if (table === undefined) return places;
  const { symbols, strings, entrySize } = table;
  const [infoAt, valueAt, sizeAt] = symbols.is64 ? [4, 8, 16] : [12, 4, 8];
  for (let at = entrySize; at + entrySize <= symbols.length; at += entrySize) {
    const type = symbols.u8(at + infoAt) & 0xf;
    // Functions of assembler files often have no type.
    if (type !== STT_FUNC && type !== STT_NOTYPE) continue;
    const { nameOffset, section } = symbolEntry(table, at);
    if (nameOffset === 0 || section === 0) continue;
    const name = strings.name(nameOffset);
    if (!names.has(name)) continue;
    const within = elf.type === ET_REL ? sectionByIndex(elf, section)?.name : undefined;
    if (elf.type === ET_REL && within === undefined) continue;
    const place = {
      ...(within !== undefined && { section: within }),
      address: symbols.address(at + valueAt),
      size: symbols.word(at + sizeAt),
    };
    places.set(name, [...(places.get(name) ?? []), place]);
  }
  return places;
}
