/** The polynomial of ECMA-182, bits reversed, as the xz format has it: high and low half. */
const polynomial = [0xc96c5795, 0xd7870f42] as const;

/** For each byte the high and the low half of what it adds. */
const table = new Uint32Array(512);
for (let byte = 0; byte < 256; byte++) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const odd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      high ^= polynomial[0];
      low ^= polynomial[1];
    }
  }
  table[byte] = high;
  table[256 + byte] = low;
}

/** The CRC64 of section 6 of the xz format, little-endian, as it stands in files. */
export function crc64(bytes: Uint8Array): Uint8Array {
  let [high, low] = [-1, -1];
  for (let at = 0; at < bytes.length; at++) {
    const index = (low ^ (bytes[at] ?? 0)) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (table[256 + index] ?? 0);
    high = (high >>> 8) ^ (table[index] ?? 0);
  }
  const value = Buffer.alloc(8);
  value.writeInt32LE(~low, 0);
  value.writeInt32LE(~high, 4);
  return value;
}
