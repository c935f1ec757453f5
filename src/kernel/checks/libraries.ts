import type { Suite } from '../suite.js';

/** What comes with glibc, GCC and the packages of every image (libelf-dev, xz-utils, zstd). */
const everywhere = [
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'libpthread.so.0',
  'librt.so.1',
  'libgcc_s.so.1',
  'libstdc++.so.6',
  'libelf.so.1',
  'libz.so.1',
  'libzstd.so.1',
  'liblzma.so.5',
];

/** OpenSSL's libraries changed their names with OpenSSL 3: Debian 12 and 13 have that, 11 the one before. */
function openssl(glibc: string): readonly string[] | undefined {
  const minor = Number(glibc.split('.')[1]);
  if (minor <= 33) return ['libcrypto.so.1.1', 'libssl.so.1.1'];
  return minor <= 41 ? ['libcrypto.so.3', 'libssl.so.3'] : undefined;
}

/**
 * What a suite's images have in place of a shared library that they lack: another version's name,
 * or `none`; undefined if they have it, or if that is not known.
 */
export function insteadOf(library: string, suite: Suite): string | undefined {
  if (suite.distribution !== 'debian' || library.startsWith('ld-linux')) return undefined;
  const crypto = openssl(suite.glibc);
  const stem = stemOf(library);
  if (crypto === undefined && (stem === 'libcrypto' || stem === 'libssl')) return undefined;
  const there = [...everywhere, ...(crypto ?? [])];
  if (there.includes(library)) return undefined;
  return there.find((one) => stemOf(one) === stem) ?? 'none';
}

/** `libcrypto` of `libcrypto.so.1.1` */
const stemOf = (soname: string): string => soname.replace(/\.so\b.*$/, '');
