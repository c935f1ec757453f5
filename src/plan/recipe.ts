import type { Job } from './job.js';
import { dkmsRecipe } from './dkms-recipe.js';
import { containerLayout, relocateMake, type Layout } from './layout.js';
import { joinJobserver, parallelWords, type Parallelism } from './parallelism.js';
import { shellJoin, shellQuote } from '../runtime/shell.js';

/** Part of every job's key: raised when the script below changes what comes out. */
export const recipeVersion = 1;

/** How a build is run; none of it changes what comes out. */
export interface RecipeOptions {
  parallelism: Parallelism;
  /** It begins with objects of an earlier build. */
  hasObjects?: boolean;
  /** It gives the objects that it makes, for the next build. */
  givesObjects?: boolean;
}

/**
 * The shell script of a job. It copies the sources to the scratch space, runs make there and
 * writes a tar archive of what came out to standard output; all that is said goes to standard
 * error. Its exit status is make's. Objects of an earlier build come after the sources, so that nothing that
 * they were made of is newer.
 */
export function recipe(
  job: Job,
  { parallelism, hasObjects = false, givesObjects = false }: RecipeOptions,
  layout: Layout = containerLayout,
): string {
  if (job.dkms !== undefined) return dkmsRecipe(job, job.dkms, parallelism, 'build');
  const [program = 'make', ...words] = relocateMake(job.make, layout);
  const make = [program, ...parallelWords(parallelism), ...words];
  const build = shellQuote(layout.build);
  const directory = shellQuote(`${layout.build}/${job.source.placement}`);
  return [
    'exec 3>&1 1>&2', // 3: the archive
    'umask 022',
    ...joinJobserver(parallelism, layout.tokens),
    `cp -R ${shellQuote(layout.sources)}/. ${build} || exit`,
    ...(hasObjects ? [`cp -R ${shellQuote(layout.objects)}/. ${build} || exit`] : []),
    ...(givesObjects ? [`: > ${begun}`] : []),
    'status=0',
    `${shellJoin(make)} 3>&- || status=$?`,
    `cd ${directory} || exit`,
    `find . -type f \\( ${found(givesObjects)} \\) -print0 |` +
      ' tar --null --no-recursion -T - -cf - >&3 || [ $status != 0 ] || status=1',
    'exit $status',
  ].join('\n');
}

/** Its age tells what a build has made from what it began with. */
const begun = '/tmp/.kbuild-ts-begun';

const named = (names: readonly string[]): string =>
  names.map((name) => `-name '${name}'`).join(' -o ');

/** What a job takes out of the scratch space, as find(1) is told. */
function found(givesObjects: boolean): string {
  const modules = named(['*.ko', 'Module.symvers', 'modules.order']);
  if (!givesObjects) return modules;
  const objects = named(['*.o', '.*.o.cmd']);
  const made = `-newer ${begun} ! -name '*.mod.o' ! -name '.*.mod.o.cmd' \\( ${objects} \\)`;
  // Whatever age it gives them: when a file was changed, nobody can forge.
  const sources = `-cnewer ${begun} \\( ${named(['*.c', '*.h'])} \\) ! -name '*.mod.c'`;
  return `${modules} -o ${made} -o ${sources}`;
}
