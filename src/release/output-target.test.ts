import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { outputTargets } from './output-target.js';

const directory = temporaryDirectory({ 'out/.keep': '' });
const existing = join(directory, 'out');
const targets = (...given: Parameters<typeof outputTargets>) =>
  outputTargets(...given).map(({ target }) => target);

describe('outputTargets', () => {
  it('is the file itself, or beside it', () => {
    expect(targets(['a/x.ko', 'y.ko'], undefined)).toEqual(['a/x.ko', 'y.ko']);
    expect(targets(['a/x.ko'], undefined, '.p7s')).toEqual(['a/x.ko.p7s']);
  });

  it('is in a directory: one that is there, that ends in a slash, or for several files', () => {
    expect(targets(['a/x.ko'], existing)).toEqual([join(existing, 'x.ko')]);
    expect(targets(['a/x.ko'], 'new/')).toEqual(['new/x.ko']);
    expect(targets(['a/x.ko', 'y.ko'], 'new', '.p7s')).toEqual(['new/x.ko.p7s', 'new/y.ko.p7s']);
  });

  it('is a file for one file', () => {
    expect(targets(['a/x.ko'], 'new.ko')).toEqual(['new.ko']);
  });

  it('refuses two files that would go to one place, and takes one twice', async () => {
    const error = await kbuildErrorOf(() => targets(['a/x.ko', 'b/x.ko'], 'new'));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain('a/x.ko and b/x.ko');
    expect(targets(['x.ko', './x.ko'], undefined)).toEqual(['x.ko', './x.ko']);
  });
});
