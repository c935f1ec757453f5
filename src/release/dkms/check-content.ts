import { createPrivateKey } from 'node:crypto';
import { posix } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { TreeEntry } from '../pack/tree-entry.js';

/**
 * Refuses what a package must not have, wherever it comes from: private keys, links that lead
 * out of its tree, and names that are no text of one line, as the lists of files in packages have it.
 * @param name of the package
 * @throws KbuildError DKMS_PACK_CONTENT
 */
export function checkContent(entries: readonly TreeEntry[], name: string): void {
  for (const { path, content, link } of entries) {
    if (/[\p{Cc}\u2028\u2029]/u.test(path + (link ?? ''))) {
      throw contentRefused(
        `the file ${JSON.stringify(path)} of ${name} has a line break or another control character in its name`,
        'Rename it.',
      );
    }
    if (link !== undefined && leavesTree(path, link)) {
      throw contentRefused(
        `the link ${path} of ${name} leads to ${link}, out of the directory of the project`,
        'Put a copy of the file in its place, or remove the link.',
      );
    }
    if (!isPrivateKey(Buffer.from(content))) continue;
    throw contentRefused(
      `the file ${path} of ${name} is or holds a private key: whoever gets the package could sign with it`,
      'Move the key out of the directory of the project. If others have had it, make a new one.',
    );
  }
}

/** For what must not go into a package. */
export const contentRefused = (message: string, hint: string): KbuildError =>
  new KbuildError('DKMS_PACK_CONTENT', message, hint);

const leavesTree = (path: string, link: string): boolean =>
  link.startsWith('/') || /^\.\.(\/|$)/.test(posix.join(posix.dirname(path), link));

/** Beyond it nothing is a key: RSA with 16384 bits takes 10 KiB. */
const largestKey = 65_536;

function isPrivateKey(content: Buffer): boolean {
  if (content.includes('PRIVATE KEY')) {
    return /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----/.test(content.toString('latin1'));
  }
  if (isOpenPgpSecret(content)) return true;
  // Else it begins as a sequence of DER does (X.690).
  if (content[0] !== 0x30 || content.length > largestKey) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      return createPrivateKey({ key: content, format: 'der', type }).type === 'private';
    } catch {
      return false;
    }
  });
}

/**
 * Whether bytes begin with a secret key or subkey of OpenPGP that is not armored: a packet of the type 5
 * or 7, of the old format or the new, whose version is one that there is (RFC 9580, 4.2 and 5.5.3).
 */
function isOpenPgpSecret(content: Buffer): boolean {
  const [first = 0, second = 0] = content;
  const isOld = (first & 0xc0) === 0x80;
  const type = isOld ? (first >> 2) & 0xf : first & 0x3f;
  if ((first & 0x80) === 0 || (type !== 5 && type !== 7) || content.length > largestKey)
    return false;
  const lengthOctets = isOld ? [1, 2, 4, 0][first & 3] : second < 192 ? 1 : second < 224 ? 2 : 5;
  const version = content[1 + (lengthOctets ?? 0)] ?? 0;
  return [3, 4, 6].includes(version);
}
