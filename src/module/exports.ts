import type { ByteReader } from './bytes.js';
import { findSection, sectionReader, type Elf, type ElfSection } from './elf.js';
import { relocationsOf, SHN_ABS, SHN_UNDEF, type Relocation } from './relocations.js';
import type { SymbolTable } from './symbols.js';

/** A symbol that a module offers to other modules. */
export interface ExportedSymbol {
  name: string;
  /** Absent where the kernel has no MODVERSIONS. */
  crc?: number;
  /** EXPORT_SYMBOL_GPL: for modules of a GPL-compatible licence alone. */
  gplOnly: boolean;
  /** The symbol namespace, or empty. */
  namespace: string;
}

/** KSYM_FLAG_GPL_ONLY in `__kflagstab`, which replaced the tables of GPL-only symbols. */
const gplOnlyFlag = 1;

/**
 * The symbols that a module exports, as the kernel finds them: the tables of struct kernel_symbol
 * (`__ksymtab`, `__ksymtab_gpl`; include/linux/export.h, kernel/module/internal.h), whose names and
 * namespaces are reached through relocations, so that a stripped symbol table does no harm.
 */
export function exportedSymbols(elf: Elf, table: SymbolTable | undefined): ExportedSymbol[] {
  const strings = findSection(elf, '__ksymtab_strings');
  if (table === undefined || strings === undefined) return [];
  const text = sectionReader(elf, strings);
  return ['', '_gpl'].flatMap((kind) => {
    const section = findSection(elf, `__ksymtab${kind}`);
    if (section === undefined || section.size === 0) return [];
    const crcs = crcTable(elf, table, `__kcrctab${kind}`);
    const flags = flagTable(elf);
    const relocations = relocationsOf(elf, table, section).filter(
      (relocation) => relocation.section === strings.index,
    );
    return entries(elf, relocations).map(({ name, namespace }, i) => {
      const crc = crcs?.[i];
      return {
        name: text.name(name.target),
        ...(crc !== undefined && { crc }),
        gplOnly:
          kind === '_gpl' ||
          (flags !== undefined && i < flags.length && (flags.u8(i) & gplOnlyFlag) !== 0),
        namespace: namespace === undefined ? '' : text.name(namespace.target),
      };
    });
  });
}

function flagTable(elf: Elf): ByteReader | undefined {
  const section = findSection(elf, '__kflagstab');
  return section && sectionReader(elf, section);
}

interface Entry {
  name: Relocation;
  namespace?: Relocation;
}

/**
 * An entry is {value, name, namespace}; each a 32-bit relative offset or a pointer, by the arch's
 * choice. Linux before 5.4 had no namespace. The relocations of strings tell which it is: two names
 * are as far from each other as two entries, a name and its namespace as far as two fields.
 */
function entries(elf: Elf, relocations: readonly Relocation[]): Entry[] {
  const [first, second] = relocations;
  if (first === undefined) return [];
  const width = first.offset === 4 || elf.class === 32 ? 4 : 8;
  const fields = second?.offset === first.offset + 2 * width ? 2 : 3;
  const stride = fields * width;
  const found: Entry[] = [];
  for (const relocation of relocations) {
    const slot = (relocation.offset % stride) / width;
    const last = found.at(-1);
    if (slot === 1) found.push({ name: relocation });
    else if (slot === 2 && last !== undefined) last.namespace = relocation;
  }
  return found;
}

/**
 * The CRCs beside a table of symbols: numbers since Linux 5.19; before, relocations to `__crc_*`
 * symbols, which are the number themselves or (MODULE_REL_CRCS) the place where it stands.
 */
function crcTable(elf: Elf, table: SymbolTable, name: string): number[] | undefined {
  const section = findSection(elf, name);
  if (section === undefined) return undefined;
  const reader = sectionReader(elf, section);
  const crcs = Array.from({ length: Math.floor(reader.length / 4) }, (_, i) => reader.u32(i * 4));
  for (const { offset, section: index, target } of relocationsOf(elf, table, section)) {
    const place = elf.sections[index];
    const i = offset / 4;
    // A difference may be two relocations (RISC-V): plus the target, minus the place itself.
    // One of an undefined symbol is no CRC: genksyms could make none (weak, before Linux 5.19).
    if (i >= crcs.length || index === section.index || index === SHN_UNDEF) continue;
    if (index === SHN_ABS) crcs[i] = target >>> 0;
    else if (place !== undefined) crcs[i] = u32At(elf, place, target);
  }
  return crcs;
}

/** A number within a section, of which no more is read. */
function u32At(elf: Elf, section: ElfSection, offset: number): number {
  return sectionReader(elf, { ...section, offset: section.offset + offset, size: 4 }).u32(0);
}
