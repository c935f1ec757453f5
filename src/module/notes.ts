import type { ByteReader } from './bytes.js';
import { findSection, sectionReader, type Elf } from './elf.js';

const NT_GNU_BUILD_ID = 3;

/** The build id that the linker wrote (`.note.gnu.build-id`, elf(5)), hexadecimal. */
export function buildId(elf: Elf): string | undefined {
  const section = findSection(elf, '.note.gnu.build-id');
  return section && findNote(sectionReader(elf, section), 'GNU', NT_GNU_BUILD_ID);
}

/** The content of the first note of an owner and a type: name and content are padded to 4 bytes. */
function findNote(notes: ByteReader, owner: string, type: number): string | undefined {
  const padded = (size: number) => Math.ceil(size / 4) * 4;
  for (let at = 0; at + 12 <= notes.length;) {
    const [nameSize, size] = [notes.u32(at), notes.u32(at + 4)];
    const contentAt = at + 12 + padded(nameSize);
    if (contentAt + size > notes.length) return undefined;
    if (notes.u32(at + 8) === type && notes.name(at + 12, at + 12 + nameSize) === owner) {
      return Buffer.from(notes.bytes.subarray(contentAt, contentAt + size)).toString('hex');
    }
    at = contentAt + padded(size);
  }
  return undefined;
}
