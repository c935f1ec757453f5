import type { ErrorCode } from '../../../errors/codes.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { checkPreRelease } from '../pre-release.js';

/** As rpm has it: `<version>-<release>`. */
export interface RpmVersion {
  version: string;
  release: string;
}

/**
 * A version as rpm has it: `-` separates the release.
 * @param code of the error
 * @throws KbuildError with that code
 */
export function rpmVersion(text: string, code: ErrorCode): RpmVersion {
  checkPreRelease(text, 'rpm', code);
  const [, version, release = '1'] = /^([\w.+~^]+?)(?:-(\d[\w.+~]*))?$/.exec(text) ?? [];
  if (version !== undefined) return { version, release };
  throw new KbuildError(
    code,
    `'${text}' is no version of an rpm: after a -, it has the package's release, which begins with a digit`,
    'Give another one with --package-version, such as 1.2.0, or leave out the format rpm.',
  );
}
