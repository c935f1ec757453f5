import { KbuildError } from '../../../errors/kbuild-error.js';
import { printable } from '../../../errors/printable.js';

/**
 * A word of a module's, or of its kernel's, that goes into a spec file as it is. A module is what an
 * untrusted build made: a symbol of another kind would be rpmbuild's program.
 * @throws KbuildError PACKAGE_MODULES
 */
export function checkWord(word: string, what: string): string {
  if (/^[\w.$+~-]+$/.test(word)) return word;
  throw new KbuildError(
    'PACKAGE_MODULES',
    `the ${what} '${printable(word)}' cannot be named in an rpm`,
    'Rename it: letters, digits and . _ - + ~ $ are taken. Or leave out the format rpm.',
  );
}

/** What a kernel's release is in a package's name: rpm takes letters, digits and . _ - + there. */
export const inName = (release: string): string =>
  checkWord(release, 'kernel release').replaceAll(/[~$]/g, '_');
