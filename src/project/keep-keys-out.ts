import { join } from 'node:path';
import type { Project, SourceTree } from './project.js';
import { realPath } from './real-path.js';

/**
 * A signing key of a run must not get into a build, in whichever of its trees it lies.
 * @param secrets other files of which that is true
 */
export function keepKeysOut(projects: readonly Project[], secrets: readonly string[] = []): void {
  const keys = new Set([
    ...projects.flatMap(({ signing }) => (signing === undefined ? [] : realPath(signing.key))),
    ...secrets.map((path) => realPath(path)),
  ]);
  if (keys.size === 0) return;
  const trees: SourceTree[] = projects.flatMap((project) => {
    const { overlay, with: beside = [] } = project.dkms ?? {};
    return [project, ...beside, ...(overlay === undefined ? [] : [overlay])];
  });
  for (const tree of trees) {
    tree.files = tree.files.filter(({ path }) => !keys.has(realPath(join(tree.directory, path))));
  }
}
