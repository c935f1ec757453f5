import { detectCompression } from '../../module/compression/detect.js';
import { arMagic } from './ar.js';
import { Refusal } from './refusal.js';

const known =
  'Name a directory, a Debian package (.deb), or a tar archive, plain or compressed by gzip, xz or zstd.';

const repack = (how: string) =>
  `Unpack it (${how}) and name the directory, or name a tar archive of it that gzip, xz or zstd made.`;

/** Formats that are told by what they begin with, and are not read here. */
const foreign: readonly { magic: Buffer; name: string; hint: string }[] = [
  { magic: Buffer.from('BZh'), name: 'compressed by bzip2', hint: repack('tar -xjf') },
  {
    magic: Buffer.from('edabeedb', 'hex'),
    name: 'an RPM package',
    hint: "Unpack it (rpm2cpio FILE | cpio -idm) and name the directory: './usr/src/NAME-VERSION', or where you have unpacked it.",
  },
  { magic: Buffer.from('PK\x03\x04'), name: 'a zip archive', hint: repack('unzip') },
  {
    magic: Buffer.from('377abcaf271c', 'hex'),
    name: 'a 7z archive',
    hint: repack('7z x'),
  },
  { magic: Buffer.from('4c5a4950', 'hex'), name: 'compressed by lzip', hint: repack('tar --lzip') },
  { magic: Buffer.from('04224d18', 'hex'), name: 'compressed by lz4', hint: repack('lz4 -d') },
  { magic: Buffer.from('07070'), name: 'a cpio archive', hint: repack('cpio -idm') },
  {
    magic: Buffer.from('7f454c46', 'hex'),
    name: 'an ELF file',
    hint: "'build' takes sources; 'kbuild-ts inspect' and 'verify' read modules.",
  },
];

/** Where the magic of a tar archive lies in its first header (POSIX.1-2001, ustar). */
const tarMagic = { offset: 257, text: 'ustar' };

/**
 * What a file is, by its content; names do not count.
 * @throws Refusal for what cannot be read, with its name where it has one
 */
export function archiveKind(bytes: Uint8Array): 'deb' | 'tar' {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512));
  if (head.length === 0) throw new Refusal('it is empty', known);
  if (head.toString('latin1', 0, arMagic.length) === arMagic) return 'deb';
  if (detectCompression(head) !== 'none') return 'tar';
  const { offset, text } = tarMagic;
  if (head.toString('latin1', offset, offset + text.length) === text) return 'tar';
  const format = foreign.find(({ magic }) => head.subarray(0, magic.length).equals(magic));
  if (format !== undefined) throw new Refusal(`it is ${format.name}`, format.hint);
  throw new Refusal('it is neither a Debian package nor a tar archive', known);
}
