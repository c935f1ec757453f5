import type { ErrorCode } from '../../../errors/codes.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { checkPreRelease } from '../pre-release.js';

/**
 * A version as Debian orders it (policy 5.6.12): what follows the last `-` is the package's revision.
 * @param code of the error
 * @throws KbuildError with that code
 */
export function debianVersion(version: string, code: ErrorCode): string {
  checkPreRelease(version, 'Debian', code);
  if (/^\d[A-Za-z0-9.+~]*(-\d[A-Za-z0-9.+~]*)?$/.test(version)) return version;
  throw new KbuildError(
    code,
    `'${version}' is no version of a Debian package: ${wrongInDebian(version)}`,
    'Give another one with --package-version, such as 1.2.0, or leave out the format deb.',
  );
}

function wrongInDebian(version: string): string {
  if (!/^\d/.test(version)) return 'it must begin with a digit';
  const [character] = /[^A-Za-z0-9.+~-]/.exec(version) ?? [];
  if (character !== undefined) return `it may not contain '${character}'`;
  return 'what follows a - is the revision of the package, one, and begins with a digit';
}
