import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compress } from '../../test/support/compressors.js';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { cmsSign, makeKeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { signatureMarker, signatureTrailer } from '../module/signature.js';
import { readSubjects, type FileSubject } from './read-subjects.js';

const module = fixtureModule('params-x86_64');
const directory = temporaryDirectory({ content: module });
let certificate: X509Certificate;
let stranger: X509Certificate;
let signed: Buffer;

beforeAll(() => {
  const pair = makeKeyPair(directory, 'vendor', { subject: '/CN=Vendor' });
  certificate = new X509Certificate(readFileSync(pair.cert));
  stranger = new X509Certificate(readFileSync(makeKeyPair(directory, 'stranger').cert));
  const message = cmsSign(join(directory, 'content'), pair, 'sha256');
  signed = Buffer.concat([module, message, signatureTrailer(message.length)]);
});

/** What would end a signature that is no PKCS#7 message. */
function otherKind(): Buffer {
  const trailer = Buffer.from(signatureTrailer(1));
  trailer[2] = 1;
  return Buffer.concat([Buffer.from('x'), trailer]);
}

async function read(
  content: Uint8Array,
  certificates: X509Certificate[] = [certificate],
  name = 'a.ko',
): Promise<FileSubject> {
  const path = join(temporaryDirectory({ [name]: content }), name);
  const [subject] = await readSubjects([path], certificates);
  return subject!;
}

describe('readSubjects', () => {
  it('reads an unsigned module', async () => {
    const path = fixtureModulePath('params-x86_64');
    const [subject] = await readSubjects([path], []);
    expect(subject).toMatchObject({
      path,
      name: 'params-x86_64',
      info: { modinfo: { name: ['params'] } },
      compression: { format: 'none', needs: [] },
      signature: {
        ...{ verdict: { status: 'unsigned' }, signer: '', hasCertificates: false, followed: false },
      },
    });
  });

  it('verifies signatures, and says whose they are', async () => {
    const valid = await read(signed);
    expect(valid.signature).toMatchObject({ signer: 'Vendor', hasCertificates: true });
    expect(valid.signature.verdict).toMatchObject({ status: 'valid', hash: 'sha256' });
    expect((await read(signed, [stranger])).signature.verdict).toMatchObject({
      status: 'unknown-key',
    });
    expect((await read(signed, [])).signature).toMatchObject({
      verdict: { status: 'unknown-key' },
      hasCertificates: false,
    });
    const changed = Buffer.from(signed);
    changed[module.length - 1]! ^= 1;
    expect((await read(changed)).signature.verdict).toMatchObject({ status: 'invalid' });
  });

  it('finds a signature that something follows', async () => {
    for (const more of [1, 10_000]) {
      const { signature } = await read(Buffer.concat([signed, Buffer.alloc(more)]));
      expect(signature).toMatchObject({ verdict: { status: 'unsigned' }, followed: true });
    }
  });

  it.each([
    ['the text of the marker', Buffer.from(`a string: ${signatureMarker}`)],
    ['a marker behind a header of another kind', Buffer.concat([otherKind(), Buffer.alloc(1)])],
    ['a marker behind a length that is too large', Buffer.concat([signatureTrailer(2 ** 31)])],
  ])('takes %s, followed by bytes, for no signature', async (_, bytes) => {
    const { signature } = await read(Buffer.concat([module, bytes, Buffer.from('more')]));
    expect(signature).toMatchObject({ verdict: { status: 'unsigned' }, followed: false });
  });

  it('takes a message that is none for invalid', async () => {
    const message = Buffer.from('no message');
    const trailer = signatureTrailer(message.length);
    const { signature } = await read(Buffer.concat([module, message, trailer]));
    expect(signature).toMatchObject({ verdict: { status: 'invalid' }, signer: '' });
  });

  it.each([
    ['gzip', '.gz'],
    ['xz', '.xz'],
    ['zstd', '.zst'],
  ])(
    'verifies what %s compressed, and takes the suffixes off its name',
    async (program, suffix) => {
      const subject = await read(compress(program, signed), [certificate], `my-m.ko${suffix}`);
      expect(subject.name).toBe('my-m');
      expect(subject.compression.format).toBe(program);
      expect(subject.signature.verdict.status).toBe('valid');
    },
  );

  it('keeps nothing of one file when it reads the next', async () => {
    const names = ['exporter-x86_64', 'params-x86_64', 'consumer-arm64'] as const;
    const paths = names.map(fixtureModulePath);
    const together = await readSubjects(paths, []);
    const apart = await Promise.all(paths.map((path) => readSubjects([path], [])));
    expect(together).toEqual(apart.flat());
  });

  it.each([
    ['is no module', () => Buffer.from('text'), 'MODULE_NOT_ELF'],
    ['was cut off', () => module.subarray(0, 3000), 'MODULE_TRUNCATED'],
    [
      'has a marker and nothing before it',
      () => Buffer.concat([module, Buffer.alloc(12, 0xff), Buffer.from(signatureMarker)]),
      'MODULE_SIGNATURE_FORMAT',
    ],
  ])('names a file that %s', async (_, content, code) => {
    const path = join(temporaryDirectory(), 'a.ko');
    writeFileSync(path, content());
    const error = await kbuildErrorOf(() => readSubjects([path], []));
    expect(error.code).toBe(code);
    expect(error.message.startsWith(`${path}: `)).toBe(true);
    expect(error.message.split(path)).toHaveLength(2);
  });
});
