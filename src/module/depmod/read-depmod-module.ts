import { decode, type ByteReader, type ByteSource } from '../bytes.js';
import { findSection, readElf, sectionBytes, sectionReader, type Elf } from '../elf.js';
import { parseModinfo } from '../modinfo.js';
import { SHN_ABS } from '../relocations.js';
import { importedSymbols, symbolEntry, symbolTable, type SymbolTable } from '../symbols.js';
import { classicVersions } from '../versions.js';
import type { DepmodModule, ImportVersion, SymbolVersion } from './depmod-module.js';

/**
 * Reads of a module what depmod reads (kmod 30, libkmod/libkmod-elf.c). That is not all that the
 * kernel sees: exports are taken from the names of `__crc_*` symbols.
 * @throws KbuildError MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED
 */
export function readDepmodModule(path: string, input: Uint8Array | ByteSource): DepmodModule {
  const elf = readElf(input);
  const modinfo = sectionBytes(elf, '.modinfo');
  const table = symbolTable(elf);
  return {
    path,
    modinfo: modinfo === undefined ? {} : parseModinfo(modinfo),
    exports: table === undefined ? [] : exportsOf(elf, table),
    imports: table === undefined ? [] : importsOf(elf, table),
  };
}

const crcPrefix = '__crc_';

/** The names of `__crc_*` symbols; where there are none (no MODVERSIONS), `__ksymtab_strings`. */
function exportsOf(elf: Elf, table: SymbolTable): SymbolVersion[] {
  const names = sectionBytes(elf, '__ksymtab_strings');
  if (names === undefined || names.length === 0) return [];
  const exports: SymbolVersion[] = [];
  const sections = new Map<number, ByteReader>();
  for (let at = table.entrySize; at < table.symbols.length; at += table.entrySize) {
    const nameAt = table.symbols.u32(at);
    if (!table.strings.startsWith(crcPrefix, nameAt)) continue;
    const { section, value } = symbolEntry(table, at);
    const name = table.strings.name(nameAt + crcPrefix.length);
    exports.push({ name, crc: crcAt(elf, section, value, sections) });
  }
  if (exports.length > 0) return exports;
  return decode(names)
    .split('\0')
    .filter((name) => name !== '')
    .map((name) => ({ name }));
}

/** The symbol is the CRC, or the place where it stands. */
function crcAt(elf: Elf, index: number, value: number, sections: Map<number, ByteReader>): number {
  const section = elf.sections[index];
  if (index === 0 || index === SHN_ABS || section === undefined) return value;
  const reader = sections.get(index) ?? sectionReader(elf, section);
  sections.set(index, reader);
  return reader.u32(value);
}

/** Undefined symbols, then what `__versions` names beyond them. */
function importsOf(elf: Elf, table: SymbolTable): ImportVersion[] {
  const records = findSection(elf, '__versions');
  const reader = records && sectionReader(elf, records);
  const versions = reader === undefined ? noVersions : classicVersions(reader);
  const imports: ImportVersion[] = importedSymbols(elf, table, versions.crcOf);
  const undefinedNames = new Set(imports.map(({ name }) => name));
  for (const [name, crc] of versions.all()) {
    if (!undefinedNames.has(name)) imports.push({ name, crc, weak: false });
  }
  return imports;
}

const noVersions = { crcOf: () => undefined, all: () => [] };
