import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { codeLikeBytes, compress, compressFile } from '../../../test/support/compressors.js';
import { fixtureModule, fixtureModules } from '../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { decompressModule } from './decompress.js';

const mebibyte = 2 ** 20;
const code = codeLikeBytes(200_000);
const text = Buffer.from('license=GPL\0author=somebody\0alias=pci:v00008086d*\0'.repeat(3));
const directory = temporaryDirectory();

/** Compares without printing a hundred thousand numbers if it fails. */
async function expectContent(compressed: Uint8Array, content: Uint8Array): Promise<void> {
  const got = await decompressModule(compressed);
  expect(got.length).toBe(content.length);
  expect(Buffer.compare(got, content)).toBe(0);
}

describe('decompressModule', () => {
  it('gives uncompressed bytes back as they are', async () => {
    expect(await decompressModule(text)).toBe(text);
    expect(await decompressModule(Buffer.alloc(0))).toHaveLength(0);
  });

  it.each([
    ['gzip', []],
    ['gzip', ['-9']],
    ['gzip', ['-1', '--no-name']],
    ['xz', []],
    ['xz', ['--check=none']],
    ['xz', ['--check=crc32', '--lzma2=dict=1MiB']],
    ['xz', ['--check=crc64']],
    ['xz', ['--check=sha256']],
    ['xz', ['--lzma2=preset=9e,dict=1536MiB,mf=hc3']],
    ['xz', ['--lzma2=dict=4KiB,lc=0,lp=4,pb=0']],
    ['xz', ['--block-size=20000', '-T2']],
    ['xz', ['--block-size=20000', '-T1']],
    ['xz', ['--check=crc32', '--x86', '--lzma2=dict=32MiB']],
    ['xz', ['--powerpc', '--lzma2']],
    ['xz', ['--arm', '--lzma2']],
    ['xz', ['--armthumb', '--lzma2']],
    ['xz', ['--sparc', '--lzma2']],
    ['xz', ['--arm64', '--lzma2']],
    ['xz', ['--x86=start=4096', '--lzma2']],
    ['xz', ['--x86', '--arm64', '--lzma2']],
    ['zstd', []],
    ['zstd', ['-1']],
    ['zstd', ['-19']],
    ['zstd', ['--ultra', '-22', '--long=27']],
    ['zstd', ['--fast=5']],
    ['zstd', ['--check']],
    ['zstd', ['--no-check']],
  ])('reads what %s %j writes', async (program, options) => {
    for (const content of [code, text, randomBytes(1000), Buffer.alloc(0), Buffer.of(7)]) {
      await expectContent(compress(program, content, ...options), content);
      await expectContent(compressFile(directory, program, content, ...options), content);
    }
  });

  it('reads modules of both architectures', async () => {
    for (const name of fixtureModules) {
      const module = fixtureModule(name);
      for (const [program, option] of [
        ['gzip', '-9'],
        ['xz', '--check=crc32'],
        ['zstd', '-19'],
      ] as const) {
        await expectContent(compress(program, module, option), module);
      }
    }
  });

  it.each(['gzip', 'xz', 'zstd'])('reads several %s files in a row', async (program) => {
    const parts = [code, text, Buffer.alloc(0), text].map((part) => compress(program, part));
    await expectContent(Buffer.concat(parts), Buffer.concat([code, text, text]));
  });

  it('reads many at the same time', async () => {
    const all = Array.from({ length: 20 }, (_, i) => codeLikeBytes(1000 + i));
    await Promise.all(
      all.map((part, i) => expectContent(compress(['xz', 'zstd'][i % 2]!, part), part)),
    );
  });

  it('allows the padding that the formats allow, and no other', async () => {
    await expectContent(Buffer.concat([compress('gzip', text), Buffer.alloc(5)]), text);
    const xz = compress('xz', text);
    await expectContent(Buffer.concat([xz, Buffer.alloc(8)]), text);
    await expectContent(Buffer.concat([xz, Buffer.alloc(4), xz]), Buffer.concat([text, text]));
    for (const file of [
      Buffer.concat([xz, Buffer.alloc(3)]),
      Buffer.concat([compress('zstd', text), Buffer.alloc(4)]),
    ]) {
      expect((await kbuildErrorOf(() => decompressModule(file))).code).toBe('MODULE_COMPRESSION');
    }
  });

  it('passes over skippable frames of zstd', async () => {
    const skippable = Buffer.from('5d2a4d1803000000abcdef', 'hex');
    const zstd = compress('zstd', text);
    await expectContent(Buffer.concat([zstd, skippable, zstd]), Buffer.concat([text, text]));
    await expectContent(Buffer.concat([zstd, skippable]), text);
    const cut = Buffer.concat([zstd, skippable.subarray(0, -1)]);
    expect((await kbuildErrorOf(() => decompressModule(cut))).code).toBe('MODULE_COMPRESSION');
  });

  it('reads a gzip header with everything that there can be', async () => {
    const head = Buffer.concat([
      Buffer.from('1f8b081e000000000003', 'hex'),
      Buffer.from('\x04\x00extrname\0comment\0'),
    ]);
    const headerCrc = Buffer.alloc(2);
    headerCrc.writeUInt16LE(crc32(head) & 0xffff);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(text));
    trailer.writeUInt32LE(text.length, 4);
    const file = Buffer.concat([head, headerCrc, deflateRawSync(text), trailer]);
    await expectContent(file, text);
    file[12]! ^= 1;
    expect((await kbuildErrorOf(() => decompressModule(file))).message).toContain('header');
  });

  it.each([
    ['xz', ['--delta', '--lzma2'], 'filter 3'],
    ['xz', ['--ia64', '--lzma2'], 'filter 6'],
  ])('says what it cannot read: %s %j', async (program, options, what) => {
    const error = await kbuildErrorOf(() => decompressModule(compress(program, text, ...options)));
    expect(error.code).toBe('MODULE_COMPRESSION');
    expect(error.message).toContain(what);
  });

  it('refuses a zstd window that kmod and the kernel refuse', async () => {
    const long = compress('zstd', code, '--long=28');
    expect((await kbuildErrorOf(() => decompressModule(long))).message).toContain('window');
  });
});

