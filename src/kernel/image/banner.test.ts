import { describe, expect, it } from 'vitest';
import { findBanner } from './banner.js';

describe('findBanner', () => {
  it.each([
    ['Linux version 6.1.0-56-arm64 (a@b) (gcc-12) #1 SMP', '6.1.0-56-arm64'],
    ['Linux version 6.12.117+deb13-cloud-amd64 (a@b) (gcc-14) #1', '6.12.117+deb13-cloud-amd64'],
    ['Linux version 7.2.0~rc1_x-y (a@b) (clang) #1', '7.2.0~rc1_x-y'],
  ])('reads %s', (banner, release) => {
    const kernel = Buffer.from(`\0Linux version %s (%s)\n\0Linux version\0\x7f${banner}\n\0`);
    expect(findBanner(kernel)).toEqual({ banner, release });
  });

  it.each(['', 'Linux version ', 'Linux version 6.1', 'Linux version six (a@b)\n'])(
    'finds none in %j',
    (text) => {
      expect(findBanner(Buffer.from(text))).toBeUndefined();
    },
  );

  it.each(['Linux version ', 'Linux version 6'])('is fast where %j is everywhere', (text) => {
    const start = performance.now();
    expect(findBanner(Buffer.alloc(2 ** 24, text))).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
