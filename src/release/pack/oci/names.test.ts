import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { imageName, releaseTag, versionTag } from './names.js';

describe('imageName', () => {
  it.each([
    ['ring', 'ring'],
    ['acme-ring', 'acme-ring'],
    ['acme--ring_2', 'acme--ring_2'],
    ['ring.core', 'ring.core'],
    ['ring++', 'ring'],
    ['ring+core', 'ring-core'],
    ['ring.-core', 'ring-core'],
    ['Ring___Core', 'ring-core'],
    ['-ring.', 'ring'],
  ])('makes of %s %s', (name, expected) => {
    expect(imageName(name)).toBe(expected);
    // The grammar of the specification.
    expect(expected).toMatch(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/);
  });

  it('refuses what has no letter', async () => {
    expect((await kbuildErrorOf(() => imageName('++'))).code).toBe('PACKAGE_NAME');
  });
});

describe('tags', () => {
  it.each([
    ['6.1.0-56-amd64', '6.1.0-56-amd64'],
    ['6.5.9-300.fc39.x86_64', '6.5.9-300.fc39.x86_64'],
    ['6.1.0+', '6.1.0'],
    ['6.1.0+acme~1', '6.1.0_acme_1'],
  ])('are of %s %s', (release, expected) => {
    expect(releaseTag(release)).toBe(expected);
    expect(versionTag('1:2.0~rc1', release)).toBe(`1_2.0_rc1-${expected}`);
  });

  it('are refused where they are too long', async () => {
    const error = await kbuildErrorOf(() => versionTag('1'.repeat(100), '6'.repeat(40)));
    expect(error.code).toBe('PACKAGE_NAME');
  });
});
