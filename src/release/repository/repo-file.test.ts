import { describe, expect, it } from 'vitest';
import { repoFile } from './repo-file.js';

describe('repoFile', () => {
  it('names the key and asks for signatures where there are any', () => {
    expect(repoFile('acme', 'https://acme.example/yum/', true)).toBe(`[acme]
name=Kernel modules of acme
baseurl=https://acme.example/yum
enabled=1
repo_gpgcheck=1
gpgcheck=1
gpgkey=https://acme.example/yum/RPM-GPG-KEY-acme
`);
  });

  it('says that the address must be written where nobody knows it', () => {
    const text = repoFile('acme', undefined, false);
    expect(text).toMatch(/^# Write the address .*\n\[acme\]\n/);
    expect(text).not.toContain('gpgkey');
  });
});
