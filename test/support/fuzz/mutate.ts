import type { Random } from './random.js';

/** Numbers at which readers go wrong. */
const extremes = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const flipBit: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
};

/** A number of 1 to 8 bytes, of either order, at any place: offsets, sizes, counts. */
const setNumber: Mutation = (bytes, random) => {
  const size = random.pick([1, 2, 4, 8]);
  if (bytes.length < 8) return setByte(bytes, random);
  const value = BigInt(random.pick(extremes as [number, ...number[]]) + random.below(3) - 1);
  const number = Buffer.alloc(8);
  number.writeBigInt64LE(BigInt.asIntN(64, value));
  const slice = number.subarray(0, size);
  if (random.below(2) === 0) slice.reverse();
  slice.copy(bytes, random.below(bytes.length - size));
  return bytes;
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1));

const range = (bytes: Buffer, random: Random): [number, number] => {
  const start = random.below(bytes.length);
  return [start, start + random.below(Math.min(bytes.length - start, 512))];
};

const remove: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
};

const repeat: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
};

const overwrite: Mutation = (bytes, random) => {
  const [start, end] = range(bytes, random);
  bytes.copy(bytes, random.below(bytes.length), start, end);
  return bytes;
};

const append: Mutation = (bytes, random) =>
  Buffer.concat([bytes, Buffer.alloc(1 + random.below(64), random.below(256))]);

/** Near the beginning and the end lie the headers, and so most of what can break. */
const nearEdges =
  (mutation: Mutation): Mutation =>
  (bytes, random) => {
    const size = Math.min(bytes.length, 64 * (1 + random.below(64)));
    if (random.below(2) === 0) {
      return Buffer.concat([
        mutation(Buffer.from(bytes.subarray(0, size)), random),
        bytes.subarray(size),
      ]);
    }
    const start = bytes.length - size;
    return Buffer.concat([
      bytes.subarray(0, start),
      mutation(Buffer.from(bytes.subarray(start)), random),
    ]);
  };

const simple: Mutation[] = [
  flipBit,
  setByte,
  setNumber,
  truncate,
  remove,
  repeat,
  overwrite,
  append,
];
const mutations = [...simple, ...simple.map(nearEdges), nearEdges(setNumber), nearEdges(setNumber)];

/** A copy of some bytes with one to four mutations. */
export function mutate(original: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    bytes = random.pick(mutations as [Mutation, ...Mutation[]])(bytes, random);
  }
  return bytes;
}
