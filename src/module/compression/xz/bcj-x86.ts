/** The top byte of a 32-bit address that the filter takes for a near one. */
const isNear = (byte: number | undefined): boolean => byte === 0x00 || byte === 0xff;

/** By the opcodes among the three bytes before: whether an opcode here may be one at all. */
const plausible = [true, true, true, false, true, false, false, false];
/** By the same: which byte of the address could belong to an earlier opcode's. */
const sharedByte = [0, 1, 2, 2, 3, 3, 3, 3];

/**
 * Undoes xz's x86 filter, in place: `call` (E8) and `jmp` (E9) have absolute targets in the filtered
 * code and get relative ones. As such bytes also occur inside other instructions, the filter keeps a
 * mask of the ones that it saw in the last bytes and leaves alone what overlaps.
 * @param start position of the first byte
 */
export function undoX86(code: Buffer, start: number): void {
  let mask = 0;
  let previous = -1;
  // Five bytes make an instruction; what is left at the end stays as it is.
  for (let at = 0; at + 5 <= code.length; at++) {
    if (((code[at] ?? 0) & 0xfe) !== 0xe8) continue;
    const distance = at - previous;
    previous = at;
    mask = distance > 3 ? 0 : (mask << (distance - 1)) & 7;
    const shared = sharedByte[mask] ?? 0;
    const overlaps = mask !== 0 && (plausible[mask] !== true || isNear(code[at + 4 - shared]));
    if (overlaps || !isNear(code[at + 4])) {
      mask = (mask << 1) | 1;
      continue;
    }
    const next = start + at + 5;
    let target = code.readInt32LE(at + 1) - next;
    if (mask !== 0 && isNear((target >>> (24 - shared * 8)) & 0xff)) {
      // Once is enough: the byte is then the inverse of one that was not near.
      target = (target ^ (2 ** (32 - shared * 8) - 1)) - next;
    }
    // 25 bits with their sign: the top byte is 00 or FF again.
    code.writeInt32LE((target << 7) >> 7, at + 1);
    at += 4;
  }
}
