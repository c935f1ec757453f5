import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cacheDirectory } from './directories.js';

describe('cacheDirectory', () => {
  it('is what KBUILD_TS_CACHE_DIR says, whatever else is set', () => {
    const environment = { KBUILD_TS_CACHE_DIR: '/ci/cache', XDG_CACHE_HOME: '/xdg' };
    expect(cacheDirectory(environment)).toBe('/ci/cache');
  });

  it('lies in XDG_CACHE_HOME', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/kbuild-ts');
  });

  it('lies in ~/.cache where nothing is set, or set to nothing', () => {
    const expected = `${homedir()}/.cache/kbuild-ts`;
    expect(cacheDirectory({})).toBe(expected);
    expect(cacheDirectory({ KBUILD_TS_CACHE_DIR: '', XDG_CACHE_HOME: '' })).toBe(expected);
  });

  it('ignores an XDG_CACHE_HOME that is no absolute path, as the specification says', () => {
    const directory = cacheDirectory({ XDG_CACHE_HOME: 'relative/cache' });
    expect(directory).toBe(`${homedir()}/.cache/kbuild-ts`);
  });
});
