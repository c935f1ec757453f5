import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { codeLikeBytes, compress } from '../../../test/support/compressors.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import {
  bzImage,
  certificateList,
  makeCertificate,
  rawImage,
  uncompressedKernel,
  vmlinux,
  zboot,
  type ListLayout,
} from '../../../test/support/kernel-image.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { readKernelImage } from './read-kernel-image.js';

const directory = temporaryDirectory();
const own = makeCertificate(directory, 'own');
const trusted = makeCertificate(directory, 'trusted');
const foreign = makeCertificate(directory, 'foreign');
const x86: ListLayout = { alignment: 8, word: 8, endian: 'little' };
const arm64: ListLayout = { alignment: 256, word: 8, endian: 'little' };
const list = certificateList([own, trusted], own.length, x86);
const kernel = uncompressedKernel([list]);

describe('readKernelImage', () => {
  it.each([
    ['a vmlinux', 'vmlinux', () => vmlinux(kernel)],
    ['a raw Image', 'Image', () => rawImage(kernel)],
    ['an Image.gz', 'Image', () => gzipSync(rawImage(kernel))],
    ['an Image.xz', 'Image', () => compress('xz', rawImage(kernel))],
    ['an Image.zst', 'Image', () => compress('zstd', rawImage(kernel))],
    ['a bzImage of gzip', 'bzImage', () => bzImage(compress('gzip', kernel))],
    // As scripts/Makefile.lib and scripts/xz_wrap.sh have it for x86.
    [
      'a bzImage of xz',
      'bzImage',
      () => bzImage(compress('xz', kernel, '--check=crc32', '--x86', '--lzma2=dict=32MiB'), kernel),
    ],
    ['a bzImage of zstd', 'bzImage', () => bzImage(compress('zstd', kernel, '-19'), kernel)],
    ['a bzImage of lz4', 'bzImage', () => bzImage(compress('lz4', kernel, '-l', '-9'), kernel)],
    ['an EFI zboot of gzip', 'zboot', () => zboot(compress('gzip', kernel), 'gzip')],
    ['an EFI zboot of zstd', 'zboot', () => zboot(compress('zstd', kernel), 'zstd')],
  ])('reads %s', async (_, format, image) => {
    const found = await readKernelImage(image());
    expect(found).toEqual({
      format,
      release: '6.1.0-56-amd64',
      banner: 'Linux version 6.1.0-56-amd64 (build@host) (gcc-12 (Debian) 12.2.0) #1 SMP PREEMPT',
      certificates: [own, trusted],
      moduleCertificate: 0,
    });
  });

  it('reads an image that is signed for EFI: with bytes behind the kernel', async () => {
    const image = Buffer.concat([bzImage(compress('gzip', kernel)), codeLikeBytes(2000)]);
    expect((await readKernelImage(image)).certificates).toEqual([own, trusted]);
  });

  it('reads lz4 of several blocks', async () => {
    const large = Buffer.concat([codeLikeBytes(9 * 2 ** 20), kernel]);
    const found = await readKernelImage(bzImage(compress('lz4', large, '-l'), large));
    expect(found.certificates).toEqual([own, trusted]);
  });
});

