import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { debianVersion } from './debian-version.js';

const code = 'PACKAGE_VERSION';

/** Whether dpkg itself takes a version, and sorts it before another. */
const dpkg = (...args: string[]): boolean => {
  try {
    execFileSync('dpkg', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('debianVersion', () => {
  it.each(['1.0.0', '0.8', '1.12.0+dfsg', '1.0~rc1', '0.3.0-1', '1.9.1-5~bpo12+1', '20240101'])(
    'takes %s, as dpkg does',
    (version) => {
      expect(debianVersion(version, code)).toBe(version);
      expect(dpkg('--validate-version', version)).toBe(true);
    },
  );

  it.each([
    ['r12', 'begin with a digit'],
    ['1.0_2', "may not contain '_'"],
  ])('refuses %s, as dpkg does, and says what is wrong', async (version, why) => {
    const error = await kbuildErrorOf(() => debianVersion(version, code));
    expect(error.code).toBe(code);
    expect(error.message).toContain(why);
    expect(dpkg('--validate-version', version)).toBe(false);
  });

  it.each(['1.0-rc1', '2.4-beta2', '1-git20240101'])(
    'refuses %s, which dpkg would sort after its release',
    async (version) => {
      const [release = ''] = version.split('-');
      expect(dpkg('--compare-versions', version, 'gt', release)).toBe(true);
      const { hint } = await kbuildErrorOf(() => debianVersion(version, code));
      const right = version.replace('-', '~');
      expect(hint).toContain(right);
      expect(dpkg('--compare-versions', right, 'lt', release)).toBe(true);
    },
  );

  it('refuses a revision that does not look like one', async () => {
    const error = await kbuildErrorOf(() => debianVersion('1.0-x', code));
    expect(error.code).toBe(code);
  });
});
