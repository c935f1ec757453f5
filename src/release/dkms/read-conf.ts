import { KbuildError } from '../../errors/kbuild-error.js';

/** What packages need to know of a dkms.conf. */
export interface ReadConf {
  name: string;
  version: string;
  /** BUILD_DEPENDS, where they are written out. */
  buildDepends: string[];
  /** Whether it limits the versions of kernels, which dkms knows since 3.0.11. */
  limitsKernels: boolean;
}

/**
 * Reads a dkms.conf without running it, as Debian's dh_dkms does: it is a program, and programs of
 * others are not run on the host. Only assignments of plain texts are seen; the last one counts.
 * @param file for the message
 * @throws KbuildError DKMS_PACK_NAME, DKMS_PACK_VERSION if the name or the version is no plain text
 */
export function readDkmsConf(text: string, file: string): ReadConf {
  return {
    name: plain(text, 'PACKAGE_NAME', file, 'DKMS_PACK_NAME'),
    version: plain(text, 'PACKAGE_VERSION', file, 'DKMS_PACK_VERSION'),
    buildDepends: values(text, 'BUILD_DEPENDS').flatMap((value) =>
      value.split(/\s+/).filter((word) => /^[\w.+-]+$/.test(word)),
    ),
    limitsKernels: values(text, 'BUILD_EXCLUSIVE_KERNEL_M(?:IN|AX)').length > 0,
  };
}

function plain(
  text: string,
  name: string,
  file: string,
  code: 'DKMS_PACK_NAME' | 'DKMS_PACK_VERSION',
): string {
  const value = values(text, name).at(-1);
  if (value !== undefined && /^[\w.+~:-]+$/.test(value)) return value;
  throw new KbuildError(
    code,
    value === undefined
      ? `${file} has no line ${name}="…"`
      : `${file} says ${name}=${JSON.stringify(value)}, which is known only when the file runs`,
    `Write ${name} as a plain text: packages are made without running dkms.conf.`,
  );
}

/** The values of all assignments to a variable or to an array's members, without their quotes. */
function values(text: string, name: string): string[] {
  const pattern = new RegExp(
    String.raw`^[ \t]*(?:export[ \t]+)?${name}(?:\[\d+\])?=(?:"([^"\n]*)"|'([^'\n]*)'|([^\s;#]*))`,
    'gm',
  );
  return [...text.replaceAll('\r', '').matchAll(pattern)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
