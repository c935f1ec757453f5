import { KbuildError } from '../../errors/kbuild-error.js';
import type { ErrorCode } from '../../errors/codes.js';

/** A word that names what comes before a release: after `-` it would count as newer than it. */
const before = /-(?=(?:alpha|beta|rc|pre|dev|git|snapshot)\d*)/i;

/**
 * Refuses a version whose part after a `-` means that it comes before a release.
 * @param whose the world of packages that would take it for newer
 */
export function checkPreRelease(version: string, whose: string, code: ErrorCode): void {
  if (!before.test(version)) return;
  const right = version.replace(before, '~');
  throw new KbuildError(
    code,
    `'${version}': to ${whose}, what follows the - is the revision of the package, so that this would be newer than ${version.split(before)[0]}`,
    `Write ${right}: ~ sorts before the end of a version.`,
  );
}