describe('the list of built-in certificates', () => {
  const found = async (...parts: Buffer[]) => readKernelImage(vmlinux(uncompressedKernel(parts)));

  it.each<[string, ListLayout]>([
    ['x86', x86],
    ['arm64', arm64],
    ['32-bit x86', { alignment: 8, word: 4, endian: 'little' }],
    ['32-bit ARM', { alignment: 256, word: 4, endian: 'little' }],
    ['s390', { alignment: 8, word: 8, endian: 'big' }],
    ['powerpc', { alignment: 256, word: 8, endian: 'big' }],
    ['32-bit powerpc', { alignment: 256, word: 4, endian: 'big' }],
    ['a reserved area', { ...x86, reserved: 4096 }],
    ['a reserved area of an odd size', { ...arm64, reserved: 1001 }],
    ['a reserved area in use', { ...x86, reserved: 4096, inserted: foreign }],
    ['a reserved area in use, on arm64', { ...arm64, reserved: 4097, inserted: foreign }],
  ])('is found as laid out for %s', async (_, layout) => {
    const expected = [own, trusted, ...(layout.inserted ? [layout.inserted] : [])];
    const foundIn = async (moduleSize: number) => {
      const laidOut = certificateList([own, trusted], moduleSize, layout);
      return readKernelImage(vmlinux(uncompressedKernel([laidOut]), layout));
    };
    const image = await foundIn(own.length);
    expect(image).toMatchObject({ certificates: expected, moduleCertificate: 0 });
    const without = await foundIn(0);
    expect(without.certificates).toEqual(expected);
    expect(without).not.toHaveProperty('moduleCertificate');
  });

  it('is found whole if the reserved area has a certificate at a multiple of 8', async () => {
    // Then how much is used looks like the size of a list of that one alone.
    let first = own;
    for (let i = 0; first.length % 8 !== 0; i++) {
      first = makeCertificate(directory, 'y'.repeat((i % 8) + 1));
    }
    for (const layout of [x86, arm64]) {
      for (const moduleSize of [first.length, 0]) {
        const using = { ...layout, reserved: 2048, inserted: foreign };
        const image = await found(certificateList([first], moduleSize, using));
        expect(image.certificates).toEqual([first, foreign]);
      }
    }
  });

  it.each([1, 2, 20])('is found with %i certificates', async (count) => {
    const certificates = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? own : trusted));
    const image = await found(certificateList(certificates, own.length, x86));
    expect(image.certificates).toEqual(certificates);
  });

  it('is not the list of revoked certificates, nor others that lie in the kernel', async () => {
    for (const layout of [x86, arm64]) {
      const revoked = certificateList([foreign], undefined, layout);
      const lone = Buffer.concat([foreign, Buffer.alloc(64, 0xaa)]);
      for (const size of [own.length, 0]) {
        const trustedList = certificateList([own, trusted], size, layout);
        const image = await found(lone, trustedList, revoked, lone);
        expect(image.certificates).toEqual([own, trusted]);
      }
      const error = await kbuildErrorOf(() => found(lone, revoked));
      expect(error.code).toBe('KERNEL_IMAGE_NO_CERTS');
      expect(error.message).toContain('6.1.0-56-amd64');
    }
  });

  it('begins where its size says, even right behind another certificate', async () => {
    let other = foreign;
    for (let i = 0; other.length % 8 !== 0; i++) {
      other = makeCertificate(directory, 'x'.repeat((i % 8) + 1));
    }
    const image = await found(Buffer.concat([other, list]));
    expect(image.certificates).toEqual([own, trusted]);
  });

  it('has no second size before Linux 5.13', async () => {
    const old = certificateList([own, trusted], undefined, x86);
    const image = await readKernelImage(vmlinux(uncompressedKernel([old], '5.10.0-46-amd64')));
    expect(image.certificates).toEqual([own, trusted]);
    expect(image).not.toHaveProperty('moduleCertificate');
    const error = await kbuildErrorOf(() => found(old));
    expect(error.code).toBe('KERNEL_IMAGE_NO_CERTS');
  });

  it('is none if a size is wrong or a certificate is damaged', async () => {
    for (let bit = 0; bit < 64; bit++) {
      const damaged = Buffer.from(list);
      const sizeAt = Math.ceil((own.length + trusted.length) / 8) * 8;
      damaged[sizeAt + (bit >> 3)]! ^= 1 << (bit & 7);
      expect((await kbuildErrorOf(() => found(damaged))).code).toBe('KERNEL_IMAGE_NO_CERTS');
    }
    const damaged = Buffer.from(list);
    damaged[own.length + 9]! ^= 1;
    expect((await kbuildErrorOf(() => found(damaged))).code).toBe('KERNEL_IMAGE_NO_CERTS');
  });

  it('is looked for in linear time', async () => {
    const size = 2 ** 25;
    const hostile = [
      Buffer.alloc(size, Buffer.from('3082000030820000', 'hex')),
      Buffer.alloc(size, Buffer.from('3082ffff3082fff0', 'hex')),
      Buffer.alloc(size, Buffer.concat([own, Buffer.alloc(8 - (own.length % 8))])),
      Buffer.alloc(size, own),
    ];
    for (const part of hostile) {
      const start = performance.now();
      expect((await kbuildErrorOf(() => found(part))).code).toBe('KERNEL_IMAGE_NO_CERTS');
      expect(performance.now() - start).toBeLessThan(3000);
    }
  });
});

describe('what is no kernel image', () => {
  const zstd = bzImage(compress('zstd', kernel), kernel);

  it.each<[string, Buffer, string]>([
    ['an empty file', Buffer.alloc(0), 'neither'],
    ['a text', Buffer.from('vmlinuz'), 'neither'],
    ['a compressed text', gzipSync('vmlinuz'), 'neither'],
    ['damaged gzip', gzipSync(kernel).subarray(0, -1), 'gzip data at offset'],
    ['an ELF file of another kind', vmlinux(codeLikeBytes(5000)), "no 'Linux version'"],
    ['a bzImage that is cut off', zstd.subarray(0, -100), 'beyond its end'],
    ['half a setup header', zstd.subarray(0, 0x230), 'neither'],
    [
      'a zboot that is cut off',
      zboot(gzipSync(kernel), 'gzip').subarray(0, 2000),
      'beyond its end',
    ],
    [
      'half a zboot header',
      zboot(gzipSync(kernel), 'gzip').subarray(0, 20),
      'cut off in its header',
    ],
    ['a bzImage of bzip2', bzImage(compress('bzip2', kernel), kernel), 'compressed with bzip2'],
    ['a bzImage of lzma', bzImage(compress('lzma', kernel), kernel), 'compressed with lzma'],
    ['a bzImage of lzo', bzImage(Buffer.from('\x89LZO....', 'latin1'), kernel), 'with lzo'],
    ['a bzImage of something', bzImage(codeLikeBytes(100), kernel), 'unknown method'],
    ['a bzImage of nothing', bzImage(Buffer.alloc(0)), 'unknown method'],
    ['another size', bzImage(compress('zstd', kernel), list), `instead of ${list.length}`],
    ['another size of lz4', bzImage(compress('lz4', kernel, '-l'), list), 'damaged lz4'],
  ])('is named: %s', async (_, image, why) => {
    const error = await kbuildErrorOf(() => readKernelImage(image));
    expect(error.code).toBe('KERNEL_IMAGE_FORMAT');
    expect(error.message).toContain(why);
    expect(error.hint).toContain('vmlinux');
  });

  it('is no crash, wherever a byte of lz4 is changed', async () => {
    const small = uncompressedKernel([list]).subarray(0, 6000);
    const image = bzImage(compress('lz4', small, '-l'), small);
    const start = image.indexOf(Buffer.from('02214c18', 'hex'));
    for (let at = start + 4; at < image.length - 4; at += 3) {
      const changed = Buffer.from(image);
      changed[at]! ^= 0xff;
      await readKernelImage(changed).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'KbuildError' });
      });
    }
  });
});
