import { writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeKeyPair, openssl, type KeyPair } from '../../../test/support/openssl.js';
import { releaseValues } from '../../../test/support/release-values.js';
import { temporaryDirectory, writeTree } from '../../../test/support/temporary-directory.js';
import type { ReleaseFile } from '../pack/format.js';
import { createSigner } from '../signer.js';
import { evidence } from './evidence.js';

const keys = temporaryDirectory();
let rsa: KeyPair;
let ec: KeyPair;
beforeAll(() => {
  rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(keys, 'ec');
});

const pathsOf = (files: readonly ReleaseFile[]) => files.map(({ path }) => path);

/** A release with its evidence on disk. */
async function released(pair?: KeyPair, attested = true): Promise<string> {
  const input = await releaseValues();
  const signer = pair && (await createSigner(pair));
  const made = await evidence({ ...input, attested, signer });
  const all = [...input.files, ...made].map(({ path, bytes }) => [path, bytes] as const);
  return temporaryDirectory(Object.fromEntries(all));
}

const check = (directory: string) =>
  execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], {
    cwd: directory,
    stdio: 'pipe',
  }).toString();

function verify(directory: string): void {
  const [at, null_] = [(name: string) => join(directory, name), '/dev/null'];
  openssl(
    ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('SHA256SUMS.p7s')],
    ...['-content', at('SHA256SUMS'), '-out', null_, '-nointern', '-purpose', 'any'],
    ...['-certfile', at('certificate.pem'), '-CAfile', at('certificate.pem')],
  );
}

describe('the evidence of a release', () => {
  it('is all of it for a release, checksums alone for packages; signatures where there is a key', async () => {
    const input = await releaseValues();
    const signer = await createSigner(rsa);
    const of = async (changes: object) => pathsOf(await evidence({ ...input, ...changes }));
    const signed = ['certificate.pem', 'SHA256SUMS', 'SHA256SUMS.p7s'];
    const record = ['release.json', 'sbom.cdx.json'];
    expect(await of({ signer })).toEqual([...record, 'provenance.intoto.jsonl', ...signed]);
    expect(await of({})).toEqual([...record, 'provenance.json', 'SHA256SUMS']);
    expect(await of({ attested: false, signer })).toEqual(signed);
    expect(await of({ attested: false })).toEqual(['SHA256SUMS']);
  });

  it.each(['rsa', 'ec'] as const)('is verified by sha256sum and openssl: %s', async (type) => {
    const directory = await released({ rsa, ec }[type]);
    expect(check(directory)).toBe('');
    expect(() => {
      verify(directory);
    }).not.toThrow();
    writeFileSync(join(directory, 'SHA256SUMS'), '# nothing\n');
    expect(() => {
      verify(directory);
    }).toThrow('erif');
  });

  it('finds what was changed, wherever', async () => {
    for (const path of ['release.json', 'sbom.cdx.json', 'provenance.json']) {
      const directory = await released();
      writeTree(directory, { [path]: '{}' });
      expect(() => check(directory)).toThrow('NOT match');
    }
  });

  it('is the same bytes each time, signed by RSA', async () => {
    const [one, other] = await Promise.all([
      releaseValues().then(async (input) =>
        evidence({ ...input, signer: await createSigner(rsa) }),
      ),
      releaseValues().then(async (input) =>
        evidence({
          ...input,
          files: [...input.files].reverse(),
          projects: [...input.projects].reverse(),
          unpacked: [...input.unpacked].reverse(),
          signer: await createSigner(rsa),
        }),
      ),
    ]);
    expect(one).toEqual(other);
  });
});
