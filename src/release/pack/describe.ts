import type { ErrorCode } from '../../errors/codes.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { PackageAbout } from '../dkms/source-package.js';

/** What a package says of itself. */
export interface Description {
  /** One line. */
  summary: string;
  /** A text in lines, without blanks around any. */
  description: string[];
}

/** Of whom a package speaks. */
export interface Described {
  name: string;
  about: PackageAbout;
}

/**
 * What a package says of itself: what its project says, and what is true of every such package.
 * @param own the summary where the project says none, and the last paragraph
 * @param code of the error
 * @throws KbuildError with that code for a text that would be more than a text in a package's description
 */
export function describe(
  { name, about }: Described,
  own: Description,
  code: ErrorCode,
): Description {
  checkAbout(name, about, code);
  const [first = '', ...rest] = (about.description ?? '').trim().split('\n');
  const text = rest.map((line) => line.trim());
  while (text[0] === '') text.shift();
  return {
    summary: first.trim() || own.summary,
    description: [...(text.length > 0 ? [...text, ''] : []), ...own.description],
  };
}

/** Who made a package, where nobody is named: an address that cannot be somebody's (RFC 2606). */
export const maintainerOf = ({ name, about }: Described): string =>
  about.maintainer ?? `${name} <${name.toLowerCase()}@localhost.invalid>`;

/** Descriptions of packages are read line by line: what ends a line would begin another field, or a program. */
function checkAbout(name: string, about: PackageAbout, code: ErrorCode): void {
  const { description, ...lines } = about;
  const wrong =
    Object.entries(lines).find(([, text]) => control.test(text ?? '')) ??
    [['description', description?.replaceAll(/\r?\n|\t/g, ' ')] as const].find(([, text]) =>
      control.test(text ?? ''),
    );
  if (wrong === undefined) return;
  const [field, text] = wrong;
  throw new KbuildError(
    code,
    `the ${field} of ${name} is ${JSON.stringify(text)}: it has a line break or another control character`,
    `Write the ${field} ${field === 'description' ? 'in lines of plain text' : 'as one line'}.`,
  );
}

/** C0 and C1 controls, and the line separators of Unicode. */
const control = /[\p{Cc}\u2028\u2029]/u;
