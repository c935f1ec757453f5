import { describe, type Description } from '../describe.js';
import type { ReleaseProject } from '../release-project.js';
import { plain, plainLine } from './spec-text.js';

/** What a spec file says of a project. */
export interface SpecFields {
  summary: string;
  description: string[];
  license: string;
  homepage?: string;
  packager?: string;
}

/** Columns that rpmlint lets a description have. */
const width = 79;

/**
 * What a spec file says of a project.
 * @param own what is said where the project says nothing
 * @param licenses of the modules (MODULE_LICENSE), for a project that names none
 * @throws KbuildError PACKAGE_VALUE
 */
export function fieldsOf(
  { name, about }: ReleaseProject,
  own: Description,
  licenses: readonly string[],
): SpecFields {
  const license = about.license ?? [...new Set(licenses)].sort().join(' and ');
  const said = describe({ name, about: { ...about, license } }, own, 'PACKAGE_VALUE');
  const { homepage, maintainer } = about;
  return {
    summary: plain(said.summary),
    description: said.description.flatMap(wrapped).map(plainLine),
    license: plain(license === '' ? 'see MODULE_LICENSE' : license),
    ...(homepage !== undefined && { homepage: plain(homepage) }),
    ...(maintainer !== undefined && { packager: plain(maintainer) }),
  };
}

/** A line in lines, broken at blanks. */
function wrapped(line: string): string[] {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
