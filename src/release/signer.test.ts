import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KbuildError } from '../errors/kbuild-error.js';
import { findSignature, signatureTrailer } from '../module/signature.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { cmsSign, makeKeyPair, openssl, type KeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { attachSignature } from './attached.js';
import { createSigner, type SignatureHash, type Signer } from './signer.js';

const sha2 = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
const hashes = [...sha2, ...(['sha3-256', 'sha3-384', 'sha3-512'] as const)];

const module = fixtureModule('consumer-arm64');
const directory = temporaryDirectory({ 'module.ko': module });
const inDirectory = (name: string) => join(directory, name);
const file = inDirectory('module.ko');

let rsa: KeyPair;
let ec: KeyPair;
let other: KeyPair;
beforeAll(() => {
  rsa = makeKeyPair(directory, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(directory, 'ec');
  other = makeKeyPair(directory, 'other');
  symlinkSync('/dev/zero', inDirectory('endless'));
});

/** The PKCS#7 message at the end of signed bytes. */
function messageOf(signed: Uint8Array): Buffer {
  const found = findSignature(signed);
  if (found === undefined) throw new Error('not signed');
  return Buffer.from(found.message);
}

const withMessage = (message: Uint8Array): Buffer =>
  Buffer.concat([module, message, signatureTrailer(message.length)]);

/** Has openssl verify a detached message over the module; throws if it does not. */
function opensslVerify(message: Uint8Array, pair: KeyPair): void {
  writeFileSync(inDirectory('message.der'), message);
  const what = ['-binary', '-inform', 'DER', '-in', inDirectory('message.der'), '-content', file];
  const trust = ['-nointern', '-certfile', pair.cert, '-CAfile', pair.cert, '-purpose', 'any'];
  openssl('cms', '-verify', ...what, ...trust, '-out', inDirectory('verified'));
}

/** The structure of a message without its last value, the signature; an ECDSA one is random. */
function structureOf(message: Uint8Array): string[] {
  writeFileSync(inDirectory('message.der'), message);
  const text = openssl('asn1parse', '-inform', 'DER', '-in', inDirectory('message.der')).toString();
  const lines = text.trimEnd().split('\n');
  return lines.slice(0, -1).map((line) => line.replace(/^.*d=(\d+) +hl= *\d+ +l= *\d+/, '$1'));
}

/** True only if the bytes verify; what cannot even be read does not. */
async function holds(signer: Signer, bytes: Uint8Array): Promise<boolean> {
  try {
    return await signer.verify(bytes);
  } catch (error) {
    if (error instanceof KbuildError && error.code === 'MODULE_SIGNATURE_FORMAT') return false;
    throw error;
  }
}

/** The bytes with one bit of them turned round. */
function flipped(bytes: Uint8Array, offset: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

describe('signing', () => {
  it.each(hashes)('gives with RSA and %s the very bytes that openssl gives', async (hash) => {
    const signed = await (await createSigner(rsa)).sign(module, hash);
    expect(messageOf(signed).toString('hex')).toBe(cmsSign(file, rsa, hash).toString('hex'));
  });

  // OpenSSL 3.0 makes no message with ECDSA and SHA-3.
  it.each(sha2)('gives with ECDSA and %s the structure that openssl gives', async (hash) => {
    const signed = await (await createSigner(ec)).sign(module, hash);
    const structure = structureOf(messageOf(signed));
    expect(structure).toEqual(structureOf(cmsSign(file, ec, hash)));
    expect(structure.join('\n').toUpperCase()).toMatch(/ECDSA.WITH.SHA/);
  });

  it.each(['rsa', 'ec'] as const)('is accepted by openssl, with a key of type %s', async (type) => {
    const pair = { rsa, ec }[type];
    const message = messageOf(await (await createSigner(pair)).sign(module, 'sha512'));
    expect(() => {
      opensslVerify(message, pair);
    }).not.toThrow();
    expect(() => {
      opensslVerify(message, other);
    }).toThrow('verif');
  });

  it('leaves the module as it is and appends the message and the trailer', async () => {
    const signed = Buffer.from(await (await createSigner(rsa)).sign(module, 'sha256'));
    const message = messageOf(signed);
    expect(signed).toEqual(Buffer.concat([module, message, signatureTrailer(message.length)]));
  });

  it('gives a file that kmod reads a signature from', async () => {
    writeFileSync(inDirectory('signed.ko'), await (await createSigner(rsa)).sign(module, 'sha384'));
    const say = (field: string) =>
      execFileSync('modinfo', ['-F', field, inDirectory('signed.ko')], { encoding: 'utf8' }).trim();
    expect(say('signer')).toBe('Signer rsa');
    expect(say('sig_hashalgo')).toBe('sha384');
    expect(say('license')).toBe('GPL');
  });

  it('replaces a signature that is there, whoever made it', async () => {
    const signer = await createSigner(rsa);
    const once = Buffer.from(await signer.sign(module, 'sha256'));
    const foreign = await (await createSigner(other)).sign(module, 'sha512');
    expect(Buffer.from(await signer.sign(once, 'sha256'))).toEqual(once);
    expect(Buffer.from(await signer.sign(foreign, 'sha256'))).toEqual(once);
  });

  it('replaces all signatures where several are stacked', async () => {
    const signer = await createSigner(rsa);
    const once = Buffer.from(await signer.sign(module, 'sha256'));
    let stacked: Uint8Array = module;
    for (const pair of [ec, rsa, other]) {
      writeFileSync(inDirectory('stack.ko'), stacked);
      stacked = attachSignature(stacked, cmsSign(inDirectory('stack.ko'), pair, 'sha512'));
    }
    expect(Buffer.from(await signer.sign(stacked, 'sha256'))).toEqual(once);
  });

  it('refuses a module whose signature is broken: where it begins nobody knows', async () => {
    const oldKind = Buffer.from(signatureTrailer(16));
    oldKind[2] = 1;
    for (const trailer of [
      signatureTrailer(module.length + 1),
      signatureTrailer(0),
      oldKind,
      signatureTrailer(0).subarray(12),
    ]) {
      const broken = Buffer.concat([module, trailer]);
      const error = await kbuildErrorOf(async () =>
        (await createSigner(rsa)).sign(broken, 'sha256'),
      );
      expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    }
  });

  it('gives detached the message that it would attach', async () => {
    const signer = await createSigner(rsa);
    const message = await signer.signDetached(module, 'sha512');
    expect(Buffer.from(message)).toEqual(messageOf(await signer.sign(module, 'sha512')));
  });

  it.each([
    ['an e-mail address and a country', '/C=DE/O=Vendor/CN=x/emailAddress=a@example.com'],
    ['several values in one part', '/O=Vendor+OU=Drivers+CN=x'],
    ['no common name', '/O=Vendor'],
    ['letters of all kinds', '/CN=Größe 内核'],
  ])('names a certificate with %s as openssl does', async (_, subject) => {
    const pair = { key: rsa.key, cert: inDirectory('named.pem') };
    const how = ['-utf8', '-multivalue-rdn', '-set_serial', '0xff'];
    openssl('req', '-x509', '-new', '-key', rsa.key, '-subj', subject, ...how, '-out', pair.cert);
    const signed = await (await createSigner(pair)).sign(module, 'sha256');
    expect(messageOf(signed)).toEqual(cmsSign(file, pair, 'sha256'));
  });

  it('gives the same bytes every time, with RSA', async () => {
    const [first, second] = [await createSigner(rsa), await createSigner(rsa)];
    expect(await first.sign(module, 'sha512')).toEqual(await second.sign(module, 'sha512'));
  });

  it('refuses a hash that it has no identifier for', async () => {
    const error = await kbuildErrorOf(async () =>
      (await createSigner(rsa)).sign(module, 'md5' as unknown as SignatureHash),
    );
    expect(error.message).toContain('md5');
  });
});

describe('verifying', () => {
  it.each(hashes)('accepts what it signed itself with %s', async (hash) => {
    for (const pair of [rsa, ec]) {
      const signer = await createSigner(pair);
      expect(await signer.verify(await signer.sign(module, hash))).toBe(true);
    }
  });

  it('accepts what openssl signed', async () => {
    for (const pair of [ec, rsa]) {
      const signed = withMessage(cmsSign(file, pair, 'sha256'));
      expect(await (await createSigner(pair)).verify(signed)).toBe(true);
    }
  });

  it('does not accept a module without a signature', async () => {
    expect(await (await createSigner(ec)).verify(module)).toBe(false);
  });

  it('does not accept the signature of another key', async () => {
    const signed = await (await createSigner(other)).sign(module, 'sha256');
    expect(await (await createSigner(ec)).verify(signed)).toBe(false);
    expect(await (await createSigner(rsa)).verify(signed)).toBe(false);
  });

  it('does not accept a signature over attributes, which is not one over the bytes', async () => {
    const attributed = openssl(
      ...['cms', '-sign', '-binary', '-nocerts', '-outform', 'DER', '-md', 'sha256'],
      ...['-in', file, '-signer', ec.cert, '-inkey', ec.key],
    );
    expect(await (await createSigner(ec)).verify(withMessage(attributed))).toBe(false);
  });

  it('does not accept the signature of a certificate that was renewed with the same key', async () => {
    // The kernel looks for the certificate by issuer and serial number, and would not find it.
    const renewed = { key: ec.key, cert: inDirectory('renewed.pem') };
    const subject = ['-subj', '/O=kbuild-ts tests/CN=Signer ec', '-set_serial', '0x77'];
    openssl('req', '-x509', '-new', '-key', ec.key, ...subject, '-out', renewed.cert);
    const signed = await (await createSigner(ec)).sign(module, 'sha256');
    expect(await (await createSigner(renewed)).verify(signed)).toBe(false);
  });

  it('finds a bit that is flipped anywhere in the module', async () => {
    const signer = await createSigner(ec);
    const signed = await signer.sign(module, 'sha256');
    for (let offset = 0; offset < module.length; offset += 61) {
      expect(await holds(signer, flipped(signed, offset, offset % 8))).toBe(false);
    }
    expect(await holds(signer, flipped(signed, module.length - 1))).toBe(false);
  });

  it('finds a bit that is flipped anywhere in the signature itself', async () => {
    const signer = await createSigner(rsa);
    const signed = await signer.sign(module, 'sha256');
    const end = module.length + messageOf(signed).length;
    for (let offset = end - 256; offset < end; offset++) {
      expect(await holds(signer, flipped(signed, offset, offset % 8))).toBe(false);
    }
  });

  it('finds a bit that is flipped in the name and number of the certificate', async () => {
    const signer = await createSigner(ec);
    const signed = Buffer.from(await signer.sign(module, 'sha256'));
    const name = signed.indexOf('Signer ec', module.length);
    expect(name).toBeGreaterThan(module.length);
    expect(await holds(signer, flipped(signed, name))).toBe(false);
    // Behind the common name: tag and length of the serial number, then the number.
    expect(await holds(signer, flipped(signed, name + 'Signer ec'.length + 4))).toBe(false);
  });

  it('finds a bit that is flipped anywhere in the trailer: the kernel reads all of it', async () => {
    const signer = await createSigner(ec);
    const signed = await signer.sign(module, 'sha256');
    const accepted = [];
    for (let offset = signed.length - 40; offset < signed.length; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        if (await holds(signer, flipped(signed, offset, bit))) accepted.push(offset);
      }
    }
    expect(accepted).toEqual([]);
  });

  it('finds bytes that were appended to the module before it was signed again as before', async () => {
    const signer = await createSigner(ec);
    const signed = await signer.sign(module, 'sha256');
    const longer = Buffer.concat([module, Buffer.alloc(1), signed.subarray(module.length)]);
    expect(await signer.verify(longer)).toBe(false);
  });
});

describe('createSigner', () => {
  it('says which hash the project asks for, and none if it asks for none', async () => {
    expect((await createSigner({ ...ec, hash: 'sha384' })).hash).toBe('sha384');
    expect(await createSigner(ec)).not.toHaveProperty('hash');
  });

  it('takes key and certificate from one file, as the kernel makes its signing_key.pem', async () => {
    const both = inDirectory('signing_key.pem');
    writeFileSync(both, Buffer.concat([readFileSync(ec.key), readFileSync(ec.cert)]));
    const signer = await createSigner({ key: both, cert: both });
    expect(await signer.verify(await signer.sign(module, 'sha256'))).toBe(true);
  });

  it('takes a certificate in DER, as the kernel makes its signing_key.x509', async () => {
    const cert = inDirectory('signing_key.x509');
    openssl('x509', '-in', rsa.cert, '-outform', 'DER', '-out', cert);
    const [pem, der] = [await createSigner(rsa), await createSigner({ key: rsa.key, cert })];
    expect(await der.sign(module, 'sha256')).toEqual(await pem.sign(module, 'sha256'));
  });

  describe('with an encrypted key', () => {
    let encrypted: KeyPair;
    beforeAll(() => {
      encrypted = { key: inDirectory('encrypted.key'), cert: rsa.cert };
      const cipher = ['-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:correct horse'];
      openssl('pkcs8', ...cipher, '-in', rsa.key, '-out', encrypted.key);
    });

    it('takes the passphrase from KBUILD_SIGN_PIN', async () => {
      const signer = await createSigner(encrypted, {
        environment: { KBUILD_SIGN_PIN: 'correct horse' },
      });
      expect(await signer.sign(module, 'sha256')).toEqual(
        await (await createSigner(rsa)).sign(module, 'sha256'),
      );
    });

    it('refuses a wrong passphrase and does not repeat it', async () => {
      const error = await kbuildErrorOf(() =>
        createSigner(encrypted, { environment: { KBUILD_SIGN_PIN: 'battery staple' } }),
      );
      expect(error.code).toBe('SIGN_KEY');
      expect(error.message).toContain(encrypted.key);
      expect(`${error.message}${error.hint}`).not.toContain('battery');
    });

    it('names the variable where there is no passphrase', async () => {
      const error = await kbuildErrorOf(() => createSigner(encrypted, { environment: {} }));
      expect(error.code).toBe('SIGN_KEY');
      expect(error.hint).toContain('KBUILD_SIGN_PIN');
    });
  });

  it('refuses an RSA key that is too short for the hash', async () => {
    const [key, cert] = [inDirectory('short.key'), inDirectory('short.pem')];
    const how = ['-x509', '-nodes', '-newkey', 'rsa:512', '-subj', '/CN=short', '-sha1'];
    openssl('req', ...how, '-keyout', key, '-out', cert);
    const error = await kbuildErrorOf(async () =>
      (await createSigner({ key, cert })).sign(module, 'sha512'),
    );
    expect(error.code).toBe('SIGN_KEY');
    expect(error.message).toContain(key);
  });

  it('refuses a curve that the kernel does not know', async () => {
    const [key, cert] = [inDirectory('curve.key'), inDirectory('curve.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'];
    openssl('req', '-x509', '-nodes', ...curve, '-subj', '/CN=k1', '-keyout', key, '-out', cert);
    const error = await kbuildErrorOf(() => createSigner({ key, cert }));
    expect(error.message).toContain('secp256k1');
  });

  it('ignores the passphrase for a key that has none', async () => {
    const sources = { environment: { KBUILD_SIGN_PIN: 'unused' } };
    await expect(createSigner(rsa, sources)).resolves.toBeDefined();
  });

  it('refuses the certificate of another key', async () => {
    for (const [key, cert] of [
      [rsa.key, ec.cert],
      [ec.key, other.cert],
    ] as const) {
      const error = await kbuildErrorOf(() => createSigner({ key, cert }));
      expect(error.code).toBe('SIGN_KEY');
      expect(error.message).toBe(`the certificate ${cert} is not that of the key ${key}`);
    }
  });

  it('refuses a key of a type that the kernel does not know', async () => {
    const ed25519 = makeKeyPair(directory, 'ed25519', { algorithm: 'ed25519' });
    const error = await kbuildErrorOf(() => createSigner(ed25519));
    expect(error.code).toBe('SIGN_KEY');
    expect(error.message).toContain('ed25519');
  });

  it.each([
    ['a key that is not there', 'no-such.key', 'key', 'ENOENT'],
    ['a certificate for a key', 'ec.pem', 'key', 'cannot read the key'],
    ['a certificate that is not there', 'no-such.pem', 'cert', 'ENOENT'],
    ['a key for a certificate', 'ec.key', 'cert', 'cannot read the certificate'],
    ['a directory', '.', 'cert', 'EISDIR'],
    ['a device that does not end', 'endless', 'cert', 'longer than'],
    ['such a device for a key', 'endless', 'key', 'longer than'],
  ] as const)('refuses %s', async (_, name, part, words) => {
    const error = await kbuildErrorOf(() => createSigner({ ...ec, [part]: inDirectory(name) }));
    expect(error.code).toBe('SIGN_KEY');
    expect(error.message).toContain(words);
    expect(error.message).toContain(inDirectory(name));
  });
});

describe('where the passphrase comes from', () => {
  const traditional = () => ({ key: inDirectory('traditional.key'), cert: rsa.cert });
  beforeAll(() => {
    const how = ['-traditional', '-aes128', '-passout', 'pass:correct horse'];
    openssl('rsa', ...how, '-in', rsa.key, '-out', traditional().key);
    writeFileSync(inDirectory('passphrase'), 'correct horse\nsecond line\n');
  });

  it.each([
    ['the environment', { environment: { KBUILD_SIGN_PIN: 'correct horse' } }],
    ['a file', { file: inDirectory('passphrase'), environment: { KBUILD_SIGN_PIN: 'wrong' } }],
    ['a person', { environment: {}, readPassphrase: () => Promise.resolve('correct horse') }],
  ])('takes the passphrase of a key in the traditional form from %s', async (_, sources) => {
    const signer = await createSigner(traditional(), sources);
    expect(await signer.sign(module, 'sha256')).toEqual(
      await (await createSigner(rsa)).sign(module, 'sha256'),
    );
  });

  it('asks nobody for the passphrase of a key that has none', async () => {
    const readPassphrase = () => Promise.reject(new Error('asked'));
    await expect(createSigner(rsa, { readPassphrase })).resolves.toBeDefined();
  });

  it('refuses a wrong passphrase and does not repeat it', async () => {
    const sources = { environment: { KBUILD_SIGN_PIN: 'battery staple' } };
    const error = await kbuildErrorOf(() => createSigner(traditional(), sources));
    expect(error.code).toBe('SIGN_KEY');
    expect(`${error.message}${error.hint}${String(error.cause)}`).not.toContain('battery');
  });

  it.each([
    ['is not there', 'no-such-file', /ENOENT/],
    ['is empty', 'empty', /empty/],
  ])('refuses a passphrase file that %s', async (_, name, words) => {
    writeFileSync(inDirectory('empty'), '\ncorrect horse\n');
    const error = await kbuildErrorOf(() =>
      createSigner(traditional(), { file: inDirectory(name) }),
    );
    expect(error).toMatchObject({ code: 'SIGN_KEY', message: expect.stringMatching(words) });
  });

  it('takes no certificate from a token, and shows nothing of such a URI', async () => {
    const cert = 'pkcs11:object=x?pin-value=13572468';
    const error = await kbuildErrorOf(() => createSigner({ key: rsa.key, cert }));
    expect(error.code).toBe('SIGN_KEY');
    expect(`${error.message}${error.hint}`).not.toContain('13572468');
  });
});
