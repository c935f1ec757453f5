/**
 * The order in which kmod's hash tables are walked: by bucket, and within a bucket by strcmp(3).
 * modules.symbols is written in it, and modules.dep where modules.order does not say otherwise.
 */

/**
 * Keys, each given once, in the order of a table with so many buckets.
 * @param keyOf gives a byte string (byte-string.ts)
 * @param buckets a power of two
 */
export function inHashOrder<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  buckets: number,
): T[] {
  const table: { key: string; item: T }[][] = Array.from({ length: buckets }, () => []);
  for (const item of items) {
    const key = keyOf(item);
    table[superFastHash(key) & (buckets - 1)]?.push({ key, item });
  }
  return table.flatMap((bucket) =>
    bucket.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item),
  );
}

/**
 * Paul Hsieh's SuperFastHash (http://www.azillionmonkeys.com/qed/hash.html) of a byte string, with
 * 16-bit pieces in little-endian order and odd bytes signed, as on x86.
 */
export function superFastHash(bytes: string): number {
  const { length } = bytes;
  const pair = (at: number) => bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
  const signed = (at: number) => (bytes.charCodeAt(at) << 24) >> 24;
  const whole = length - (length & 3);
  let hash = length;
  for (let at = 0; at < whole; at += 4) {
    hash = (hash + pair(at)) | 0;
    hash = (hash << 16) ^ (pair(at + 2) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  if (length - whole === 3) {
    hash = (hash + pair(whole)) | 0;
    hash ^= (hash << 16) ^ (signed(whole + 2) << 18);
    hash = (hash + (hash >>> 11)) | 0;
  } else if (length - whole === 2) {
    hash = (hash + pair(whole)) | 0;
    hash ^= hash << 11;
    hash = (hash + (hash >>> 17)) | 0;
  } else if (length - whole === 1) {
    hash = (hash + signed(whole)) | 0;
    hash ^= hash << 10;
    hash = (hash + (hash >>> 1)) | 0;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  return (hash + (hash >>> 6)) >>> 0;
}
