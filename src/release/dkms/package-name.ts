import { KbuildError } from '../../errors/kbuild-error.js';

/** What dkms names directories by. @throws KbuildError DKMS_PACK_NAME */
export function checkDkmsName(name: string): string {
  if (/^[A-Za-z0-9][\w.+-]*$/.test(name)) return name;
  throw new KbuildError(
    'DKMS_PACK_NAME',
    `'${name}' is no name for a DKMS package`,
    'It begins with a letter or a digit, and has letters, digits and . _ + - only.',
  );
}

/** @throws KbuildError DKMS_PACK_VERSION */
export function checkDkmsVersion(version: string): string {
  if (/^[A-Za-z0-9][\w.+~-]*$/.test(version)) return version;
  throw new KbuildError(
    'DKMS_PACK_VERSION',
    `'${version}' is no version for a DKMS package: it is part of a directory's name`,
    'It begins with a letter or a digit, and has letters, digits and . _ + ~ - only, such as 1.2.0.',
  );
}

/** The name of the Debian package of a DKMS package (Debian policy 5.6.7). */
export function debianName(name: string): string {
  const lower = name.toLowerCase().replaceAll('_', '-');
  return lower.endsWith('-dkms') ? lower : `${lower}-dkms`;
}

/** The name of the rpm of a DKMS package. */
export const rpmName = (name: string): string => (name.endsWith('-dkms') ? name : `${name}-dkms`);
