import { X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { isPkcs11Uri } from './pkcs11-uri.js';
import { readBounded } from '../storage/read-bounded.js';

const pemCertificate = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * Reads an X.509 certificate, PEM or DER; from a file that holds several, the first.
 * @throws KbuildError SIGN_KEY
 */
export function readCertificate(path: string): X509Certificate {
  const certificate = parse(path, readBytes(path));
  if (hasPublicKey(certificate)) return certificate;
  throw unreadable(path, 'its public key is broken, or of a kind that this Node.js does not know');
}

/** The key is parsed only when it is asked for. */
function hasPublicKey(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey.type === 'public';
  } catch {
    return false;
  }
}

/**
 * Reads all certificates of a file: a bundle in PEM, or one in DER.
 * @throws KbuildError SIGN_KEY
 */
export function readCertificates(path: string): X509Certificate[] {
  const bytes = readBytes(path);
  const text = bytes.toString('latin1');
  const starts = [...text.matchAll(pemCertificate)].map(({ index }) => index);
  if (starts.length === 0) return [parse(path, bytes)];
  return starts.map((start, i) => parse(path, bytes.subarray(start, starts[i + 1])));
}

function readBytes(path: string): Buffer {
  if (isPkcs11Uri(path)) {
    // Nothing of the URI is shown: it may hold a PIN.
    throw new KbuildError(
      'SIGN_KEY',
      'the certificate must be a file, not a PKCS#11 URI',
      "Take it off the token first: 'pkcs11-tool --read-object --type cert --label … --output-file cert.der'.",
    );
  }
  try {
    return readBounded(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parse(path: string, bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const isPathWrong = (cause: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');

function unreadable(path: string, cause: unknown): KbuildError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KbuildError(
    'SIGN_KEY',
    `cannot read the certificate ${path}: ${why}`,
    isPathWrong(cause)
      ? 'Check the path: no such file is there.'
      : 'It must be an X.509 certificate, PEM or DER.',
    { cause },
  );
}
