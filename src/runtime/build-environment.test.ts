import { describe, expect, it } from 'vitest';
import { buildEnvironment } from './build-environment.js';

describe('buildEnvironment', () => {
  it('depends on nothing but SOURCE_DATE_EPOCH', () => {
    const user = { HOME: '/home/me', USER: 'me', LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' };
    const kbuild = { KBUILD_BUILD_USER: 'me', KBUILD_BUILD_HOST: 'box', KCFLAGS: '-O0' };
    expect(buildEnvironment({ ...user, ...kbuild })).toEqual(buildEnvironment({}));
  });

  it('sets what would put the machine, the user, the time or the language into a module', () => {
    expect(buildEnvironment({})).toEqual({
      HOME: '/tmp',
      KBUILD_BUILD_HOST: 'kbuild-ts',
      KBUILD_BUILD_TIMESTAMP: '@0',
      KBUILD_BUILD_USER: 'kbuild-ts',
      LC_ALL: 'C',
      SOURCE_DATE_EPOCH: '0',
      TZ: 'UTC',
    });
  });

  it('takes the time that SOURCE_DATE_EPOCH names, for Kbuild too', () => {
    expect(buildEnvironment({ SOURCE_DATE_EPOCH: '1700000000' })).toMatchObject({
      SOURCE_DATE_EPOCH: '1700000000',
      KBUILD_BUILD_TIMESTAMP: '@1700000000',
    });
  });

  it('takes an empty SOURCE_DATE_EPOCH for none', () => {
    expect(buildEnvironment({ SOURCE_DATE_EPOCH: '' })).toEqual(buildEnvironment({}));
  });
});
