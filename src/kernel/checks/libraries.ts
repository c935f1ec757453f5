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

/**
 * What a suite's images have in place of a shared library that they lack: another version's name,
 * or `none`; undefined if they have it.
 */
export function insteadOf(library: string, suite: Suite): string | undefined {
  if (library.startsWith('ld-linux')) return undefined;
  const there = [...everywhere, ...suite.openssl];
  if (there.includes(library)) return undefined;
  return there.find((one) => stemOf(one) === stemOf(library)) ?? 'none';
}

/** `libcrypto` of `libcrypto.so.1.1` */
const stemOf = (soname: string): string => soname.replace(/\.so\b.*$/, '');
