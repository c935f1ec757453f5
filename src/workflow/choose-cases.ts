import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';
import { matchesGlob } from '../module/glob.js';
import type { Project } from '../project/project.js';
import { defaultTests, type ProjectTests } from '../project/project-tests.js';

/**
 * The tests of projects, those of their configuration or the default, with the cases that are asked for.
 * Projects of which no case is asked for are left out.
 * @param globs of the names of cases; none: all
 * @throws KbuildError USAGE for a glob that no case's name matches
 */
export function chooseCases(
  projects: readonly Project[],
  globs: readonly string[],
): Map<Project, ProjectTests> {
  const all = projects.map((project) => ({ project, tests: project.tests ?? defaultTests() }));
  checkCases(
    all.flatMap(({ tests }) => tests.cases.map(({ name }) => name)),
    globs,
  );
  const isAsked = (name: string) =>
    globs.length === 0 || globs.some((glob) => matchesGlob(name, glob));
  return new Map(
    all
      .map(({ project, tests }): [Project, ProjectTests] => [
        project,
        { ...tests, cases: tests.cases.filter(({ name }) => isAsked(name)) },
      ])
      .filter(([, { cases }]) => cases.length > 0),
  );
}

/**
 * @param names of all cases
 * @throws KbuildError USAGE for a glob that none of them matches
 */
export function checkCases(names: readonly string[], globs: readonly string[]): void {
  const unmatched = globs.find((glob) => !names.some((name) => matchesGlob(name, glob)));
  if (unmatched === undefined) return;
  throw new KbuildError(
    'USAGE',
    `--case ${unmatched}: no case has such a name`,
    suggestion(unmatched, [...new Set(names)], 'cases'),
  );
}
