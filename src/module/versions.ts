import type { ByteReader } from './bytes.js';
import { findSection, sectionReader, type Elf } from './elf.js';

/** How a module records the CRCs of what it imports. */
export interface SymbolVersions {
  /** `classic`: `__versions`; `extended`: since Linux 6.14, `__version_ext_*`, which goes first. */
  form: 'none' | 'classic' | 'extended';
  /** There is a `__versions` section: what the kernel's comparison of vermagics asks. */
  classic: boolean;
  /** The CRC of a symbol; that of `module_layout` stands for the layout of struct module. */
  crcOf: (name: string) => number | undefined;
}

/**
 * The CRCs that a module records for the symbols that it imports: `__versions`, records of 64
 * bytes (struct modversion_info), or `__version_ext_crcs` beside `__version_ext_names`. Where both
 * are there, a kernel that knows the extended form reads it alone (kernel/module/version.c).
 */
export function symbolVersions(elf: Elf): SymbolVersions {
  const classic = findSection(elf, '__versions');
  const [crcs, names] = [
    findSection(elf, '__version_ext_crcs'),
    findSection(elf, '__version_ext_names'),
  ];
  if (crcs !== undefined && names !== undefined) {
    const read = extendedVersions(sectionReader(elf, crcs), sectionReader(elf, names));
    const crcOf = (name: string) => read.get(name);
    return { form: 'extended', classic: classic !== undefined, crcOf };
  }
  if (classic === undefined) return { form: 'none', classic: false, crcOf: () => undefined };
  return {
    form: 'classic',
    classic: true,
    crcOf: classicVersions(sectionReader(elf, classic)).crcOf,
  };
}

const recordSize = 64;

/** The records of `__versions`. */
export interface ClassicVersions {
  crcOf: (name: string) => number | undefined;
  /** All of them, in file order. */
  all: () => Map<string, number>;
}

/**
 * Reads `__versions`. modpost writes the records in the order of the symbol table, so that the next
 * one is nearly always the one that is asked for; only where it is not are all of them read.
 */
export function classicVersions(records: ByteReader): ClassicVersions {
  const nameAt = records.is64 ? 8 : 4;
  let crcs: Map<string, number> | undefined;
  let next = 0;
  const all = () => {
    if (crcs !== undefined) return crcs;
    crcs = new Map();
    for (let at = 0; at + recordSize <= records.length; at += recordSize) {
      crcs.set(records.name(at + nameAt, at + recordSize), records.word(at));
    }
    return crcs;
  };
  const crcOf = (name: string) => {
    const end = next + recordSize;
    if (end > records.length || !records.holdsName(name, next + nameAt, end)) {
      return all().get(name);
    }
    next = end;
    return records.word(end - recordSize);
  };
  return { crcOf, all };
}

function extendedVersions(values: ByteReader, names: ByteReader): Map<string, number> {
  const crcs = new Map<string, number>();
  let nameAt = 0;
  for (let at = 0; at + 4 <= values.length && nameAt < names.length; at += 4) {
    const name = names.name(nameAt);
    crcs.set(name, values.u32(at));
    nameAt += name.length + 1;
  }
  return crcs;
}