const damageable = [
  ['gzip', []],
  ['xz', ['--check=crc32']],
  ['xz', ['--check=crc64', '--x86', '--lzma2']],
  ['xz', ['--check=sha256', '--block-size=64']],
  ['zstd', ['-19', '--check']],
  ['zstd', ['-1', '--check']],
] as const;

describe.each(damageable)('damage to %s %j', (program, options) => {
  const content = Buffer.concat([codeLikeBytes(100), text]);
  const files = () => [
    compress(program, content, ...options),
    compressFile(directory, program, content, ...options),
  ];

  it('is found in every bit, or gives the same bytes', async () => {
    let found = 0;
    for (const file of files()) {
      for (let bit = 8 * 6; bit < file.length * 8; bit++) {
        const flipped = Buffer.from(file);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(Buffer.compare(await decompressModule(flipped), content)).toBe(0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'KbuildError', code: 'MODULE_COMPRESSION' });
          found++;
        }
      }
    }
    expect(found).toBeGreaterThan(1000);
  });

  it('is found wherever the file is cut off', async () => {
    for (const file of files()) {
      for (let length = 6; length < file.length; length++) {
        const error = await kbuildErrorOf(() => decompressModule(file.subarray(0, length)));
        expect(error.code).toBe('MODULE_COMPRESSION');
        expect(error.message).toContain(`${program} data at offset`);
      }
    }
  });

  it('is found behind the end', async () => {
    for (const file of files()) {
      for (const tail of ['x', 'tail', 'a longer tail, of 32 bytes in all']) {
        const longer = Buffer.concat([file, Buffer.from(tail)]);
        const error = await kbuildErrorOf(() => decompressModule(longer));
        expect(error.code).toBe('MODULE_COMPRESSION');
      }
    }
  });
});

