import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { openPgpSigner } from './openpgp-signer.js';

const home = temporaryDirectory();
const files = temporaryDirectory();

/** Debian's gpg, with keys of its own. */
function gpg(args: string[], { input = '', time }: { input?: string; time?: string } = {}): Buffer {
  const clock = time === undefined ? [] : ['--faked-system-time', time];
  return execFileSync('gpg', ['--homedir', home, '--batch', '--yes', ...clock, ...args], {
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

interface KeyOptions {
  kind?: string;
  usage?: string;
  expires?: string;
  passphrase?: string;
  time?: string;
}

/** Makes a key; gives the file that gpg exports it into. */
function makeKey(name: string, options: KeyOptions = {}): string {
  const { kind = 'ed25519', usage = 'sign', expires = 'never', passphrase = '', time } = options;
  const secret = ['--pinentry-mode', 'loopback', '--passphrase', passphrase];
  gpg(
    [...secret, '--quick-gen-key', name, kind, usage, expires],
    time === undefined ? {} : { time },
  );
  return exported(name, passphrase);
}

function exported(name: string, passphrase = '', how = '--export-secret-keys'): string {
  const secret = ['--pinentry-mode', 'loopback', '--passphrase', passphrase];
  const file = join(files, `${name}.asc`);
  writeFileSync(file, gpg([...secret, '--armor', how, name]));
  return file;
}

/** What gpg says of a signature, by its status lines. */
function verified(args: string[]): string {
  return gpg(['--status-fd', '1', '--verify', ...args]).toString();
}

const write = (name: string, content: string | Uint8Array): string => {
  const file = join(files, name);
  writeFileSync(file, content);
  return file;
};

const day = 1_700_000_000;
const text = 'Origin: Acme\nSuite: stable\nSHA256:\n - of a dash\n';

beforeAll(() => {
  chmodSync(home, 0o700);
});

afterAll(() => {
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
});

// GnuPG makes passphrases slow to try, and so it is here.
describe('openPgpSigner', { timeout: 120_000 }, () => {
  it.each([
    ['ed25519', {}],
    ['locked', { passphrase: 'open sesame' }],
    ['rsa3072', { kind: 'rsa3072', time: '20200101T000000' }],
  ])(
    'signs with a key of kind %s what gpg verifies, with the same bytes',
    async (name, options) => {
      const file = makeKey(name, options);
      const environment = {
        KBUILD_TS_GPG_PASSPHRASE: 'passphrase' in options ? options.passphrase : '',
      };
      const [signer, again] = [
        await openPgpSigner(file, environment),
        await openPgpSigner(file, environment),
      ];
      const later = 4_000_000_000; // after any of these keys was made, so that the time is this
      const clear = await signer.clearSign(text, day);
      const detached = await signer.detachSign(Buffer.from(text), day);
      expect(await again.clearSign(text, day)).toBe(clear);
      expect(await again.detachSign(Buffer.from(text), day)).toBe(detached);
      expect(await signer.detachSign(Buffer.from(text), later)).not.toBe(detached);
      const content = write(`${name}.txt`, text);
      expect(verified([write(`${name}.sig`, detached), content])).toContain('[GNUPG:] VALIDSIG ');
      expect(verified([write(`${name}.clear`, clear)])).toContain('[GNUPG:] VALIDSIG ');
      expect(gpg(['--decrypt', join(files, `${name}.clear`)]).toString()).toBe(text);
    },
  );

  it('has the time that is asked for, and none before its key was made', async () => {
    const old = await openPgpSigner(makeKey('old', { time: '20200101T000000' }), {});
    const content = write('time.txt', text);
    const timeOf = async (epoch: number) => {
      const signature = write('time.sig', await old.detachSign(Buffer.from(text), epoch));
      return Number(/VALIDSIG \w+ \S+ (\d+)/.exec(verified([signature, content]))?.[1]);
    };
    expect(await timeOf(day)).toBe(day);
    expect(await timeOf(1)).toBe(Date.UTC(2020, 0, 1) / 1000);
  });

  it('signs with a subkey whose primary key is kept elsewhere', async () => {
    makeKey('offline', { usage: 'cert' });
    const [, fingerprint = ''] = /^fpr:+(\w+):/m.exec(
      gpg(['--with-colons', '--list-keys', 'offline']).toString(),
    )!;
    gpg(['--passphrase', '', '--quick-add-key', fingerprint, 'ed25519', 'sign']);
    const file = exported('offline', '', '--export-secret-subkeys');
    const signer = await openPgpSigner(file, {});
    const signature = write('offline.sig', await signer.detachSign(Buffer.from(text), day));
    expect(verified([signature, write('offline.txt', text)])).toContain('[GNUPG:] VALIDSIG ');
    expect(signer.publicKey).toContain('-----BEGIN PGP PUBLIC KEY BLOCK-----');
  });

  it('reads a key that is not armored, and gives no secret away with the public one', async () => {
    makeKey('binary');
    const file = write('binary.gpg', gpg(['--export-secret-keys', 'binary']));
    const { publicKey } = await openPgpSigner(file, {});
    const shown = gpg(['--show-keys', '--with-colons'], { input: publicKey }).toString();
    expect(shown).toContain('pub:');
    expect(shown).not.toContain('sec:');
  });

  const refused: [string, () => string, NodeJS.ProcessEnv, string][] = [
    ['no key', () => write('no-key', 'hello'), {}, 'no secret OpenPGP key'],
    [
      'a public key',
      () => {
        makeKey('public');
        return write('public.asc', gpg(['--armor', '--export', 'public']));
      },
      {},
      'no secret OpenPGP key',
    ],
    [
      'a locked key without a passphrase',
      () => makeKey('l1', { passphrase: 'x' }),
      {},
      'is locked',
    ],
    [
      'a wrong passphrase',
      () => makeKey('l2', { passphrase: 'right' }),
      { KBUILD_TS_GPG_PASSPHRASE: 'wrong secret' },
      'Incorrect key passphrase',
    ],
    [
      'a key that has expired',
      () => makeKey('expired', { time: '20200101T000000', expires: '20210101T000000' }),
      {},
      'cannot sign today',
    ],
    ['a key that may not sign', () => makeKey('certifier', { usage: 'cert' }), {}, 'cannot sign'],
    ['ECDSA', () => makeKey('ecdsa', { kind: 'nistp256' }), {}, 'with other bytes each time'],
    [
      'two keys',
      () => {
        const both = [makeKey('two-a'), makeKey('two-b')];
        return write('two.asc', both.map((file) => readFileSync(file, 'utf8')).join(''));
      },
      {},
      'holds 2 keys',
    ],
    [
      'a secret part that is elsewhere',
      () => {
        makeKey('card');
        return exported('card', '', '--export-secret-subkeys');
      },
      {},
      'secret part',
    ],
  ];
  it.each(refused)('refuses %s', async (_, make, environment, why) => {
    const file = make();
    const { code, message, hint } = await kbuildErrorOf(() => openPgpSigner(file, environment));
    expect(code).toBe('REPOSITORY_KEY');
    expect(message).toContain(why);
    expect(`${message} ${hint}`).not.toContain('wrong secret');
  });
});
