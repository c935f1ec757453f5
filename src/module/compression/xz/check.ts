import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc64 } from './crc64.js';

/** A check of a block's content. */
export interface XzCheck {
  /** As xz --check has it. */
  name: string;
  /** In bytes. */
  size: number;
  /** What stands in the file for this content. */
  of: (content: Uint8Array) => Uint8Array;
}

/** The checks of the xz format by their ids (section 2.1.1.2). */
export const xzChecks: ReadonlyMap<number, XzCheck> = new Map([
  [0, { name: 'none', size: 0, of: () => Buffer.alloc(0) }],
  [
    1,
    {
      name: 'crc32',
      size: 4,
      of: (content: Uint8Array) => {
        const value = Buffer.alloc(4);
        value.writeUInt32LE(crc32(content));
        return value;
      },
    },
  ],
  [4, { name: 'crc64', size: 8, of: crc64 }],
  [
    10,
    {
      name: 'sha256',
      size: 32,
      of: (content: Uint8Array) => createHash('sha256').update(content).digest(),
    },
  ],
]);
