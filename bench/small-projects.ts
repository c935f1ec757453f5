import { cp, mkdir, rename, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Those of the examples that stand for themselves, and what their names are in their files. */
const originals = ['hello', 'params', 'chardev', 'exporter'];

/**
 * Twelve small projects: four of the examples, each three times under names of its own, so that
 * nothing is the same project twice.
 */
export async function smallProjects(examples: string, directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const made: string[] = [];
  for (const copy of ['', '_b', '_c']) {
    for (const name of originals) {
      const project = join(directory, `${name}${copy}`);
      await cp(join(examples, name), project, { recursive: true });
      if (copy !== '') await renameModule(project, name, `${name}${copy}`);
      made.push(project);
    }
  }
  return made;
}

/** Gives a copied example another name: of the project, of its module, of its source. */
async function renameModule(project: string, from: string, to: string): Promise<void> {
  const described = join(project, 'kbuild.config.yaml');
  const text = await readFile(described, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await rename(join(project, `${from}.c`), join(project, `${to}.c`));
    await writeFile(join(project, 'Kbuild'), `obj-m := ${to}.o\n`);
    return;
  }
  const renamed = text.replace(/^name: .*$/m, `name: ${to}`).replace(/(- name: ).*$/m, `$1${to}`);
  await writeFile(described, renamed);
}
