import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { withFileErrors } from './file-errors.js';

const failing = (error: Error) => () =>
  kbuildErrorOf(() => withFileErrors('/cache', () => Promise.reject(error)));

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: no, open '/cache/x'`), { code });

describe('withFileErrors', () => {
  it.each([
    ['ENOSPC', 'STORAGE_FAILED'],
    ['EROFS', 'STORAGE_FAILED'],
    ['EACCES', 'KERNEL_SOURCE_INVALID'],
  ])('tells of %s', async (code, expected) => {
    const error = await failing(systemError(code))();
    expect(error.code).toBe(expected);
    expect(error.message).toContain("open '/cache/x'");
  });

  it('leaves all else as it is', async () => {
    const error = new KbuildError('BUILD_DISK_FULL', 'm', 'h');
    expect(await failing(error)()).toBe(error);
    const other = new TypeError('x');
    await expect(withFileErrors('/cache', () => Promise.reject(other))).rejects.toBe(other);
    expect(await withFileErrors('/cache', () => Promise.resolve(1))).toBe(1);
  });
});
