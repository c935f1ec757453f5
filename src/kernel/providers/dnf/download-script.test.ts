import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import type { DnfRepository } from '../../repository.js';
import { checkFunction, downloadScript } from './download-script.js';
import { parseDnfIndex } from './index-file.js';

/** What the script makes of a verdict that rpmkeys prints; rpmkeys 4.14 knows no policy and exits 0. */
function judge(verdict: string[], { status = 0, sha256 = '-', content = 'rpm' } = {}) {
  const lines = ['/fetch/rpm/a.rpm:', ...verdict.map((line) => `    ${line}`)];
  const directory = temporaryDirectory({
    'a.rpm': content,
    verdict: `${lines.join('\n')}\n`,
    'bin/rpmkeys': { program: `#!/bin/sh\ncat "$VERDICT"\nexit ${status}\n` },
  });
  const { stdout, status: code } = spawnSync(
    'sh',
    ['-c', `${checkFunction}\ncheck ${directory}/a.rpm ${sha256}`],
    {
      encoding: 'utf8',
      env: { PATH: `${directory}/bin:${process.env.PATH ?? ''}`, VERDICT: `${directory}/verdict` },
    },
  );
  return code === 0 ? 'trusted' : stdout.trim();
}

const signed = 'Header V4 RSA/SHA256 Signature, key ID 88e0e6b0: OK';
const payload = 'Payload SHA256 digest: OK';

describe('the check of a package', () => {
  it('trusts a signed header with a digest of the rest, and a signature of all', () => {
    expect(judge([signed, 'Header SHA256 digest: OK', payload, 'MD5 digest: OK'])).toBe('trusted');
    const whole = 'V3 RSA/SHA256 Signature, key ID 88e0e6b0: OK';
    expect(judge([signed, 'Header SHA1 digest: OK', whole, 'MD5 digest: OK'])).toBe('trusted');
    const ofRpm6 = 'Header OpenPGP V4 RSA/SHA256 signature, key fingerprint: 3af826: OK';
    expect(judge([ofRpm6, 'Payload SHA256 digest: OK'])).toBe('trusted');
  });

  it('does not trust what nobody signed, even where rpm does', () => {
    expect(judge(['Header SHA256 digest: OK', payload, 'MD5 digest: OK'])).toBe('it is not signed');
    const absent = ['Header RSA signature: NOTFOUND', 'RSA signature: NOTFOUND'];
    expect(judge([...absent, payload], { status: 1 })).toBe('it is not signed');
  });

  it('does not trust a header alone: the rest could be anything', () => {
    expect(judge([signed, 'Header SHA1 digest: OK', 'MD5 digest: OK'])).toBe(
      'its signature does not cover its content',
    );
  });

  it('names a key that is not the repository’s', () => {
    const stranger = 'Header V4 RSA/SHA512 Signature, key ID c7e08f60: NOKEY';
    expect(judge([stranger, payload], { status: 1 })).toBe(
      "it is signed with a key that is not the repository's (key ID c7e08f60)",
    );
    expect(judge([signed, stranger, payload])).toContain('key ID c7e08f60');
  });

  it('does not trust a bad signature or digest beside a good one', () => {
    expect(judge([signed, payload, 'V4 RSA/SHA256 Signature, key ID 88e0e6b0: BAD'])).toBe(
      'its signature is bad',
    );
    expect(
      judge([signed, 'Payload SHA256 digest: BAD (Expected d7 != 97)', 'MD5 digest: OK']),
    ).toBe('its content is not what its digest says: damaged or cut short');
  });

  it('does not trust what rpm refuses or cannot read', () => {
    expect(judge([signed, payload], { status: 1 })).toMatch(/^it cannot be verified: /);
    expect(judge(['error: not an rpm package'], { status: 1 })).toMatch(/not an rpm package/);
    expect(judge([])).toMatch(/^it cannot be verified/);
  });

  it('compares the file with the hash of the index', () => {
    const sha256 = execFileSync('sha256sum', { input: 'rpm', encoding: 'utf8' }).slice(0, 64);
    expect(judge([signed, payload], { sha256 })).toBe('trusted');
    expect(judge([signed, payload], { sha256, content: 'rpm!' })).toMatch(/^its sha256 is not/);
  });
});

describe('downloadScript', () => {
  const repository: DnfRepository = {
    distribution: 'test',
    name: '1',
    manager: 'dnf',
    sources: "[k]\nbaseurl=http://127.0.0.1/'$(touch /tmp/hostile)'\n",
    keys: ['/a.asc', '/b.asc'],
    kernels: [{ package: 'k', uname: '{version}', kdir: '/usr/src/k', stock: true }],
  };

  it('is a script that a shell reads, whatever a repository file holds', () => {
    const packages = parseDnfIndex('package|k|1|1.0|3|aarch64|1\npackage|l|0|1.0|3|noarch|1');
    const script = downloadScript(repository, packages, 'x86_64');
    execFileSync('sh', ['-n'], { input: script });
    expect(script).toContain("baseurl=http://127.0.0.1/'\\''$(touch /tmp/hostile)'\\''");
    // What is for every arch comes with the arch that asks for it.
    expect(script).toContain('download aarch64 k-1:1.0-3.aarch64 l-1.0-3.noarch');
    expect(script).not.toContain('download x86_64');
  });
});
