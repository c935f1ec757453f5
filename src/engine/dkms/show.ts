import { unpackArchive } from '../../artifact/collect.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { printable } from '../../errors/printable.js';
import { dkmsRecipe, dkmsScratch } from '../../plan/dkms-recipe.js';
import { labelOf, type DkmsJob, type Job } from '../../plan/job.js';
import type { EngineContext } from '../engine-context.js';
import { limitFailure } from '../failure.js';
import { collectDkms } from './collect.js';
import type { DkmsMeaning } from './record.js';

type ShowContext = Pick<
  EngineContext,
  'runtime' | 'imageOf' | 'stage' | 'limits' | 'emit' | 'signal'
>;

/**
 * What a job's dkms.conf means for its kernel: evaluated in the isolation of a build, and no more.
 * @throws KbuildError DKMS_CONF_INVALID for one that does not come to its end, BUILD_* for one that
 * runs into a limit, and what could not be run
 */
export async function showDkms(
  job: Job,
  dkms: DkmsJob,
  context: ShowContext,
): Promise<DkmsMeaning> {
  const runtime = await context.runtime();
  const image = await context.imageOf(job);
  const { mounts } = await context.stage.prepare(job, new Map(), runtime.kind);
  const tail: string[] = [];
  const outcome = await runtime.run(
    {
      image,
      script: dkmsRecipe(job, dkms, { processes: 1 }, 'show'),
      env: job.env,
      mounts,
      scratch: dkmsScratch,
      profile: 'build',
      title: `show ${job.id}`,
      ...context.limits,
    },
    {
      onLine: (said) => {
        const line = printable(said);
        tail.push(line);
        if (tail.length > 50) tail.shift();
        context.emit({ type: 'line', job: labelOf(job), line });
      },
      signal: context.signal,
    },
  );
  const limit = limitFailure({ outcome, diagnostics: [], tail, limits: context.limits });
  if (limit !== undefined) throw new KbuildError(limit.code, limit.message, limit.hint);
  const { record } = collectDkms(await unpackArchive(outcome.stdout));
  if (record?.end !== undefined) return record.meaning;
  throw new KbuildError(
    'DKMS_CONF_INVALID',
    `the dkms.conf of ${job.source.project.directory} ended its evaluation: ${tail.at(-1) ?? 'it printed nothing'}`,
    'Run it with --verbose to see what it prints.',
  );
}
