import type { X509Certificate } from 'node:crypto';

/** The SHA-256 of a certificate in DER, hexadecimal: `openssl x509 -fingerprint -sha256`. */
export const fingerprint = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase();
