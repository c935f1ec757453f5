import { closeSync, openSync, readSync } from 'node:fs';

/** The e_machine of an ELF file (elf(5)), or undefined for any other file, or one that cannot be read. */
export function elfMachine(path: string): number | undefined {
  const header = Buffer.alloc(20);
  let file;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    if (readSync(file, header) < header.length) return undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  return header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
}
