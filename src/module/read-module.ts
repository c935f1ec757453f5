import { readElf, sectionBytes } from './elf.js';
import { parseModinfo, type Modinfo } from './modinfo.js';
import { findSignature, type AppendedSignature } from './signature.js';
import { importedSymbols, symbolVersions, type ImportedSymbol } from './symbols.js';

/** What a kernel module's file says of itself. */
export interface ModuleInfo {
  elf: { class: 32 | 64; endian: 'little' | 'big'; machine: number; type: number };
  modinfo: Modinfo;
  imports: ImportedSymbol[];
  /** CRC of struct module's layout, where MODVERSIONS records it. */
  moduleLayoutCrc?: number;
  signature?: AppendedSignature;
}

/**
 * Reads a kernel module from its bytes (an uncompressed `.ko`).
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_SIGNATURE_FORMAT
 */
export function readModule(bytes: Uint8Array): ModuleInfo {
  const elf = readElf(bytes);
  const section = sectionBytes(elf, '.modinfo');
  const layout = symbolVersions(elf).get('module_layout');
  const signature = findSignature(bytes);
  return {
    elf: { class: elf.class, endian: elf.endian, machine: elf.machine, type: elf.type },
    modinfo: section === undefined ? {} : parseModinfo(section),
    imports: importedSymbols(elf),
    ...(layout !== undefined && { moduleLayoutCrc: layout }),
    ...(signature !== undefined && { signature }),
  };
}

/** A name as the kernel knows modules: `-` and `_` are the same, and `_` is written. */
export function normaliseModuleName(name: string): string {
  return name.replaceAll('-', '_');
}
