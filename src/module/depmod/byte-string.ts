/**
 * kmod compares and hashes bytes. A byte string has one character for each byte (Latin-1), so that
 * `<` on two of them is strcmp(3) on what they stand for.
 */

const beyondAscii = /[\u0080-\uffff]/;

/** The UTF-8 bytes of a text as a byte string. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** The text that a byte string is the UTF-8 of. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
}

export const isAscii = (text: string): boolean => !beyondAscii.test(text);
