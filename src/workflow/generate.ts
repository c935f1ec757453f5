import { join, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { loadProjects } from '../project/load-projects.js';
import { writeFileAtomic } from '../storage/atomic.js';

export interface GeneratedFile {
  path: string;
  text: string;
}

/**
 * Writes the Kbuild and the Makefile of a described project (of all of a workspace) into its
 * directory: the only thing that ever writes there.
 * A Kbuild or Makefile that kbuild-ts did not write is refused when the project is loaded.
 * @throws KbuildError PROJECT_FILE_EXISTS if it is built by such a file alone
 */
export async function generateMakefile(
  directory: string,
  options: { dryRun: boolean },
): Promise<GeneratedFile[]> {
  const { projects, requested } = await loadProjects(resolve(directory));
  // The Makefile of a project makes those that it depends on: they need theirs.
  const files = projects.flatMap(({ directory: path, method }) =>
    method.kind === 'generated'
      ? [
          { path: join(path, 'Kbuild'), text: method.kbuild },
          { path: join(path, 'Makefile'), text: method.makefile },
        ]
      : [],
  );
  const [own] = [...requested].filter(({ method }) => method.kind !== 'generated');
  if (files.length === 0 && own !== undefined) {
    throw new KbuildError(
      'PROJECT_FILE_EXISTS',
      `${own.directory} has a Kbuild or Makefile of its own: there is nothing to generate`,
      'Describe its modules with their sources in a kbuild.config.yaml, and remove the file.',
    );
  }
  if (options.dryRun) return files;
  for (const { path, text } of files) await writeFileAtomic(path, text);
  return files;
}
