/**
 * Names as strings, one character for each byte. Modules of one kernel name the same sections and
 * symbols over and over: the strings that were made last are kept, a fixed number of them.
 */

const slots = 2 ** 14;
const longestKept = 64;
const kept: string[] = new Array<string>(slots).fill('');

/** The bytes from `start` to `end` as a string. */
export function nameOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > longestKept) return latin1(bytes, start, end);
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const slot = (hash ^ (hash >>> 14)) & (slots - 1);
  const known = kept[slot] ?? '';
  if (isName(known, bytes, start, end)) return known;
  const name = latin1(bytes, start, end);
  kept[slot] = name;
  return name;
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

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
