import { describe, expect, it } from 'vitest';
import { codeLikeBytes, compress } from '../../../test/support/compressors.js';
import { kernelReadable } from './kernel-readable.js';

const content = codeLikeBytes(5000);

/** A gzip header with optional parts (RFC 1952). */
const gzip = (flags: number, optional: string) =>
  Buffer.concat([
    Buffer.from('1f8b08000000000000ff', 'hex').fill(flags, 3, 4),
    Buffer.from(optional, 'latin1'),
    compress('gzip', content, '--no-name').subarray(10),
  ]);

describe('kernelReadable', () => {
  it.each([
    // As scripts/Makefile.modinst has them.
    ['gzip', ['-n', '-f']],
    ['xz', ['--check=crc32', '--lzma2=dict=1MiB', '-f']],
    ['zstd', ['-T0', '-q', '-f']],
    ['gzip', ['--name']],
    ['xz', ['--check=none', '-9']],
    ['zstd', ['--ultra', '-22', '--long=27']],
  ])('finds nothing wrong with %s %j', (program, options) => {
    const found = kernelReadable(compress(program, content, ...options));
    expect(found).toEqual({ format: program, needs: [] });
  });

  it('finds nothing wrong with an uncompressed module', () => {
    expect(kernelReadable(content)).toEqual({ format: 'none', needs: [] });
  });

  it.each([
    [['--x86', '--lzma2'], ['CONFIG_XZ_DEC_X86']],
    [
      ['--arm', '--x86', '--lzma2'],
      ['CONFIG_XZ_DEC_ARM', 'CONFIG_XZ_DEC_X86'],
    ],
  ])('names the configuration that xz %j needs', (options, needs) => {
    const found = kernelReadable(compress('xz', content, '--check=crc32', ...options));
    expect(found).toEqual({ format: 'xz', needs });
  });

  it.each([
    ['xz', [], 'crc64'],
    ['xz', ['--check=sha256'], 'sha256'],
    ['xz', ['--check=crc32', '--lzma2=dict=128MiB'], '134217728 bytes of memory'],
    ['xz', ['--check=crc32', '--delta', '--lzma2'], 'filter 3'],
    ['zstd', ['--long=28'], 'window of 268435456 bytes'],
  ])('minds %s %j', (program, options, problem) => {
    expect(kernelReadable(compress(program, content, ...options)).problem).toContain(problem);
  });

  it.each([
    [0x04, '\x03\x00abc', 'an extra field'],
    [0x10, 'comment\0', 'a comment'],
    [0x0c, '\x03\x00abcname\0', 'an extra field'],
  ])('minds gzip headers with flags %i', (flags, optional, problem) => {
    expect(kernelReadable(gzip(flags, optional)).problem).toContain(problem);
  });

  it.each(['xz', 'zstd'])('minds a second part of %s', (program) => {
    const part = compress(program, content, program === 'xz' ? '--check=crc32' : '--check');
    expect(kernelReadable(Buffer.concat([part, part])).problem).toContain('only the first');
  });

  it.each(['gzip', 'xz', 'zstd'])('minds %s that is cut off in its headers', (program) => {
    const head = compress(program, content).subarray(0, 8);
    expect(kernelReadable(head).problem).toContain(`${program} data at offset`);
  });
});
