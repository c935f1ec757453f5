import type { Job } from './job.js';
import { containerLayout, type Layout } from './layout.js';
import { recipe } from './recipe.js';
import { shellQuote } from '../runtime/shell.js';

/** A build that is run for what Kbuild notes down of each object. */
export interface RecordsRecipe {
  /** Writes a tar archive of all `.<name>.o.cmd` to standard output; its exit status is make's. */
  script: string;
  env: Record<string, string>;
  /** The directory that the paths of the archive are relative to. */
  root: string;
}

/**
 * How a job is built for the records of its objects. make goes on after what does not compile, and modules
 * may lack symbols of others: they are not wanted.
 */
export function recordsRecipe(
  job: Job,
  parallel: number,
  layout: Layout = containerLayout,
): RecordsRecipe {
  const root = job.dkms === undefined ? layout.build : '/var/lib/dkms';
  const script = [
    'exec 3>&1', // the archive
    'status=0',
    `(${recipe(job, { parallelism: { processes: parallel } }, layout)}\n) > /dev/null || status=$?`,
    `cd ${shellQuote(root)} || exit`,
    `find . -type f -name '.*.o.cmd' -print0 |` +
      ' tar --null --no-recursion -T - -cf - >&3 || [ $status != 0 ] || status=1',
    'exit $status',
  ].join('\n');
  return { script, root, env: { ...job.env, MAKEFLAGS: 'k', KBUILD_MODPOST_WARN: '1' } };
}
