import { describe, expect, it } from 'vitest';
import { isModuleFile, readModulePath } from './module-path.js';

describe('readModulePath', () => {
  it.each([
    ['kernel/a-b/c-d.ko.xz', 'c_d', 'kernel/a-b/c-d', 'kernel/a-b/c-d.ko'],
    ['x.ko', 'x', 'x', 'x.ko'],
    ['no-dot', 'no_dot', 'no-dot', 'no-dot'],
    ['d/.ko', '', 'd/', 'd/.ko'],
  ])('reads %s', (path, name, stem, uncompressed) => {
    expect(readModulePath(path)).toEqual({ name, stem, uncompressed });
  });
});

describe('isModuleFile', () => {
  it.each(['a.ko', 'a.ko.gz', 'a.ko.xz', 'a.ko.zst', '..ko'])('takes %s', (name) => {
    expect(isModuleFile(name)).toBe(true);
  });

  it.each(['.ko', '.ko.xz', 'a.ko.bz2', 'a.ko.debug', 'ko', 'a.o'])('leaves %s', (name) => {
    expect(isModuleFile(name)).toBe(false);
  });
});
