import { expect, it } from 'vitest';
import { compress } from '../../../test/support/compressors.js';
import { detectCompression } from './detect.js';

it.each(['gzip', 'xz', 'zstd'] as const)('knows what %s writes by six bytes', (program) => {
  const head = compress(program, Buffer.from('a module')).subarray(0, 6);
  expect(detectCompression(head)).toBe(program);
});

it.each([
  ['an ELF file', Buffer.from('\x7fELF\x02\x01', 'latin1')],
  ['an empty file', Buffer.alloc(0)],
  ['half a magic number', Buffer.of(0x28, 0xb5, 0x2f)],
  ['bzip2, which the kernel knows not for modules', Buffer.from('BZh91A')],
])('takes %s for uncompressed', (_, head) => {
  expect(detectCompression(head)).toBe('none');
});
