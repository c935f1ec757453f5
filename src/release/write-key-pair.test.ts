import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { openssl } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { makeKeyPair, type KeyPair } from './key-pair.js';
import { writeKeyPair } from './write-key-pair.js';

let pair: KeyPair;
let directory: string;
beforeAll(async () => {
  pair = await makeKeyPair({ kind: { algorithm: 'ecdsa', curve: 'P-256' }, name: 'x', days: 1 });
});
beforeEach(() => {
  directory = join(temporaryDirectory(), 'a/keys');
});

const names = ['signing_cert.pem', 'signing_key.pem', 'signing_key.x509'];
const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('writeKeyPair', () => {
  it('writes a key that its owner alone can read, in a directory that he alone can enter', async () => {
    const mask = process.umask(0);
    const files = await writeKeyPair(directory, pair).finally(() => process.umask(mask));
    expect(readdirSync(directory).sort()).toEqual(names);
    expect(modeOf(directory)).toBe(0o700);
    expect(modeOf(files.key)).toBe(0o600);
    expect(modeOf(files.x509)).toBe(0o644);
  });

  it('writes the same certificate three times, as openssl reads it', async () => {
    const { key, cert, x509 } = await writeKeyPair(directory, pair);
    const print = (...args: string[]) =>
      openssl('x509', ...args, '-noout', '-fingerprint', '-sha256').toString();
    const fingerprint = print('-inform', 'DER', '-in', x509);
    expect(print('-in', cert)).toBe(fingerprint);
    expect(print('-in', key)).toBe(fingerprint);
    expect(openssl('pkey', '-in', key).toString()).toContain('BEGIN PRIVATE KEY');
  });

  it('leaves the mode of a directory that is there', async () => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
    await writeKeyPair(directory, pair);
    expect(modeOf(directory)).toBe(0o755);
  });

  it.each(names)('writes nothing if there is a %s', async (name) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), 'mine');
    const error = await kbuildErrorOf(() => writeKeyPair(directory, pair));
    expect(error.code).toBe('KEYS_FILE_EXISTS');
    expect(readdirSync(directory)).toEqual([name]);
    expect(readFileSync(join(directory, name), 'utf8')).toBe('mine');
  });

  it('does not follow a link that leads nowhere', async () => {
    mkdirSync(directory, { recursive: true });
    symlinkSync('/nowhere/else', join(directory, 'signing_key.pem'));
    const error = await kbuildErrorOf(() => writeKeyPair(directory, pair));
    expect(error.code).toBe('KEYS_FILE_EXISTS');
  });

  it('says so if the directory cannot be made', async () => {
    const file = join(temporaryDirectory({ file: '' }), 'file');
    for (const path of [file, join(file, 'keys')]) {
      expect((await kbuildErrorOf(() => writeKeyPair(path, pair))).code).toBe('STORAGE_FAILED');
    }
  });
});
