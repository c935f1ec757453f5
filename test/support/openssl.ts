import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs the `openssl` program: what others wrote of cryptography, to hold ours against. */
export function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface KeyPair {
  /** Private key, PEM. */
  key: string;
  /** Its self-signed certificate, PEM. */
  cert: string;
}

export interface KeyOptions {
  algorithm?: 'rsa' | 'ec' | 'ed25519';
  subject?: string;
  /** Serial number, hexadecimal. */
  serial?: string;
}

const algorithms = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  ed25519: ['-newkey', 'ed25519'],
};

/** Makes a key and its certificate in a directory. */
export function makeKeyPair(
  directory: string,
  name: string,
  { algorithm = 'ec', subject = `/O=kbuild-ts tests/CN=Signer ${name}`, serial }: KeyOptions = {},
): KeyPair {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const numbered = serial === undefined ? [] : ['-set_serial', `0x${serial}`];
  const how = ['-x509', '-nodes', '-days', '3650', '-subj', subject, ...numbered];
  openssl('req', ...how, ...algorithms[algorithm], '-keyout', key, '-out', cert);
  return { key, cert };
}

/**
 * Signs a file as the kernel's scripts/sign-file does: detached, without attributes and
 * certificates, in DER.
 */
export function cmsSign(file: string, pair: KeyPair, hash: string, ...more: string[]): Buffer {
  const form = ['-sign', '-binary', '-noattr', '-nocerts', '-outform', 'DER', '-md', hash];
  return openssl('cms', ...form, '-in', file, '-signer', pair.cert, '-inkey', pair.key, ...more);
}

/** The same, valid for ten days of 2020. */
export function expiredKeyPair(directory: string, name: string): KeyPair {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const how = ['-x509', '-nodes', '-days', '10', '-subj', `/CN=Signer ${name}`];
  const request = ['req', ...how, ...algorithms.rsa, '-keyout', key, '-out', cert];
  execFileSync('faketime', ['2020-01-01', 'openssl', ...request], { stdio: 'pipe' });
  return { key, cert };
}
