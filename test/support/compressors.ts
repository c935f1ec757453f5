import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const maxBuffer = 2 ** 28;

/** What a compressor makes of bytes on its standard input: gzip, xz or zstd themselves. */
export function compress(program: string, content: Uint8Array, ...options: string[]): Buffer {
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  return execFileSync(program, [...options, '-c'], {
    input: content,
    stdio: [...stdio],
    maxBuffer,
  });
}

/** What a compressor makes of a file, whose name and size it then knows. */
export function compressFile(
  directory: string,
  program: string,
  content: Uint8Array,
  ...options: string[]
): Buffer {
  const file = join(directory, 'content.ko');
  writeFileSync(file, content);
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync(program, [...options, '-c', file], { stdio: [...stdio], maxBuffer });
}

/** Bytes that look like code of many architectures: dense in what branch filters look for. */
export function codeLikeBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const common = [
    0xe8, 0xe9, 0x00, 0xff, 0xeb, 0x48, 0x90, 0x94, 0xf0, 0xf8, 0x40, 0x7f, 0x01, 0x0f,
  ];
  let state = 1;
  for (let i = 0; i < length; i++) {
    // A linear congruential generator (Numerical Recipes): the same bytes in every run.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const byte = state >>> 24;
    bytes[i] = byte < 160 ? common[byte % common.length]! : byte;
  }
  return bytes;
}
