import { quoted, Refusal } from './refusal.js';

/** One member of an `ar` archive. */
export interface ArMember {
  name: string;
  bytes: Uint8Array;
}

/** What every such archive begins with. */
export const arMagic = '!<arch>\n';

const headerSize = 60;
/** A Debian package has three members; a static library may have thousands. */
const maximumMembers = 100;

/**
 * The members of an `ar` archive in the common format (ar(5), deb(5)), in order. Extended names
 * (`//`, `#1/`) do not occur in Debian packages and stay as they are.
 * @throws Refusal if it does not consist of whole members
 */
export function readAr(bytes: Uint8Array): ArMember[] {
  const text = (from: number, size: number) =>
    Buffer.from(bytes.buffer, bytes.byteOffset + from, size).toString('latin1');
  const members: ArMember[] = [];
  for (let at = arMagic.length; at < bytes.length;) {
    if (members.length === maximumMembers) {
      throw new Refusal(`it has more than ${maximumMembers} members`);
    }
    if (at + headerSize > bytes.length) throw new Refusal(`it is cut off at byte ${bytes.length}`);
    const name = text(at, 16).trimEnd().replace(/\/$/, '');
    const size = text(at + 48, 10).trimEnd();
    if (text(at + 58, 2) !== '`\n' || !/^\d+$/.test(size)) {
      throw new Refusal(`it is damaged: no member begins at byte ${at}`);
    }
    const start = at + headerSize;
    const end = start + Number(size);
    if (end > bytes.length) {
      throw new Refusal(
        `it is cut off: its member ${quoted(name)} has ${size} bytes, of which ${bytes.length - start} are there`,
      );
    }
    members.push({ name, bytes: bytes.subarray(start, end) });
    at = end + (end % 2); // members begin at even offsets
  }
  return members;
}
