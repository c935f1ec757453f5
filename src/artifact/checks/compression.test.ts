import { describe, expect, it } from 'vitest';
import { configOf, inShort } from '../../../test/support/verify-values.js';
import { checkCompression } from './compression.js';

const check = (readability: Parameters<typeof checkCompression>[0], ...config: string[]) =>
  checkCompression(readability, { config: configOf(config) });

describe('the check of the compression', () => {
  it('has nothing to say of an uncompressed module', () => {
    expect(check({ format: 'none', needs: [] })).toEqual([]);
  });

  it.each(['gzip', 'xz', 'zstd'] as const)('wants a kernel that is configured for %s', (format) => {
    const own = `CONFIG_MODULE_COMPRESS_${format.toUpperCase()}`;
    const file = { format, needs: [] };
    expect(check(file, 'CONFIG_MODULE_DECOMPRESS', own)).toEqual([]);
    for (const config of [[], ['CONFIG_MODULE_DECOMPRESS']]) {
      const found = check(file, ...config);
      expect(inShort(found)).toEqual(['warning COMPRESSION_NOT_CONFIGURED']);
      expect(found[0]?.message).toBe(`${format}, and the kernel lacks ${own}`);
    }
    // As modules_install compresses for this kernel: kmod decompresses.
    expect(check(file, own)).toEqual([]);
  });

  it('wants the filters that the file went through', () => {
    const file = { format: 'xz', needs: ['CONFIG_XZ_DEC_X86'] } as const;
    const config = ['CONFIG_MODULE_DECOMPRESS', 'CONFIG_MODULE_COMPRESS_XZ'];
    expect(check(file, ...config)[0]?.message).toContain('lacks CONFIG_XZ_DEC_X86');
    expect(check(file, ...config, 'CONFIG_XZ_DEC_X86')).toEqual([]);
    // kmod has all of them.
    expect(check(file, 'CONFIG_MODULE_COMPRESS_XZ')).toEqual([]);
  });

  it('hands on why the kernel could not read it', () => {
    const file = { format: 'xz', problem: 'its xz check is crc64', needs: [] } as const;
    const config = ['CONFIG_MODULE_DECOMPRESS', 'CONFIG_MODULE_COMPRESS_XZ'];
    const found = check(file, ...config);
    expect(inShort(found)).toEqual(['error COMPRESSION_UNREADABLE']);
    expect(found[0]?.message).toBe('its xz check is crc64');
  });

  it('only warns of that where the kernel leaves it to kmod, which reads more', () => {
    const file = { format: 'xz', problem: 'its xz check is crc64', needs: [] } as const;
    for (const config of [
      [],
      ['CONFIG_MODULE_DECOMPRESS'],
      ['CONFIG_MODULE_DECOMPRESS', 'CONFIG_MODULE_COMPRESS_GZIP'],
    ]) {
      expect(inShort(check(file, ...config))).toEqual([
        'warning COMPRESSION_UNREADABLE',
        'warning COMPRESSION_NOT_CONFIGURED',
      ]);
    }
    expect(inShort(check(file, 'CONFIG_MODULE_COMPRESS_XZ'))).toEqual([
      'warning COMPRESSION_UNREADABLE',
    ]);
  });
});
