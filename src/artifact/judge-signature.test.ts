import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { kdirOf } from '../../test/support/job-values.js';
import { cmsSign, makeKeyPair, type KeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { signatureMarker, signatureTrailer } from '../module/signature.js';
import { createSigner } from '../release/signer.js';
import { judgeSignature } from './judge-signature.js';

const module = fixtureModule('params-x86_64');
const kdir = kdirOf('x86_64');
const forcing = kdirOf('x86_64', { signing: { enabled: true, force: true, hash: 'sha256' } });

describe('the verdict on the signature', () => {
  let vendor: KeyPair;
  let other: KeyPair;
  let signed: Buffer;

  beforeAll(() => {
    const directory = temporaryDirectory();
    vendor = makeKeyPair(directory, 'vendor', { subject: '/CN=Vendor Ltd' });
    other = makeKeyPair(directory, 'other');
    writeFileSync(join(directory, 'content'), module);
    const message = cmsSign(join(directory, 'content'), vendor, 'sha256');
    signed = Buffer.concat([module, message, signatureTrailer(message.length)]);
  });

  it('is good for a module that nobody asked to sign', async () => {
    expect(await judgeSignature(module, kdir, undefined)).toEqual({
      check: 'signature',
      status: 'ok',
      detail: 'not signed',
    });
  });

  it('is unknown for such a module if the kernel loads signed ones only', async () => {
    expect(await judgeSignature(module, forcing, undefined)).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('signed modules only'),
    });
  });

  it('fails for an unsigned module of a project that has a key', async () => {
    const verdict = await judgeSignature(module, kdir, await createSigner(vendor));
    expect(verdict).toMatchObject({ status: 'failed', detail: 'not signed' });
  });

  it('is good for a signature that OpenSSL made with the project’s key', async () => {
    const verdict = await judgeSignature(signed, forcing, await createSigner(vendor));
    expect(verdict).toMatchObject({
      status: 'ok',
      detail: "signed by 'Vendor Ltd' (sha256), verified",
    });
  });

  it('fails for a signature by another key', async () => {
    const verdict = await judgeSignature(signed, kdir, await createSigner(other));
    expect(verdict).toMatchObject({ status: 'failed', detail: expect.stringContaining('Vendor') });
  });

  it('fails for a module that was changed after it was signed', async () => {
    const changed = Buffer.from(signed);
    changed[module.length - 1]! ^= 1;
    const verdict = await judgeSignature(changed, kdir, await createSigner(vendor));
    expect(verdict.status).toBe('failed');
  });

  it('believes no signature that there is no certificate to verify with', async () => {
    expect(await judgeSignature(signed, kdir, undefined)).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/Vendor Ltd.*no certificate/),
    });
  });

  it('refuses a signature that is none', async () => {
    const broken = Buffer.concat([module, Buffer.alloc(12, 0xff), Buffer.from(signatureMarker)]);
    const error = await kbuildErrorOf(() => judgeSignature(broken, kdir, undefined));
    expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
  });
});
