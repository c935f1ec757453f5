import { sourceOf, type ByteSource } from './bytes.js';
import { findSection, readElf, sectionBytes, type Elf, type ElfSection } from './elf.js';
import { exportedSymbols, type ExportedSymbol } from './exports.js';
import { parseModinfo, type Modinfo } from './modinfo.js';
import { buildId } from './notes.js';
import { findSignature, type AppendedSignature } from './signature.js';
import { importedSymbols, symbolTable, type ImportedSymbol } from './symbols.js';
import { symbolVersions, type SymbolVersions } from './versions.js';

/** What a kernel module's file says of itself. */
export interface ModuleInfo {
  elf: { class: 32 | 64; endian: 'little' | 'big'; machine: number; type: number };
  modinfo: Modinfo;
  /** What it takes from the kernel and from other modules. */
  imports: ImportedSymbol[];
  /** What it offers to other modules. */
  exports: ExportedSymbol[];
  versions: Pick<SymbolVersions, 'form' | 'classic'>;
  /** CRC of struct module's layout, where MODVERSIONS records it. */
  moduleLayoutCrc?: number;
  /** Hexadecimal. */
  buildId?: string;
  /** It brings its types in BPF's format (`.BTF`). */
  btf: boolean;
  /** All but the first, which is reserved. */
  sections: ElfSection[];
  signature?: AppendedSignature;
}

/**
 * Reads a kernel module: an uncompressed `.ko`, from memory or, piece by piece, from elsewhere.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED, MODULE_SIGNATURE_FORMAT
 */
export function readModule(input: Uint8Array | ByteSource): ModuleInfo {
  const source = sourceOf(input);
  const elf = readElf(source);
  const table = symbolTable(elf);
  const versions = symbolVersions(elf);
  const imports = table === undefined ? [] : importedSymbols(elf, table, versions.crcOf);
  const layout = versions.crcOf('module_layout');
  const id = buildId(elf);
  const signature = findSignature(source);
  return {
    elf: { class: elf.class, endian: elf.endian, machine: elf.machine, type: elf.type },
    modinfo: readModinfo(elf),
    imports,
    exports: exportedSymbols(elf, table),
    versions: { form: versions.form, classic: versions.classic },
    ...(layout !== undefined && { moduleLayoutCrc: layout }),
    ...(id !== undefined && { buildId: id }),
    btf: findSection(elf, '.BTF') !== undefined,
    sections: elf.sections.slice(1),
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
