import { describe, expect, it } from 'vitest';
import { sourcesFile } from './sources-file.js';

const source = { suite: 'stable', component: 'main' };

describe('sourcesFile', () => {
  it('names the key that apt checks the repository with', () => {
    const url = 'https://packages.acme.example/apt';
    expect(sourcesFile({ ...source, url, keyring: 'acme-archive-keyring.asc' })).toBe(
      `# Put acme-archive-keyring.asc into /etc/apt/keyrings: apt takes what its key has signed alone.
Types: deb
URIs: ${url}
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/acme-archive-keyring.asc
`,
    );
  });

  it('says what is left to the customer', () => {
    const text = sourcesFile(source);
    expect(text).toContain('# Write the address');
    expect(text).toContain('# It is not signed');
    expect(text).not.toContain('Signed-By');
    expect(text).not.toMatch(/^Trusted/m);
  });
});
