import { join } from 'node:path';
import type { Project } from '../project.js';
import { confName, readConfText } from './conf-text.js';

/**
 * Lets the DKMS sources of one run find each other: one that names another's package in BUILD_DEPENDS
 * depends on it, and comes after it.
 * @returns the projects, each after those that it depends on
 */
export function linkSources(projects: readonly Project[]): Project[] {
  const byDirectory = new Map(projects.map((project) => [project.directory, project]));
  const sources = projects.filter(({ method }) => method.kind === 'dkms');
  const byName = new Map(sources.map((project) => [project.name, project]));
  const leadsTo = (from: Project, to: Project): boolean =>
    from === to ||
    from.depends.some((path) => {
      const next = byDirectory.get(path);
      return next !== undefined && leadsTo(next, to);
    });
  for (const project of sources) {
    const { dependencies = [] } = readConfText(join(project.directory, confName));
    for (const name of dependencies) {
      const other = byName.get(name);
      // Those that need each other, or themselves, are told so when their dkms.conf is evaluated.
      if (other === undefined || leadsTo(other, project)) continue;
      if (!project.depends.includes(other.directory)) project.depends.push(other.directory);
    }
  }
  const ordered = new Set<Project>();
  const add = (project: Project): void => {
    if (ordered.has(project)) return;
    for (const path of project.depends) {
      const needed = byDirectory.get(path);
      if (needed !== undefined) add(needed);
    }
    ordered.add(project);
  };
  for (const project of projects) add(project);
  return [...ordered];
}
