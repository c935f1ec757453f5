import { describe, maintainerOf, type Description } from '../describe.js';
import type { ReleaseProject } from '../release-project.js';
import { plain, plainLine } from './spec-text.js';

/** What a spec file says of a project. */
export interface SpecFields {
  summary: string;
  description: string[];
  license: string;
  homepage?: string;
  packager: string;
  /** As rpm's changelogs have it. */
  date: string;
}

/** Columns that rpmlint lets a description have. */
const width = 79;

/**
 * What a spec file says of a project.
 * @param own what is said where the project says nothing
 * @param licenses of the modules (MODULE_LICENSE), for a project that names none
 * @param epoch seconds since 1970: when the package was made, as it says
 * @throws KbuildError PACKAGE_VALUE
 */
export function fieldsOf(
  project: ReleaseProject,
  own: Description,
  licenses: readonly string[],
  epoch: number,
): SpecFields {
  const { name, about } = project;
  const license = about.license ?? [...new Set(licenses)].sort().join(' and ');
  const said = describe({ name, about: { ...about, license } }, own, 'PACKAGE_VALUE');
  const { homepage } = about;
  return {
    summary: plain(said.summary),
    description: said.description.flatMap(wrapped).map(plainLine),
    license: plain(license === '' ? 'see MODULE_LICENSE' : license),
    ...(homepage !== undefined && { homepage: plain(homepage) }),
    packager: plain(maintainerOf(project)),
    date: new Date(epoch * 1000)
      .toUTCString()
      .replace(/^(...), (..) (...) (....).*/, '$1 $3 $2 $4'),
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
