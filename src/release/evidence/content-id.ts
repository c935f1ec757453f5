import { hash } from 'node:crypto';

/** The SHA-256 of bytes or of a text in UTF-8, hexadecimal. */
export const sha256 = (content: Uint8Array | string): string => hash('sha256', content, 'hex');

/** A UUID that stands for a content: version 8 (RFC 9562), made of its SHA-256. */
export function contentUuid(content: Uint8Array | string): string {
  const digest = sha256(content);
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 3) | 8).toString(16);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
