/** Compared at once: what is equal is passed over quickly. Bytes. */
const chunk = 64 * 1024;

/**
 * The offset, from 0, of the first byte in which two files differ, where one that ends differs from
 * one that goes on; undefined for equal ones. cmp(1) counts from 1.
 */
export function firstDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  const shared = Math.min(one.length, other.length);
  for (let start = 0; start < shared; start += chunk) {
    const end = Math.min(start + chunk, shared);
    if (Buffer.compare(one.subarray(start, end), other.subarray(start, end)) === 0) continue;
    for (let at = start; at < end; at++) if (one[at] !== other[at]) return at;
  }
  return one.length === other.length ? undefined : shared;
}
