import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { openPgpSigner } from '../../repository/openpgp-signer.js';
import { writeHeader } from './header.js';
import { signRpms } from './sign-rpm.js';

/** The key that GnuPG would make, or one of RFC 9580's own kind. */
async function signerOf(kind: 'gnupg' | 'rfc9580') {
  const userIDs = [{ name: 'vendor', email: 'vendor@example.com' }];
  const type =
    kind === 'gnupg'
      ? { type: 'ecc' as const, curve: 'ed25519Legacy' as const }
      : { type: 'curve25519' as const };
  const { privateKey } = await generateKey({ ...type, userIDs, format: 'armored' });
  return openPgpSigner(join(temporaryDirectory({ key: privateKey }), 'key'), {});
}

/** What is of interest of an rpm here. What rpm says of signatures: test/e2e/rpm-packages.test.ts. */
const bytes = Buffer.concat([
  Buffer.alloc(96),
  writeHeader([], 62),
  writeHeader([{ tag: 1000, type: 6, count: 1, data: Buffer.from('x\0') }], 63),
  Buffer.from('payload'),
]);

const rpm = { path: 'rpm/x.rpm', bytes };

describe('signRpms', () => {
  it('signs rpms alone, once, however often, and changes neither header nor payload', async () => {
    const signer = await signerOf('gnupg');
    const text = { path: 'x.txt', bytes: Buffer.from('x') };
    const signed = await signRpms([rpm, text], signer, 1_700_000_000);
    expect(signed[1]).toEqual(text);
    const tail = bytes.subarray(96 + 48);
    expect(Buffer.from(signed[0]!.bytes).subarray(-tail.length)).toEqual(tail);
    expect(signed[0]!.bytes.length).toBeGreaterThan(bytes.length);
    expect(await signRpms(signed, signer, 1_700_000_000)).toEqual(signed);
  });

  it('refuses a key whose signatures no rpm knows', async () => {
    const signer = await signerOf('rfc9580');
    expect((await kbuildErrorOf(() => signRpms([rpm], signer, 1))).code).toBe('REPOSITORY_KEY');
  });

  it.each([0, 50, 100, 150])('refuses what is cut off after %i bytes', async (length) => {
    const cut = { ...rpm, bytes: bytes.subarray(0, length) };
    const signer = await signerOf('gnupg');
    expect((await kbuildErrorOf(() => signRpms([cut], signer, 1))).code).toBe('PACKAGE_FAILED');
  });
});
