import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { makeKeyPair, type KeyPair } from '../../test/support/openssl.js';
import { softHsm, type SoftHsm } from '../../test/support/softhsm.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import type { PassphraseSources } from './passphrase.js';
import { createSigner } from './signer.js';

const module = fixtureModule('params-x86_64');
const directory = temporaryDirectory();

let hsm: SoftHsm;
let rsa: KeyPair;
let ec: KeyPair;
beforeAll(() => {
  hsm = softHsm();
  rsa = makeKeyPair(directory, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(directory, 'ec');
  hsm.importKey(rsa.key, 'rsa');
  hsm.importKey(ec.key, 'ec');
});

const uri = (object: string, query = '') =>
  `pkcs11:token=${encodeURIComponent(hsm.token)};object=${object}${query}`;

const environment = (changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...hsm.env,
  KBUILD_SIGN_PIN: hsm.pin,
  ...changes,
});

const open = (
  key: string,
  pair: KeyPair,
  sources: PassphraseSources = { environment: environment() },
) => createSigner({ key, cert: pair.cert }, sources);

describe('a key on a token', () => {
  it('signs with RSA as the same key in a file does, byte for byte', async () => {
    const [token, file] = [await open(uri('rsa'), rsa), await createSigner(rsa)];
    for (const hash of ['sha256', 'sha512'] as const) {
      expect(await token.sign(module, hash)).toEqual(await file.sign(module, hash));
    }
  });

  it('signs with ECDSA what the certificate verifies', async () => {
    const signer = await open(uri('ec'), ec);
    const signed = await signer.sign(module, 'sha384');
    expect(await signer.verify(signed)).toBe(true);
    expect(await (await createSigner(ec)).verify(signed)).toBe(true);
  });

  it.each([
    ['the URI', () => uri('rsa', `?pin-value=${hsm.pin}`), {}],
    ['a file that the URI names', () => uri('rsa', `?pin-source=file:${directory}/pin`), {}],
    ['--passphrase-file', () => uri('rsa'), { file: join(directory, 'pin') }],
    ['a person', () => uri('rsa'), { readPassphrase: () => Promise.resolve(hsm.pin) }],
  ])('takes the PIN from %s', async (_, key, sources) => {
    writeFileSync(join(directory, 'pin'), `${hsm.pin}\n`);
    const given = { environment: environment({ KBUILD_SIGN_PIN: '' }), ...sources };
    const signer = await open(key(), rsa, given);
    expect(await signer.verify(await signer.sign(module, 'sha256'))).toBe(true);
  });

  it('takes the library of the token from the URI', async () => {
    const path = `?module-path=${hsm.env.PKCS11_MODULE_PATH}`;
    const given = { environment: environment({ PKCS11_MODULE_PATH: '/none.so' }) };
    await expect(open(uri('ec', path), ec, given)).resolves.toBeDefined();
  });

  it('is refused with a wrong PIN, which is tried once and not repeated', async () => {
    const log = join(directory, 'spy.log');
    // OpenSC's spy stands between OpenSSL and the token, and writes down each call.
    const spy = {
      PKCS11_MODULE_PATH: spyLibrary(),
      PKCS11SPY: hsm.env.PKCS11_MODULE_PATH,
      PKCS11SPY_OUTPUT: log,
      KBUILD_SIGN_PIN: '31415926',
    };
    const error = await kbuildErrorOf(() =>
      open(uri('rsa'), rsa, { environment: environment(spy) }),
    );
    expect(error).toMatchObject({ code: 'SIGN_KEY' });
    expect(error.message).toMatch(/refuses the PIN/);
    expect(`${error.message}${error.hint}${String(error.cause)}`).not.toContain('31415926');
    expect(readFileSync(log, 'utf8').match(/C_Login$/gm)).toHaveLength(1);
  });

  it('asks nobody for a PIN where there is nobody', async () => {
    const given = { environment: environment({ KBUILD_SIGN_PIN: undefined }) };
    const error = await kbuildErrorOf(() => open(uri('rsa'), rsa, given));
    expect(error).toMatchObject({ code: 'SIGN_KEY' });
    expect(error.message).toContain('no PIN');
    expect(error.hint).toContain('KBUILD_SIGN_PIN');
  });

  it.each(['12\n34', '12\0', '12\r'])('refuses the PIN %j', async (pin) => {
    const given = { environment: environment({ KBUILD_SIGN_PIN: pin }) };
    expect(await kbuildErrorOf(() => open(uri('rsa'), rsa, given))).toMatchObject({
      code: 'SIGN_KEY',
    });
  });

  it('is refused with the certificate of another key', async () => {
    const other = makeKeyPair(directory, 'other', { algorithm: 'rsa' });
    for (const pair of [ec, other]) {
      const error = await kbuildErrorOf(() => open(uri('rsa', `?pin-value=${hsm.pin}`), pair));
      expect(error.code).toBe('SIGN_KEY');
      expect(error.message).toBe(
        `the certificate ${pair.cert} is not that of the key ${uri('rsa')}`,
      );
    }
  });

  it.each([
    ['token', 'pkcs11:token=absent;object=rsa', {}, /token/],
    ['object', 'pkcs11:object=absent', {}, /not found/],
    ['library', 'pkcs11:object=rsa', { PKCS11_MODULE_PATH: '/none.so' }, /none\.so/],
  ])('says which %s is not there', async (_, key, changes, words) => {
    const error = await kbuildErrorOf(() => open(key, rsa, { environment: environment(changes) }));
    expect(error.code).toBe('SIGN_PKCS11');
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain(hsm.pin);
  });

  it('says what to install where OpenSSL can reach no token', async () => {
    const none = temporaryDirectory();
    const changes = { OPENSSL_ENGINES: none, OPENSSL_MODULES: none };
    const error = await kbuildErrorOf(() =>
      open(uri('rsa'), rsa, { environment: environment(changes) }),
    );
    expect(error.code).toBe('SIGN_PKCS11');
    expect(error.hint).toMatch(/libengine-pkcs11-openssl.*pkcs11-provider/);
  });

  it('says so where there is no openssl program', async () => {
    const given = { environment: environment({ PATH: temporaryDirectory() }) };
    const error = await kbuildErrorOf(() => open(uri('rsa'), rsa, given));
    expect(error.code).toBe('SIGN_PKCS11');
    expect(error.message).toContain('openssl');
  });

  it('leaves no core file, though libraries of tokens crash', async () => {
    // A stand-in for OpenSSL that shows its limit and crashes as the engine does on a wrong PIN.
    const bin = temporaryDirectory({
      openssl: {
        program:
          '#!/bin/sh\nulimit -c > "$LIMIT"\ngrep core /proc/self/limits >> "$LIMIT"\nkill -SEGV $$\n',
      },
    });
    const limit = join(bin, 'limit');
    const path = `${bin}:${process.env.PATH}`;
    const given = { environment: environment({ PATH: path, LIMIT: limit }) };
    expect((await kbuildErrorOf(() => open(uri('rsa'), rsa, given))).code).toBe('SIGN_PKCS11');
    // One byte: the kernel then starts no core helper either.
    expect(readFileSync(limit, 'utf8')).toMatch(/^0\n.* 1 +1 +bytes/);
  });

  it('believes a signature and not an exit status', async () => {
    const real = execFileSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).trim();
    const crash = temporaryDirectory({
      openssl: { program: `#!/bin/sh\n${real} "$@"\nkill -SEGV $$\n` },
    });
    const forge = temporaryDirectory({
      openssl: { program: '#!/bin/sh\nhead -c 256 /dev/zero\n' },
    });
    const through = (bin: string) => ({
      environment: environment({ PATH: `${bin}:${process.env.PATH}` }),
    });
    const signer = await open(uri('rsa'), rsa, through(crash));
    expect(await signer.verify(await signer.sign(module, 'sha512'))).toBe(true);
    const error = await kbuildErrorOf(() => open(uri('rsa'), rsa, through(forge)));
    expect(error.message).toContain('is not that of the key');
  });
});

function spyLibrary(): string {
  const [library] = execFileSync('dpkg', ['-L', 'opensc-pkcs11'], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path.endsWith('pkcs11-spy.so') && existsSync(path));
  if (library === undefined) throw new Error('opensc-pkcs11 has no spy');
  return library;
}