describe('a decompression bomb', () => {
  const zeros = Buffer.alloc(64 * mebibyte);

  it.each([
    ['gzip', ['-1']],
    ['xz', ['-0']],
    ['zstd', []],
  ] as const)('of %s is stopped at the limit', async (program, options) => {
    const sixteenth = compress(program, zeros, ...options);
    const gibibyte = Buffer.concat(Array.from({ length: 16 }, () => sixteenth));
    await decompressModule(compress(program, text)); // the decoder is loaded
    for (const [bomb, limit] of [
      [sixteenth, mebibyte],
      [sixteenth, 64 * mebibyte - 1],
      [gibibyte, 3 * mebibyte],
    ] as const) {
      const before = process.memoryUsage().rss;
      const start = performance.now();
      const error = await kbuildErrorOf(() => decompressModule(bomb, { limit }));
      expect(error.code).toBe('MODULE_TOO_LARGE');
      expect(performance.now() - start).toBeLessThan(2000);
      expect(process.memoryUsage().rss - before).toBeLessThan(3 * limit + 64 * mebibyte);
    }
    expect(await decompressModule(sixteenth, { limit: zeros.length })).toHaveLength(zeros.length);
  });

  it('that declares more than it has costs no memory', async () => {
    const zstd = compressFile(directory, 'zstd', text);
    const declared = Buffer.concat([
      zstd.subarray(0, 4),
      Buffer.of(0xe4), // a single segment, its size in 8 bytes, a checksum
      Buffer.from('0000001000000000', 'hex'),
      zstd.subarray(6),
    ]);
    const before = process.memoryUsage().rss;
    const error = await kbuildErrorOf(() => decompressModule(declared));
    expect(error.code).toBe('MODULE_COMPRESSION');
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * mebibyte);
  });

  it.each([
    ['MODULE_TOO_LARGE', 2 ** 40],
    ['MODULE_COMPRESSION', 2 ** 28],
    ['MODULE_COMPRESSION', text.length - 1],
    ['MODULE_COMPRESSION', text.length + 1],
  ])('of xz whose index lies is %s', async (expected, size) => {
    const before = process.memoryUsage().rss;
    const file = withIndex(compress('xz', text), size);
    const error = await kbuildErrorOf(() => decompressModule(file));
    expect(error.code).toBe(expected);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * mebibyte);
  });

  it('of a million empty members is no long wait', async () => {
    const empty = gzipSync(Buffer.alloc(0));
    const many = Buffer.alloc(empty.length * 100_000, empty);
    const error = await kbuildErrorOf(() => decompressModule(many));
    expect(error.message).toContain('members');
  });
});

/** An xz file of one block with another uncompressed size in its index, and right checksums. */
function withIndex(file: Buffer, size: number): Buffer {
  const indexSize = (file.readUInt32LE(file.length - 8) + 1) * 4;
  const start = file.length - 12 - indexSize;
  const unpadded = file.subarray(start + 2, start + 2 + (file[start + 2]! < 128 ? 1 : 2));
  const number: number[] = [];
  for (let rest = size; number.push(rest % 128) && rest >= 128;) rest = Math.floor(rest / 128);
  const records = [
    0,
    1,
    ...unpadded,
    ...number.map((n, i) => n + (i < number.length - 1 ? 128 : 0)),
  ];
  const index = Buffer.alloc(Math.ceil(records.length / 4) * 4 + 4);
  index.set(records);
  index.writeUInt32LE(crc32(index.subarray(0, -4)), index.length - 4);
  const footer = Buffer.from(file.subarray(-12));
  footer.writeUInt32LE(index.length / 4 - 1, 4);
  footer.writeUInt32LE(crc32(footer.subarray(4, 10)), 0);
  return Buffer.concat([file.subarray(0, start), index, footer]);
}
