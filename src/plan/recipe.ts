import type { Job } from './job.js';
import { dkmsRecipe } from './dkms-recipe.js';
import { containerLayout, relocateMake, type Layout } from './layout.js';
import { shellJoin, shellQuote } from '../runtime/shell.js';

/** Part of every job's key: raised when the script below changes what comes out. */
export const recipeVersion = 1;

/**
 * The shell script of a job. It copies the sources to the scratch space, runs make there and
 * writes a tar archive of what came out to standard output; all that is said goes to standard
 * error. Its exit status is make's.
 * @param parallel how many processes make may run at once
 */
export function recipe(job: Job, parallel: number, layout: Layout = containerLayout): string {
  if (job.dkms !== undefined) return dkmsRecipe(job, job.dkms, parallel, 'build');
  const [make = 'make', ...rest] = relocateMake(job.make, layout);
  const directory = shellQuote(`${layout.build}/${job.source.placement}`);
  return [
    'exec 3>&1 1>&2', // 3: the archive
    'umask 022',
    `cp -R ${shellQuote(layout.sources)}/. ${shellQuote(layout.build)} || exit`,
    'status=0',
    `${shellJoin([make, `-j${parallel}`, ...rest])} 3>&- || status=$?`,
    `cd ${directory} || exit`,
    `find . -type f \\( ${collected.map((name) => `-name '${name}'`).join(' -o ')} \\) -print0 |` +
      ' tar --null --no-recursion -T - -cf - >&3 || [ $status != 0 ] || status=1',
    'exit $status',
  ].join('\n');
}

/** What a job takes out of the scratch space. */
const collected = ['*.ko', 'Module.symvers', 'modules.order'];
