/** An entry of a header: what it is called by, its kind, how many there are, and its bytes. */
export interface HeaderEntry {
  tag: number;
  type: number;
  count: number;
  data: Buffer;
}

/** A header of an rpm (format of rpm 4: docs/manual/format_header.md of its sources). */
export interface Header {
  /** Without that of the region. */
  entries: HeaderEntry[];
  /** How many bytes it takes, its magic included. */
  size: number;
}

const magic = Buffer.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]);

/** Bytes of the magic and of the two counts after it; of an entry of the index. */
const [intro, entrySize] = [16, 16];

/** Kinds of entries. A region's data is an entry again, which says where the region's index begins. */
const binary = 7;

/** What an entry's data is aligned to, by its kind: INT16, INT32, INT64. */
const alignments: Partial<Record<number, number>> = { 3: 2, 4: 4, 5: 8 };

/**
 * Reads a header: an index of entries, then their data.
 * @param region tag of the entry that says which part of the header is whole
 * @throws RangeError, Error for what is no header
 */
export function readHeader(bytes: Buffer, at: number, region: number): Header {
  if (!bytes.subarray(at, at + magic.length).equals(magic)) throw new Error('it has no header');
  const [length, dataSize] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
  const dataAt = at + intro + length * entrySize;
  if (dataAt + dataSize > bytes.length) throw new Error('its header is cut off');
  const found = Array.from({ length }, (_, i) => {
    const entry = at + intro + i * entrySize;
    return {
      tag: bytes.readUInt32BE(entry),
      type: bytes.readUInt32BE(entry + 4),
      offset: bytes.readUInt32BE(entry + 8),
      count: bytes.readUInt32BE(entry + 12),
    };
  }).filter(({ tag }) => tag !== region);
  const entries = found.map(({ tag, type, count, offset }) => {
    const size = sizeOf(type, count, bytes.subarray(dataAt + offset, dataAt + dataSize));
    const data = bytes.subarray(dataAt + offset, dataAt + offset + size);
    if (data.length !== size) throw new Error('its header is cut off');
    return { tag, type, count, data };
  });
  return { entries, size: intro + length * entrySize + dataSize };
}

/** Of numbers, and of texts, each of which ends with a NUL. */
function sizeOf(type: number, count: number, data: Buffer): number {
  const width = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 }[type];
  if (width !== undefined) return width * count;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const nul = data.indexOf(0, end);
    if (nul < 0) throw new Error('its header is cut off');
    end = nul + 1;
  }
  return end;
}

/** Writes a header that is one region, its entries sorted by tag, as rpm does. */
export function writeHeader(entries: readonly HeaderEntry[], region: number): Buffer {
  const sorted = [...entries].sort((a, b) => a.tag - b.tag);
  const chunks: Buffer[] = [];
  let size = 0;
  const add = (data: Buffer): number => {
    chunks.push(data);
    size += data.length;
    return size - data.length;
  };
  const index = sorted.map(({ tag, type, count, data }) => {
    add(Buffer.alloc(-size & ((alignments[type] ?? 1) - 1)));
    return words(tag, type, add(data), count);
  });
  const length = index.length + 1;
  const trailer = add(words(region, binary, -length * entrySize, entrySize));
  return Buffer.concat([
    magic,
    words(length, size),
    words(region, binary, trailer, entrySize),
    ...index,
    ...chunks,
  ]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeInt32BE(value | 0, i * 4));
  return bytes;
}
