import { X509Certificate } from 'node:crypto';
import type { ByteReader } from '../../module/bytes.js';
import { asBuffer } from './as-buffer.js';
import { certificateSize } from './certificate-der.js';

/** The certificates of .builtin_trusted_keys. */
export interface BuiltinCertificates {
  /** DER. */
  certificates: Uint8Array[];
  /** Which of them is the kernel build's own (CONFIG_MODULE_SIG_KEY), if the kernel tells. */
  moduleCertificate?: number;
}

export interface CertificateSearch {
  /** The kernel says of the list how long its first certificate is: since 5.13 (module_cert_size). */
  hasModuleSize: boolean;
}

/** How far behind the list its size is looked for, in bytes (CONFIG_SYSTEM_EXTRA_CERTIFICATE_SIZE). */
const largestExtra = 65_536;

/** What `.align 8` is where the assembler takes it for a power of two, as on ARM: 256 bytes. */
const wideAlignment = 256;

/**
 * Finds the list of built-in certificates in an uncompressed kernel, or undefined if there is none.
 *
 * certs/system_certificates.S lays it out, each part at `.align 8`: the certificates one after another
 * (the build's own first) and perhaps a reserved area; the list's size; the first certificate's size,
 * or 0 if none is the build's own. Both sizes must be right, so that other certificates in the kernel
 * (wireless regulatory database, data of firmware) are not taken for trusted. The list of revoked
 * certificates has a size too, but not the second one, and lies behind the trusted ones
 * (certs/Makefile).
 */
export function findBuiltinCertificates(
  words: ByteReader,
  search: CertificateSearch,
): BuiltinCertificates | undefined {
  const kernel = asBuffer(words.bytes);
  let found: BuiltinCertificates | undefined;
  for (let at = 0; at + 8 <= kernel.length; at += 8) {
    if (kernel[at] !== 0x30 || kernel[at + 1] !== 0x82) continue;
    const { starts, end } = readChain(kernel, at);
    if (end === at) continue;
    const list = readList(words, starts, end, search);
    // Two right sizes are no chance; a size and a zero could be.
    if (list?.moduleCertificate !== undefined) return list;
    found ??= list;
    // What is in the chain need not be looked at again.
    at = Math.floor((end - 1) / 8) * 8;
  }
  return found;
}

/** The certificates that follow one another from an offset on: where they start, where the last ends. */
function readChain(kernel: Buffer, from: number): { starts: number[]; end: number } {
  const starts: number[] = [];
  let end = from;
  for (let size; (size = certificateSize(kernel, end)) !== undefined; end += size) starts.push(end);
  return { starts, end };
}

/** The list that ends with the last certificate of a chain, if the words behind it say so. */
function readList(
  words: ByteReader,
  starts: readonly number[],
  end: number,
  { hasModuleSize }: CertificateSearch,
): BuiltinCertificates | undefined {
  let list: BuiltinCertificates | undefined;
  for (const { at, first } of findSizes(words, starts, end)) {
    const members = starts.slice(first);
    const firstSize = (members[1] ?? end) - (members[0] ?? end);
    const second = words.word(secondSizeAt(words.bytes, at, members[0] ?? 0));
    const isModule = second === firstSize;
    if (hasModuleSize && !isModule && second !== 0) continue;
    const certificates = members.map((start, i) =>
      words.bytes.subarray(start, members[i + 1] ?? end),
    );
    if (!certificates.every(isCertificate)) continue;
    if (isModule) return { certificates, moduleCertificate: 0 };
    list = { certificates };
  }
  return list;
}

/**
 * Where the size of a list may stand, and with which certificate of the chain the list then begins.
 * There are two places if the reserved area is used: how much of it is (system_extra_cert_used), which
 * is the size of the chain's last certificate, stands before the list's size.
 */
function findSizes(
  words: ByteReader,
  starts: readonly number[],
  end: number,
): { at: number; first: number }[] {
  const found: { at: number; first: number }[] = [];
  const begin = Math.ceil(end / 8) * 8;
  const last = Math.min(begin + largestExtra, words.bytes.length - 16);
  const lastSize = end - (starts.at(-1) ?? end);
  for (let at = begin, seen = 0; at <= last && seen < 2; at += 8) {
    const size = words.word(at);
    if (size === 0) continue;
    seen++;
    const first = (end - size) % 8 === 0 ? starts.indexOf(end - size) : -1;
    if (first !== -1) found.push({ at, first });
    if (words.u32(at) !== lastSize && words.u32(at + 4) !== lastSize) break;
  }
  return found;
}

/** Where the second size stands: at the next alignment, of which there are two kinds. */
function secondSizeAt(kernel: Uint8Array, at: number, start: number): number {
  const wide = at + wideAlignment;
  const isWide = start % wideAlignment === 0 && at % wideAlignment === 0;
  const isPadded = wide + 8 <= kernel.length && kernel.subarray(at + 8, wide).every((b) => b === 0);
  return isWide && isPadded ? wide : at + 8;
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}
