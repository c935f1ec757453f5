import type { ByteSource } from './bytes.js';
import { findSection, readElf, sectionBytes, type Elf, type ElfSection } from './elf.js';
import { exportedSymbols, type ExportedSymbol } from './exports.js';
import { parseModinfo, type Modinfo } from './modinfo.js';
import { buildId } from './notes.js';
import { findSignature, type AppendedSignature } from './signature.js';
import { importedSymbols, symbolTable, type ImportedSymbol } from './symbols.js';
import { symbolVersions, type SymbolVersions } from './versions.js';

/** What a module's file says of itself, but for its symbols. */
export interface ModuleSummary {
  elf: { class: 32 | 64; endian: 'little' | 'big'; machine: number; type: number };
  modinfo: Modinfo;
  /** Hexadecimal. */
  buildId?: string;
  /** It brings its types in BPF's format (`.BTF`). */
  btf: boolean;
  signature?: AppendedSignature;
}

/** All that a module's file says of itself. */
export interface ModuleInfo extends ModuleSummary {
  /** What it takes from the kernel and from other modules. */
  imports: ImportedSymbol[];
  /** What it offers to other modules. */
  exports: ExportedSymbol[];
  versions: Pick<SymbolVersions, 'form' | 'classic'>;
  /** CRC of struct module's layout, where MODVERSIONS records it. */
  moduleLayoutCrc?: number;
  /** All but the first, which is reserved. */
  sections: ElfSection[];
}

/**
 * Reads of a kernel module what its symbols do not matter for: a few pieces of its file.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED, MODULE_SIGNATURE_FORMAT
 */
export function readModuleSummary(input: Uint8Array | ByteSource): ModuleSummary {
  return summaryOf(readElf(input));
}

/**
 * Reads a kernel module: an uncompressed `.ko`, from memory or, piece by piece, from elsewhere.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED, MODULE_SIGNATURE_FORMAT
 */
export function readModule(input: Uint8Array | ByteSource): ModuleInfo {
  const elf = readElf(input);
  const table = symbolTable(elf);
  const versions = symbolVersions(elf);
  const imports = table === undefined ? [] : importedSymbols(elf, table, versions.crcOf);
  const layout = versions.crcOf('module_layout');
  return {
    ...summaryOf(elf),
    imports,
    exports: exportedSymbols(elf, table),
    versions: { form: versions.form, classic: versions.classic },
    ...(layout !== undefined && { moduleLayoutCrc: layout }),
    sections: elf.sections.slice(1),
  };
}

function summaryOf(elf: Elf): ModuleSummary {
  const id = buildId(elf);
  const signature = findSignature(elf.source);
  return {
    elf: { class: elf.class, endian: elf.endian, machine: elf.machine, type: elf.type },
    modinfo: readModinfo(elf),
    ...(id !== undefined && { buildId: id }),
    btf: findSection(elf, '.BTF') !== undefined,
    ...(signature !== undefined && { signature }),
  };
}

function readModinfo(elf: Elf): Modinfo {
  const section = sectionBytes(elf, '.modinfo');
  return section === undefined ? {} : parseModinfo(section);
}

/** A name as the kernel knows modules: `-` and `_` are the same, and `_` is written. */
export function normaliseModuleName(name: string): string {
  return name.replaceAll('-', '_');
}
