import { KbuildError } from '../../errors/kbuild-error.js';
import type { PackageAbout, SourcePackage } from './source-package.js';

/** The sentence that is true of every package that is made here. */
const what = (name: string): string[] => [
  `The sources of the kernel modules of ${name}, which DKMS builds for`,
  'every kernel that is installed.',
];

/**
 * What a package says of itself: one line, and a text in lines.
 * @throws KbuildError DKMS_PACK_VALUE
 */
export function describePackage({ name, about }: SourcePackage): {
  summary: string;
  description: string[];
} {
  checkAbout(name, about);
  const [first = '', ...rest] = (about.description ?? '').trim().split('\n');
  const text = rest.map((line) => line.trim());
  while (text[0] === '') text.shift();
  return {
    summary: first.trim() || `kernel modules of ${name} for DKMS`,
    description: [...(text.length > 0 ? [...text, ''] : []), ...what(name)],
  };
}

/** Who made a package, where nobody is named: an address that cannot be somebody's (RFC 2606). */
export const maintainerOf = ({ name, about }: SourcePackage): string =>
  about.maintainer ?? `${name} <${name.toLowerCase()}@localhost.invalid>`;

/** Descriptions of packages are read line by line: what ends a line would begin another field, or a program. */
function checkAbout(name: string, about: PackageAbout): void {
  const { description, ...lines } = about;
  const wrong =
    Object.entries(lines).find(([, text]) => control.test(text ?? '')) ??
    [['description', description?.replaceAll(/\r?\n|\t/g, ' ')] as const].find(([, text]) =>
      control.test(text ?? ''),
    );
  if (wrong === undefined) return;
  const [field, text] = wrong;
  throw new KbuildError(
    'DKMS_PACK_VALUE',
    `the ${field} of ${name} is ${JSON.stringify(text)}: it has a line break or another control character`,
    `Write the ${field} ${field === 'description' ? 'in lines of plain text' : 'as one line'}.`,
  );
}

/** C0 and C1 controls, and the line separators of Unicode. */
const control = /[\p{Cc}\u2028\u2029]/u;
