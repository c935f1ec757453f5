import type { X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';

/**
 * That a certificate is valid now. The kernel does not look at this, but whoever ships modules under
 * a certificate that has expired has taken the wrong one.
 * @param path of the certificate
 * @throws KbuildError SIGN_KEY
 */
export function checkValidity(certificate: X509Certificate, path: string, now = new Date()): void {
  const { validFrom, validTo } = certificate;
  const problem =
    new Date(validFrom) > now
      ? `is not valid before ${validFrom}`
      : new Date(validTo) < now
        ? `has expired: it was valid until ${validTo}`
        : undefined;
  if (problem === undefined) return;
  throw new KbuildError(
    'SIGN_KEY',
    `the certificate ${path} ${problem}`,
    "Sign with a certificate that is valid now ('kbuild-ts keys generate' makes one), or set this machine's clock right.",
  );
}
