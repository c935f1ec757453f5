import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { cmsSign, makeKeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { signatureTrailer } from '../module/signature.js';
import { describeModule } from './describe.js';
import { artifactSchema } from './manifest-schema.js';

describe('describeModule', () => {
  it.each(fixtureModules)('describes %s as the manifest has it', async (name) => {
    const artifact = await describeModule('out/x.ko', fixtureModule(name), []);
    expect(artifactSchema.parse(artifact)).toEqual(artifact);
    expect(artifact).toMatchObject({ path: 'out/x.ko', signature: null, verdicts: [] });
  });

  it.each(fixtureModules)('gives size and SHA-256 of %s as coreutils do', async (name) => {
    const path = fixtureModulePath(name);
    const { sha256, size } = await describeModule('x.ko', fixtureModule(name), []);
    const sum = execFileSync('sha256sum', [path], { encoding: 'utf8' });
    expect(sum.split(' ')[0]).toBe(sha256);
    expect(execFileSync('stat', ['-c', '%s', path], { encoding: 'utf8' }).trim()).toBe(`${size}`);
  });

  it('hands the verdicts on', async () => {
    const verdicts = [{ check: 'name', status: 'ok', detail: 'params' } as const];
    const artifact = await describeModule('x.ko', fixtureModule('params-x86_64'), verdicts);
    expect(artifact.verdicts).toEqual(verdicts);
  });

  it('says by whom a module is signed, and hashes the signature too', async () => {
    const directory = temporaryDirectory();
    const pair = makeKeyPair(directory, 'vendor', { subject: '/CN=Vendor', serial: '0a1b' });
    const module = fixtureModule('params-x86_64');
    writeFileSync(join(directory, 'content'), module);
    const message = cmsSign(join(directory, 'content'), pair, 'sha384');
    const signed = Buffer.concat([module, message, signatureTrailer(message.length)]);
    const artifact = await describeModule('x.ko', signed, []);
    expect(artifact.signature).toEqual({ signer: 'Vendor', keyId: '0A:1B', hash: 'sha384' });
    expect(artifact.sha256).toBe(createHash('sha256').update(signed).digest('hex'));
    expect(artifact.size).toBe(signed.length);
  });

  it('refuses what is no module', async () => {
    const error = await kbuildErrorOf(() => describeModule('x.ko', Buffer.from('text'), []));
    expect(error.code).toBe('MODULE_NOT_ELF');
  });
});
