import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeKeyPair, openssl, type KeyPair } from '../../../test/support/openssl.js';
import { releaseValues } from '../../../test/support/release-values.js';
import { softHsm } from '../../../test/support/softhsm.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { createSigner, type Signer } from '../signer.js';
import { signedEnvelope } from './dsse.js';
import { provenance } from './provenance.js';
import { releaseRecord } from './release-record.js';

const directory = temporaryDirectory();
const file = (name: string) => join(directory, name);
let rsa: KeyPair;
let ec: KeyPair;
beforeAll(() => {
  rsa = makeKeyPair(directory, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(directory, 'ec');
});

describe('the provenance of a release', () => {
  interface Statement {
    subject: { name: string; digest: Record<string, string> }[];
    predicate: {
      buildDefinition: {
        externalParameters: { jobs: { id: string; make: string[] }[] };
        resolvedDependencies: {
          name: string;
          uri?: string;
          digest?: Record<string, string>;
          annotations?: Record<string, string>;
        }[];
      };
      runDetails: { metadata: { invocationId: string } };
    };
  }
  const of = async (changes: object = {}) =>
    provenance(releaseRecord({ ...(await releaseValues()), ...changes })) as Statement;

  it('is an in-toto statement about all files', async () => {
    const { files } = await releaseValues();
    const statement = await of();
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: { internalParameters: { epoch: 946_684_800 } } },
    });
    for (const { path, bytes } of files) {
      const place = file('content');
      writeFileSync(place, bytes);
      const [sha256] = execFileSync('sha256sum', [place], { encoding: 'utf8' }).split(' ');
      expect(statement.subject).toContainEqual({ name: path, digest: { sha256 } });
    }
    expect(statement.subject).toHaveLength(files.length);
  });

  it('says what was built, how, and from what, each once', async () => {
    const { externalParameters, resolvedDependencies } = (await of()).predicate.buildDefinition;
    expect(externalParameters.jobs.map(({ id }) => id)).toEqual([
      'consumer-6.1.0-56-amd64-x86_64-gcc-12',
      'consumer-6.1.0-56-arm64-arm64-gcc-12',
      'exporter-6.1.0-56-amd64-x86_64-gcc-12',
      'exporter-6.1.0-56-arm64-arm64-gcc-12',
    ]);
    expect(externalParameters.jobs[0]?.make).toContain('/usr/src/linux-headers-6.1.0-56-amd64');
    const kind = (wanted: string) =>
      resolvedDependencies.filter(({ annotations }) => annotations?.kind === wanted);
    expect(kind('sources')).toHaveLength(2);
    expect(kind('kdir').map(({ name }) => name)).toEqual([
      '6.1.0-56-amd64/x86_64',
      '6.1.0-56-arm64/arm64',
    ]);
    expect(kind('image')).toEqual([
      {
        name: 'kbuild-ts/gcc-12:a584a665e567',
        uri: 'pkg:docker/kbuild-ts/gcc-12@a584a665e567',
        digest: { sha256: 'd'.repeat(64) },
        annotations: { kind: 'image' },
      },
    ]);
  });

  it('has an id that is another one for another release', async () => {
    const id = async (changes: object = {}) =>
      (await of(changes)).predicate.runDetails.metadata.invocationId;
    expect(await id()).toBe(await id());
    expect(await id({ epoch: 1 })).not.toBe(await id());
    expect(await id({ files: [] })).not.toBe(await id());
  });
});

describe('an envelope', () => {
  const payload = Buffer.from('{"a": "ä"}');
  const payloadType = 'application/vnd.in-toto+json';

  /** Takes an envelope apart and has openssl verify it, over bytes that are put together anew. */
  function verified(text: string, { cert }: KeyPair): string {
    const envelope = JSON.parse(text) as {
      payload: string;
      payloadType: string;
      signatures: { sig: string }[];
    };
    const body = Buffer.from(envelope.payload, 'base64');
    const type = envelope.payloadType;
    writeFileSync(file('pae'), `DSSEv1 ${type.length} ${type} ${body.length} `);
    writeFileSync(file('pae'), body, { flag: 'a' });
    writeFileSync(file('sig'), Buffer.from(envelope.signatures[0]!.sig, 'base64'));
    writeFileSync(file('key'), openssl('x509', '-in', cert, '-noout', '-pubkey'));
    const what = ['-verify', file('key'), '-signature', file('sig'), file('pae')];
    return openssl('dgst', '-sha256', ...what).toString();
  }

  const signers: [string, () => Promise<Signer>, () => KeyPair][] = [
    ['RSA', () => createSigner(rsa), () => rsa],
    ['ECDSA', () => createSigner(ec), () => ec],
    [
      'a key on a token',
      () => {
        const hsm = softHsm();
        hsm.importKey(ec.key, 'ec');
        const key = `pkcs11:token=${encodeURIComponent(hsm.token)};object=ec`;
        const environment = { ...process.env, ...hsm.env, KBUILD_SIGN_PIN: hsm.pin };
        return createSigner({ key, cert: ec.cert }, { environment });
      },
      () => ec,
    ],
  ];

  it.each(signers)('that is signed by %s is verified by openssl', async (_, open, pair) => {
    const signer = await open();
    const text = await signedEnvelope(payloadType, payload, signer);
    expect(verified(text, pair())).toBe('Verified OK\n');
    expect(Buffer.from((JSON.parse(text) as { payload: string }).payload, 'base64')).toEqual(
      payload,
    );
    expect(text.trimEnd()).not.toContain('\n');
    const other = await signedEnvelope(payloadType, Buffer.from('{"a": "o"}'), signer);
    const [one, changed] = [text, other].map((line) => JSON.parse(line) as { payload: string });
    const forged = JSON.stringify({ ...one, payload: changed!.payload });
    expect(() => verified(forged, pair())).toThrow('Command failed');
  });

  it('names the key by the fingerprint of its certificate, and is the same each time by RSA', async () => {
    const signer = await createSigner(rsa);
    const text = await signedEnvelope(payloadType, payload, signer);
    const printed = openssl(
      'x509',
      '-in',
      rsa.cert,
      '-noout',
      '-fingerprint',
      '-sha256',
    ).toString();
    const { signatures } = JSON.parse(text) as { signatures: { keyid: string }[] };
    expect(signatures[0]?.keyid).toBe(
      printed.split('=')[1]?.trim().replaceAll(':', '').toLowerCase(),
    );
    expect(await signedEnvelope(payloadType, payload, await createSigner(rsa))).toBe(text);
    expect(signer.certificate.raw).toEqual(new X509Certificate(readFileSync(rsa.cert)).raw);
  });
});
