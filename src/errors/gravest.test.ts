import { describe, expect, it } from 'vitest';
import { errorCodes, type ErrorCode } from './codes.js';
import { exitStatus } from './gravest.js';

describe('exitStatus', () => {
  it('is 0 where nothing failed', () => {
    expect(exitStatus([])).toBe(0);
  });

  it.each(Object.entries(errorCodes).filter(([code]) => code !== 'INTERRUPTED'))(
    'is that of %s where it is all that failed: %i',
    (code, status) => {
      expect(exitStatus([code as ErrorCode])).toBe(status);
    },
  );

  it.each<[number, ErrorCode[]]>([
    [1, ['BUILD_COMPILE_ERROR', 'BUILD_MAKE_FAILED']],
    [2, ['BUILD_COMPILE_ERROR', 'KDIR_NOT_PREPARED', 'BUILD_COMPILE_ERROR']],
    [3, ['VERIFY_FAILED', 'KDIR_NOT_PREPARED', 'BUILD_COMPILE_ERROR']],
    [4, ['VERIFY_FAILED', 'FETCH_FAILED', 'KERNEL_UNKNOWN']],
    [70, ['FETCH_FAILED', 'INTERNAL', 'VERIFY_FAILED']],
  ])('is the gravest, %i, in whatever order', (status, codes) => {
    expect(exitStatus(codes)).toBe(status);
    expect(exitStatus(codes.toReversed())).toBe(status);
  });
});
