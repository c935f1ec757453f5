import { undoX86 } from './bcj-x86.js';

/** A filter that makes executable code compress better: it turns relative addresses to absolute ones. */
export interface BranchFilter {
  /** As xz names it in its options. */
  name: string;
  /** The kernel's configuration that reads it; since 6.12 for arm64. */
  config: string;
  /** What positions and start offsets are multiples of, in bytes. */
  alignment: number;
  /** Turns the addresses back, in place. `start` is the position of the first byte. */
  undo: (code: Buffer, start: number) => void;
}

/** The branch filters by their ids (section 5.3.2 of the xz format). */
export const branchFilters: ReadonlyMap<number, BranchFilter> = new Map([
  [4, { name: 'x86', config: 'CONFIG_XZ_DEC_X86', alignment: 1, undo: undoX86 }],
  [5, { name: 'powerpc', config: 'CONFIG_XZ_DEC_POWERPC', alignment: 4, undo: undoPowerpc }],
  [7, { name: 'arm', config: 'CONFIG_XZ_DEC_ARM', alignment: 4, undo: undoArm }],
  [8, { name: 'armthumb', config: 'CONFIG_XZ_DEC_ARMTHUMB', alignment: 2, undo: undoArmThumb }],
  [9, { name: 'sparc', config: 'CONFIG_XZ_DEC_SPARC', alignment: 4, undo: undoSparc }],
  [10, { name: 'arm64', config: 'CONFIG_XZ_DEC_ARM64', alignment: 4, undo: undoArm64 }],
]);

/** `bl`: 26 bits, of which the lowest two say that it is a relative call. */
function undoPowerpc(code: Buffer, start: number): void {
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = code.readUInt32BE(at);
    if ((word & 0xfc000003) >>> 0 !== 0x48000001) continue;
    code.writeUInt32BE((0x48000001 | ((word - (start + at)) & 0x03fffffc)) >>> 0, at);
  }
}

/** `bl`, always executed: 24 bits that count words from 8 bytes ahead. */
function undoArm(code: Buffer, start: number): void {
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = code.readUInt32LE(at);
    if (word >>> 24 !== 0xeb) continue;
    const target = ((word & 0xffffff) << 2) - (start + at + 8);
    code.writeUInt32LE((0xeb000000 | ((target >>> 2) & 0xffffff)) >>> 0, at);
  }
}

/** `bl`: 22 bits in two halfwords that count halfwords from 4 bytes ahead. */
function undoArmThumb(code: Buffer, start: number): void {
  for (let at = 0; at + 4 <= code.length; at += 2) {
    const [high, low] = [code.readUInt16LE(at), code.readUInt16LE(at + 2)];
    if ((high & 0xf800) !== 0xf000 || (low & 0xf800) !== 0xf800) continue;
    const source = ((high & 0x7ff) << 11) | (low & 0x7ff);
    const target = ((source << 1) - (start + at + 4)) >>> 1;
    code.writeUInt16LE(0xf000 | ((target >>> 11) & 0x7ff), at);
    code.writeUInt16LE(0xf800 | (target & 0x7ff), at + 2);
    at += 2;
  }
}

/** `call`: 30 bits that count words, of which the filter takes what is within 16 MiB. */
function undoSparc(code: Buffer, start: number): void {
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = code.readUInt32BE(at);
    const top = word >>> 22;
    if (top !== 0x100 && top !== 0x1ff) continue;
    const target = ((word << 2) - (start + at)) >>> 2;
    const sign = 0x40000000 - (target & 0x400000);
    code.writeUInt32BE((sign | 0x40000000 | (target & 0x3fffff)) >>> 0, at);
  }
}

/** `bl`: 26 bits that count words; `adrp`: 21 bits that count pages, within 512 MiB. */
function undoArm64(code: Buffer, start: number): void {
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = code.readUInt32LE(at);
    const position = start + at;
    if (word >>> 26 === 0x25) {
      const target = (word - (position >>> 2)) & 0x03ffffff;
      code.writeUInt32LE((0x94000000 | target) >>> 0, at);
    } else if ((word & 0x9f000000) >>> 0 === 0x90000000) {
      const source = ((word >>> 29) & 3) | ((word >>> 3) & 0x1ffffc);
      if (((source + 0x020000) & 0x1c0000) !== 0) continue;
      const target = source - (position >>> 12);
      const high = (target & 0x3fffc) << 3;
      const sign = -(target & 0x020000) & 0xe00000;
      code.writeUInt32LE(((word & 0x9000001f) | ((target & 3) << 29) | high | sign) >>> 0, at);
    }
  }
}
