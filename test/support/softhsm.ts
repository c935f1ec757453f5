import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl } from './openssl.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A PKCS#11 token in software, in a directory of its own. */
export interface SoftHsm {
  pin: string;
  token: string;
  /** What makes PKCS#11 programs find it. */
  env: Record<string, string>;
  /** Takes a private key (PEM) onto the token, under a label. */
  importKey(key: string, label: string): void;
}

const library = '/usr/lib/softhsm/libsofthsm2.so';

/** Makes a token with SoftHSM2, which goes with the test file that asked for it. */
export function softHsm(pin = '24681357'): SoftHsm {
  const directory = temporaryDirectory({ 'tokens/.keep': '' });
  const config = join(directory, 'softhsm2.conf');
  writeFileSync(
    config,
    `directories.tokendir = ${directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const env = { SOFTHSM2_CONF: config, PKCS11_MODULE_PATH: library };
  const token = 'kbuild-ts tests';
  const util = (...args: string[]) =>
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  util('--init-token', '--free', '--label', token, '--pin', pin, '--so-pin', '99887766');
  let imported = 0;
  return {
    pin,
    token,
    env,
    importKey(key, label) {
      const plain = join(directory, `${label}.p8`);
      openssl('pkcs8', '-topk8', '-nocrypt', '-in', key, '-out', plain);
      const id = `a${++imported}`;
      util('--import', plain, '--token', token, '--label', label, '--id', id, '--pin', pin);
    },
  };
}
