/** How a module file is compressed; modules_install knows these three (CONFIG_MODULE_COMPRESS_*). */
export type Compression = 'none' | 'gzip' | 'xz' | 'zstd';

const magicNumbers: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/**
 * Tells the compression by the first bytes of a file (6 are enough), as kmod does: names do not
 * count.
 */
export function detectCompression(head: Uint8Array): Compression {
  for (const [compression, magic] of magicNumbers) {
    if (magic.every((byte, i) => head[i] === byte)) return compression;
  }
  return 'none';
}
