import { availableParallelism } from 'node:os';
import { hostArch } from '../arch/arch.js';
import { buildRecords } from '../engine/compile-database/build-records.js';
import {
  compileCommands,
  type CompileCommand,
} from '../engine/compile-database/compile-commands.js';
import type { LeftOut } from '../engine/compile-database/editor-arguments.js';
import { allEditors, type EditorOptions } from '../engine/compile-database/editor-options.js';
import { hostPaths } from '../engine/compile-database/host-paths.js';
import type { JobLimits } from '../engine/engine-context.js';
import { Stage } from '../engine/stage.js';
import type { Diagnostic, JobLabel } from '../events/event.js';
import { compareReleases } from '../kernel/release.js';
import { labelOf, type Job } from '../plan/job.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { plan, type PlanRequest } from './plan.js';
import type { Session } from './session.js';

export interface CompileCommandsRequest extends PlanRequest {
  limits: JobLimits;
}

/** How the sources of a directory's projects are compiled. */
export interface CompileCommandsReport {
  /** Sorted by file. */
  database: CompileCommand[];
  /** The jobs that were looked at, one for each project, and how many would have served as well. */
  jobs: JobLabel[];
  candidates: number;
  /** Options of the compiles that are not in the database, each once. */
  leftOut: LeftOut[];
}

/**
 * Compiles the sources of each project for the newest of its kernels, and tells how, in terms of this machine.
 * @throws KbuildError if nothing was compiled, and what plan throws
 */
export async function findCompileCommands(
  request: CompileCommandsRequest,
  session: Session,
): Promise<CompileCommandsReport> {
  const { jobs, unusable } = await plan(request, session);
  for (const { error } of unusable) {
    session.emit({ type: 'warning', message: error.message, hint: error.hint });
  }
  const chosen = newestOfEach(jobs);
  const { scratch, emit, signal, runtime } = session;
  const context = {
    ...{ scratch, emit, signal, runtime, limits: request.limits, stage: new Stage(scratch) },
    imageOf: async ({ toolchain, source }: Job) =>
      request.runtime === 'host'
        ? ''
        : (await session.toolchainImage(toolchainByName(toolchain), source.project.buildDeps)).id,
  };
  const [editor] = allEditors() as [EditorOptions];
  emit({ type: 'plan', jobs: chosen.map(labelOf) });
  const database: CompileCommand[] = [];
  const leftOut = new Map<string, LeftOut>();
  for (const job of chosen) {
    const begun = performance.now();
    const ending = (status: 'built' | 'failed') => {
      const milliseconds = performance.now() - begun;
      emit({ type: 'job-end', job: labelOf(job), status, milliseconds });
    };
    emit({ type: 'job-start', job: labelOf(job) });
    emit({ type: 'step', job: labelOf(job), step: 'compile' });
    const { records, layout, errors } = await buildRecords(
      job,
      availableParallelism(),
      context,
    ).catch((error: unknown) => {
      ending('failed');
      throw error;
    });
    const { family } = toolchainByName(job.toolchain);
    const found = compileCommands(job, records, { paths: hostPaths(job, layout), editor, family });
    database.push(...found.entries);
    for (const option of found.leftOut) leftOut.set(option.option, option);
    ending('built');
    warnOfErrors(job, errors, session);
    warnOfGenerated(found.generated, session);
  }
  warnOfPaths([...leftOut.values()], session);
  return {
    database: database.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)),
    jobs: chosen.map(labelOf),
    candidates: jobs.length,
    leftOut: [...leftOut.values()],
  };
}

/** One job of each project: of its newest kernel, of this machine's architecture if it has that. */
export function newestOfEach(jobs: readonly Job[]): Job[] {
  const best = new Map<string, Job>();
  for (const job of jobs) {
    const { directory } = job.source.project;
    const known = best.get(directory);
    if (known === undefined || isBefore(job, known)) best.set(directory, job);
  }
  return [...best.values()];
}

function isBefore(job: Job, known: Job): boolean {
  // The parts of a release that name its flavour say nothing of its age.
  const version = ({ release }: Job) => /^[\d.]+(-\d+)?/.exec(release)?.[0] ?? release;
  const order = compareReleases(version(job), version(known));
  const own = hostArch().name;
  return order > 0 || (order === 0 && job.arch === own && known.arch !== own);
}

/** Of many, so many are named. */
const named = 3;

function warnOfErrors(job: Job, errors: readonly Diagnostic[], { emit }: Session): void {
  if (errors.length === 0) return;
  const said = errors.slice(0, named).map(({ file, line, message }) => {
    const place = [file, line].filter((part) => part !== undefined).join(':');
    return place === '' ? message : `${place}: ${message}`;
  });
  emit({
    type: 'warning',
    message: `not all of ${job.id} compiles: ${said.join('; ')}${more(errors)}`,
    hint: 'A source that does not compile has no entry until it did once: mend it, and run this again.',
  });
}

function warnOfGenerated(generated: readonly string[], { emit }: Session): void {
  if (generated.length === 0) return;
  emit({
    type: 'warning',
    message: `only a build makes ${generated.slice(0, named).join(', ')}${more(generated)}: an editor does not find what they say`,
    hint: 'Generate these files in your tree too, or live with the marks that it puts on them.',
  });
}

function warnOfPaths(leftOut: readonly LeftOut[], { emit }: Session): void {
  const lost = leftOut.filter(({ why }) => why === 'no path').map(({ option }) => option);
  if (lost.length === 0) return;
  emit({
    type: 'warning',
    message: `left out, since it is not on this machine: ${lost.slice(0, named).join(', ')}${more(lost)}`,
    hint: 'What lies in the image of the build alone, an editor cannot read.',
  });
}

const more = (list: readonly unknown[]): string =>
  list.length > named ? ` and ${list.length - named} more` : '';
