/**
 * Decompresses LZ4 of the "legacy" frame format, as `lz4 -l` writes it for kernel images
 * (lz4_Frame_format.md and lz4_Block_format.md of the LZ4 project). It has no checksums.
 * @param size of the content in bytes; undefined comes back unless exactly this many come out
 */
export function unlz4(bytes: Uint8Array, size: number): Uint8Array | undefined {
  // No block gives more than 255 bytes for each that it has.
  if (size > bytes.length * 255) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const content = new Uint8Array(size);
  let [at, to] = [0, 0];
  while (at + 4 <= bytes.length) {
    const length = view.getUint32(at, true);
    at += 4;
    // The magic number of a further frame stands where a block's length could.
    if (length === lz4LegacyMagic) continue;
    if (length > bytes.length - at) return undefined;
    const end = decodeBlock(bytes.subarray(at, at + length), content, to);
    if (end === undefined) return undefined;
    to = end;
    at += length;
  }
  return at === bytes.length && to === size ? content : undefined;
}

export const lz4LegacyMagic = 0x184c2102;

/** A legacy block gives 8 MiB at most, and refers to nothing before itself. */
const blockLimit = 8 * 2 ** 20;

/** Decodes a block into the content at `start`; gives where it ends there. */
function decodeBlock(block: Uint8Array, content: Uint8Array, start: number): number | undefined {
  const limit = Math.min(content.length, start + blockLimit);
  let [at, to] = [0, start];
  const extended = (nibble: number): number => {
    let value = nibble;
    if (nibble === 15) {
      let byte: number | undefined;
      do value += byte = block[at++] ?? NaN;
      while (byte === 255);
    }
    return value;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = extended(token >> 4);
    if (!(at + literals <= block.length && to + literals <= limit)) return undefined;
    content.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // The last sequence has only literals.
    if (at === block.length) return to;
    const distance = (block[at] ?? NaN) + (block[at + 1] ?? NaN) * 256;
    at += 2;
    const length = extended(token & 15) + 4;
    if (!(distance > 0 && distance <= to - start && to + length <= limit)) return undefined;
    for (const end = to + length; to < end; to++) content[to] = content[to - distance] ?? 0;
  }
  return undefined;
}
