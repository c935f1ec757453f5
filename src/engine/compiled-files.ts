import type { Project } from '../project/project.js';

const counted = new WeakMap<Project, number>();

/** How many files of a project a compiler may be given: the first guess at how long it takes. */
export function compiledFiles(project: Project): number {
  const known = counted.get(project);
  if (known !== undefined) return known;
  const count = project.files.filter(({ path }) => /\.[cS]$/.test(path)).length;
  counted.set(project, count);
  return count;
}
