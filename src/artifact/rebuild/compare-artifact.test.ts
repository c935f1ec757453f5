import { hash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { compress } from '../../../test/support/compressors.js';
import { fixtureModule } from '../../../test/support/fixture-module.js';
import { cmsSign, makeKeyPair, type KeyPair } from '../../../test/support/openssl.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { signatureTrailer } from '../../module/signature.js';
import { fixtureModulePath } from '../../../test/support/fixture-module.js';
import { describeModule } from '../describe.js';
import { compareArtifact } from './compare-artifact.js';
import { comparisonSchema, type Comparison } from './report-schema.js';

const plain = fixtureModule('params-x86_64');
const path = 'r/a/params.ko';

let rsa: KeyPair;
let ec: KeyPair;
let other: KeyPair;
beforeAll(() => {
  const keys = temporaryDirectory();
  rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(keys, 'ec');
  other = makeKeyPair(keys, 'other', { algorithm: 'rsa' });
});

/** Signed by OpenSSL, laid out as sign-file does. */
function signed(pair: KeyPair): Buffer {
  const message = cmsSign(fixtureModulePath('params-x86_64'), pair, 'sha256');
  return Buffer.concat([plain, message, signatureTrailer(message.length)]);
}

/** What is recorded of one file, what was built, and what lies beside the manifest. */
async function compare(was: Buffer, now: Buffer, published?: Uint8Array): Promise<Comparison> {
  const recorded = await describeModule(path, was, []);
  const rebuilt = { ...(await describeModule(path, now, [])), bytes: now };
  const found = await compareArtifact({ recorded, rebuilt, published });
  expect(comparisonSchema.parse(found)).toEqual(found);
  expect(found.was).toBe(hash('sha256', was, 'hex'));
  expect(found.now).toBe(hash('sha256', now, 'hex'));
  return found;
}

const changed = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};

/** An offset in the first section that has code. */
const inText = 0x40 + 4;

describe('compareArtifact', () => {
  it('says that the same bytes are equal, with and without the file', async () => {
    const module = signed(rsa);
    expect(await compare(module, module)).toMatchObject({ verdict: 'equal', published: 'absent' });
    const whole = { verdict: 'equal', except: [], differences: [], published: 'as-recorded' };
    expect(await compare(module, module, module)).toMatchObject(whole);
  });

  it('says where they differ: by the file, else by what the manifest has', async () => {
    const now = changed(plain, inText);
    const found = await compare(plain, now, plain);
    expect(found).toMatchObject({ verdict: 'differs', firstByte: inText });
    expect(found.differences).toHaveLength(1);
    const blind = await compare(plain, now);
    expect(blind).toMatchObject({ verdict: 'differs', published: 'absent', differences: [] });
    expect(blind).not.toHaveProperty('firstByte');
    const license = plain.indexOf('license=GPL') + 'license='.length;
    expect((await compare(plain, changed(plain, license))).differences).toEqual([
      { part: 'modinfo', tag: 'license', was: ['GPL'], now: ['FPL'] },
    ]);
    expect((await compare(plain, Buffer.concat([plain, Buffer.of(0)]))).differences).toEqual([
      { part: 'size', was: plain.length, now: plain.length + 1 },
    ]);
  });

  it('compares what is signed alone where there is no key', async () => {
    for (const file of [undefined, signed(rsa)]) {
      const module = file ?? signed(rsa);
      const equal = { verdict: 'equal-content', except: ['unsigned'], differences: [] };
      expect(await compare(module, plain, file)).toMatchObject(equal);
      const found = await compare(module, changed(plain, inText), file);
      expect(found).toMatchObject({ verdict: 'differs', except: ['unsigned'] });
      expect(found.firstByte).toBe(file && inText);
    }
  });

  it('does not take what it cannot know for equal', async () => {
    const { contentSha256, ...recorded } = await describeModule(path, signed(rsa), []);
    expect(contentSha256).toBe(hash('sha256', plain, 'hex'));
    const rebuilt = { ...(await describeModule(path, plain, [])), bytes: plain };
    expect(await compareArtifact({ recorded, rebuilt })).toMatchObject({
      verdict: 'differs',
      differences: [{ part: 'unreadable', why: expect.stringContaining('no hash') }],
    });
  });

  it('takes two signatures of ECDSA for equal, and two of RSA by other keys not', async () => {
    const [one, two] = [signed(ec), signed(ec)];
    expect(one.equals(two)).toBe(false);
    for (const file of [undefined, one]) {
      const equal = { verdict: 'equal-content', except: ['random-signature'], differences: [] };
      expect(await compare(one, two, file)).toMatchObject(equal);
    }
    expect(signed(rsa).equals(signed(rsa))).toBe(true);
    for (const [was, now] of [
      [signed(rsa), signed(other)],
      [signed(ec), signed(rsa)],
      [plain, signed(rsa)],
    ] as const) {
      for (const file of [undefined, was]) {
        const found = await compare(was, now, file);
        expect(found).toMatchObject({ verdict: 'differs', differences: [{ part: 'signature' }] });
      }
    }
  });

  it('says that the file is not the one that was recorded, whatever was built', async () => {
    const module = signed(ec);
    const altered = { verdict: 'differs', published: 'altered' };
    expect(await compare(plain, plain, changed(plain, inText))).toMatchObject({
      ...altered,
      firstByte: inText,
      differences: [{ part: 'section' }],
    });
    // In its signature alone, where another signature would be no difference.
    for (const now of [module, signed(ec), plain]) {
      const found = await compare(module, now, changed(module, module.length - 60));
      expect(found).toMatchObject({ ...altered, differences: [{ part: 'signature' }] });
    }
    // As it was built, which is not as it was recorded.
    expect(await compare(module, plain, plain)).toMatchObject(altered);
    expect((await compare(plain, plain, Buffer.from('no module'))).differences).toEqual([
      { part: 'unreadable', why: expect.stringContaining('ELF') },
    ]);
    const cut = compress('xz', plain).subarray(0, 100);
    expect(await compare(plain, plain, cut)).toMatchObject(altered);
  });

  it.each(['gzip', 'xz', 'zstd'])(
    'looks into a file that was compressed by %s',
    async (program) => {
      const file = compress(program, plain);
      expect(await compare(plain, plain, file)).toMatchObject({
        verdict: 'equal',
        published: 'as-recorded',
      });
      expect(await compare(plain, changed(plain, inText), file)).toMatchObject({
        verdict: 'differs',
        published: 'as-recorded',
        firstByte: inText,
      });
      const altered = compress(program, changed(plain, inText));
      expect(await compare(plain, plain, altered)).toMatchObject({
        verdict: 'differs',
        published: 'altered',
      });
    },
  );
});
