/**
 * Names as strings, one character for each byte (Latin-1): two of them are the same only if their
 * bytes are, as for the kernel.
 */

/** The bytes from `start` to `end` as a string. */
export function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const buffer =
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', start, end);
}

/** Whether the bytes from `start` to `end` are those of a name. */
export function isName(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = name;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (name.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}
