import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { allSuites, suiteByName } from './suite.js';

describe('suiteByName', () => {
  it('finds every suite that there is', () => {
    for (const suite of allSuites()) expect(suiteByName(suite.name)).toBe(suite);
    expect(allSuites().map(({ name }) => name)).toContain('bookworm');
  });

  it('refuses another one, with the nearest', async () => {
    const error = await kbuildErrorOf(() => suiteByName('bookwrom'));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.message).toBe("unknown Debian suite 'bookwrom'");
    expect(error.hint).toContain("Did you mean 'bookworm'?");
  });
});
