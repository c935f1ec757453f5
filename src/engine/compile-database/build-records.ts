import { mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { unpackArchive } from '../../artifact/collect.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { Diagnostic } from '../../events/event.js';
import { dkmsScratch } from '../../plan/dkms-recipe.js';
import type { Job } from '../../plan/job.js';
import type { Layout } from '../../plan/layout.js';
import { recordsRecipe } from '../../plan/records-recipe.js';
import type { EngineContext } from '../engine-context.js';
import { limitFailure, makeFailure } from '../failure.js';
import { openJobLog } from '../job-log.js';
import type { CommandRecord } from './compile-commands.js';

export type RecordsContext = Pick<
  EngineContext,
  'runtime' | 'imageOf' | 'stage' | 'limits' | 'scratch' | 'emit' | 'signal'
>;

/** What a build noted down. */
export interface BuildRecords {
  records: CommandRecord[];
  /** Where it found its files. */
  layout: Layout;
  /** What keeps sources from being compiled: there is no record of these. */
  errors: Diagnostic[];
}

/**
 * Builds a job for Kbuild's records of its objects: in isolation, and without the modules of other jobs.
 * @throws KbuildError BUILD_* if nothing was compiled, and what could not be run
 */
export async function buildRecords(
  job: Job,
  parallel: number,
  context: RecordsContext,
): Promise<BuildRecords> {
  const { stage, limits, scratch, emit, signal } = context;
  const runtime = await context.runtime();
  const image = await context.imageOf(job);
  const symvers = await noSymbols(job, scratch);
  const { layout, mounts } = await stage.prepare(job, symvers, runtime.kind);
  const { script, env, root } = recordsRecipe(job, parallel, layout);
  const log = await openJobLog(job, layout, {
    scratch,
    // Warnings are for a build; what matters here is told at the end.
    emit: (event) => {
      if (event.type === 'line') emit(event);
    },
  });
  let outcome;
  try {
    outcome = await runtime.run(
      {
        ...{ image, script, env, mounts, ...limits, profile: 'build', title: job.id },
        ...(job.dkms !== undefined && { scratch: dkmsScratch }),
      },
      { onLine: log.onLine, signal },
    );
  } finally {
    await log.close();
  }
  const { diagnostics, tail } = log;
  const built = { project: job.source.project, runtime: runtime.kind };
  const failure = limitFailure({ outcome, diagnostics, tail, limits, built });
  if (failure !== undefined) throw new KbuildError(failure.code, failure.message, failure.hint);
  const records = (await unpackArchive(outcome.stdout)).map(({ path, bytes }) => ({
    object: posix.join(root, path.replace(/(^|\/)\.([^/]*)\.cmd$/, '$1$2')),
    text: bytes.toString('utf8'),
  }));
  if (records.length === 0) throw nothingCompiled({ outcome, diagnostics, tail, limits, built });
  const isError = ({ severity, message }: Diagnostic) =>
    severity === 'error' && !message.startsWith('No rule to make target');
  return { records, layout, errors: outcome.exitCode === 0 ? [] : diagnostics.filter(isError) };
}

/** What other jobs export does not matter here, and need not be built. */
async function noSymbols(job: Job, scratch: string): Promise<Map<string, string>> {
  const directory = join(scratch, 'no-symbols');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'Module.symvers'), '');
  return new Map(job.needs.map((id) => [id, directory]));
}

function nothingCompiled(end: Parameters<typeof makeFailure>[0]): KbuildError {
  if (end.outcome.exitCode === 0) {
    return new KbuildError(
      'BUILD_NO_MODULES',
      'make succeeded, but nothing was compiled',
      "Is obj-m set for this kernel? A line such as 'obj-$(CONFIG_X) += x.o' builds nothing where CONFIG_X is not set.",
    );
  }
  const { code, message, hint } = makeFailure(end);
  return new KbuildError(code, message, hint);
}
