import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { describePackage } from './about.js';
import { rpmPackage } from './rpm-package.js';
import type { PackageAbout, SourcePackage } from './source-package.js';

const sources = (about: PackageAbout): SourcePackage => ({
  ...{ name: 'demo', version: '1', entries: [], modules: [], depends: [], needs: [], about },
});

describe('describePackage', () => {
  it('takes the first line as the summary, and the others as text', () => {
    const { summary, description } = describePackage(sources({ description: ' one\r\n\n two\n' }));
    expect(summary).toBe('one');
    expect(description).toEqual(['two', '', expect.any(String), expect.any(String)]);
  });

  it.each([
    ['license', 'GPL\n%pre\nid'],
    ['homepage', 'https://x/\u0001'],
    ['maintainer', 'A\rRequires: evil <a@b.c>'],
    ['maintainer', 'A\u2028B <a@b.c>'],
    ['description', 'one\ntwo\rthree'],
    ['description', 'one\u001b[2J'],
  ])('refuses a %s of %j', async (field, text) => {
    const error = await kbuildErrorOf(() => describePackage(sources({ [field]: text })));
    expect(error.code).toBe('DKMS_PACK_VALUE');
    expect(error.message).toContain(`the ${field} of demo`);
  });
});

describe('rpmPackage', () => {
  it('has no line of a description that begins with a %', () => {
    const description = 'summary\n%pre\n\u00a0 %include /etc/shadow\n50 % of it';
    const { entries } = rpmPackage(sources({ description }), 1);
    const spec = String(entries.find(({ path }) => path === 'package.spec')?.content);
    expect(spec).toContain('- %%pre\n- %%include /etc/shadow\n50 %% of it\n');
  });
});
