import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decode, type ByteReader } from '../module/bytes.js';
import { findSection, readElf, sectionBytes, sectionReader, type Elf } from '../module/elf.js';
import { FileBytes } from '../storage/file-bytes.js';

/** A program that Kbuild runs on the build machine, and what it needs of it. */
export interface HostProgram {
  /** Where it lies on this machine. */
  file: string;
  /** ELF e_machine. */
  machine: number;
  /** The versions of glibc that it imports symbols of, in no order. */
  glibc: string[];
  /** The shared libraries that it names (DT_NEEDED). */
  libraries: string[];
  executable: boolean;
  /** What stands beside it for it to run: `modpost.real-lsb-64` of Debian's `modpost`. */
  behind: HostProgram[];
}

let bytes: FileBytes | undefined;

/**
 * Reads a program's ELF headers and what it imports.
 * @throws KbuildError MODULE_* if it is no ELF file; errors of the file system
 */
export function readHostProgram(file: string): HostProgram {
  const stat = statSync(file);
  bytes ??= new FileBytes();
  try {
    bytes.open(file);
    const elf = readElf(bytes);
    return {
      file,
      machine: elf.machine,
      glibc: glibcVersions(elf),
      libraries: neededLibraries(elf),
      executable: (stat.mode & 0o111) !== 0,
      behind: [],
    };
  } finally {
    bytes.close();
  }
}

/** The same, and the programs that a wrapper of Debian's linux-kbuild starts. */
export function readWrappedProgram(file: string): HostProgram {
  const program = readHostProgram(file);
  const prefix = `${basename(file)}.real-`;
  const behind = readdirSync(dirname(file)).filter((name) => name.startsWith(prefix));
  return {
    ...program,
    behind: behind.sort().map((name) => readHostProgram(join(dirname(file), name))),
  };
}

function glibcVersions(elf: Elf): string[] {
  const strings = decode(sectionBytes(elf, '.dynstr') ?? new Uint8Array());
  return [...strings.matchAll(/\0GLIBC_(\d+(?:\.\d+)+)(?=\0)/g)].map((match) => match[1] as string);
}

const DT_NULL = 0;
const DT_NEEDED = 1;

function neededLibraries(elf: Elf): string[] {
  const dynamic = findSection(elf, '.dynamic');
  const strings = findSection(elf, '.dynstr');
  if (dynamic === undefined || strings === undefined) return [];
  const [entries, names]: ByteReader[] = [sectionReader(elf, dynamic), sectionReader(elf, strings)];
  const libraries: string[] = [];
  const word = elf.class === 64 ? 8 : 4;
  for (let at = 0; entries && names && at + 2 * word <= entries.length; at += 2 * word) {
    const tag = entries.word(at);
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED) libraries.push(names.name(entries.word(at + word)));
  }
  return libraries;
}
