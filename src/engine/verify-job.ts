import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isGplCompatible } from '../artifact/checks/license.js';
import { describeModule } from '../artifact/describe.js';
import { judgeModule, unresolvedOf, type Expectation } from '../artifact/judge.js';
import { judgeSignature } from '../artifact/judge-signature.js';
import { KbuildError, type ErrorReport } from '../errors/kbuild-error.js';
import { exportsOf } from '../kernel/symvers.js';
import { readModule, type ModuleInfo } from '../module/read-module.js';
import { labelOf, type Job } from '../plan/job.js';
import type { EngineContext } from './engine-context.js';
import type { FinishedModule, JobResult, ModuleExports } from './job-result.js';
import { moduleBytes, moduleFile, type StoredJob } from './job-store.js';
import { unpublishedExporters } from './unpublished-exporters.js';

/** A module of a job: its bytes, read once, and what they say. */
interface ReadModule {
  path: string;
  file: string;
  bytes: Buffer;
  info: ModuleInfo;
  offers: ModuleExports;
}

/**
 * Verifies the modules of a job, signs them where the project says so, and describes them. What
 * they may take of each other and of those of the jobs that it needs, these modules themselves
 * say: a Module.symvers is what a build wrote, and proves nothing.
 */
export async function verifyJob(
  job: Job,
  needed: readonly JobResult[],
  stored: StoredJob,
  context: EngineContext,
): Promise<{ modules: FinishedModule[]; error?: ErrorReport }> {
  const label = labelOf(job);
  context.emit({ type: 'step', job: label, step: 'verify' });
  const failures: string[] = [];
  const read: ReadModule[] = [];
  for (const module of stored.modules) {
    const one = await orFailure(module.path, failures, () => readStored(stored, module));
    if (one !== undefined) read.push(one);
  }
  // Who takes symbols of what cannot be read would be told that nobody exports them.
  if (failures.length > 0) return { modules: [], error: verifyFailed(failures) };

  const offers = [...needed.flatMap((n) => n.modules), ...read].map((module) => module.offers);
  const { license } = job.source.project;
  const expected: Omit<Expectation, 'name'> = {
    kdir: job.kdir,
    config: context.configOf(job),
    symvers: context.symversOf(job),
    siblings: exportsOf(offers),
    ...(license !== undefined && { license }),
  };
  const expectationOf = ({ offers: { name } }: ReadModule) => ({ ...expected, name });
  const unresolved = read.flatMap((one) => unresolvedOf(one.info, expectationOf(one)));
  const unpublished = await unpublishedExporters(
    new Set(unresolved),
    offers.map(({ name }) => name),
    [stored.directory, ...needed.flatMap((n) => n.symversDirectory ?? [])],
  );

  const signer = context.signerOf(job);
  const names = read.map(({ path }) => basename(path));
  const finish = async (module: ReadModule): Promise<FinishedModule> => {
    const { path, info } = module;
    const verdicts = judgeModule(info, { ...expectationOf(module), unpublished });
    let { file, bytes }: { file: string; bytes: Uint8Array } = module;
    if (signer !== undefined) {
      context.emit({ type: 'step', job: label, step: 'sign' });
      bytes = await signer.sign(bytes, job);
      file = join(context.scratch, 'signed', job.id, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    verdicts.push(await judgeSignature(bytes, job.kdir, signer));
    const unique = names.filter((name) => name === basename(path)).length === 1;
    const target = `${job.output}/${unique ? basename(path) : path}`;
    const read = signer === undefined ? info : undefined; // signing changes what it says
    const artifact = await describeModule(target, bytes, verdicts, read);
    return { file, artifact, offers: module.offers };
  };
  const modules: FinishedModule[] = [];
  for (const one of read) {
    const module = await orFailure(one.path, failures, () => finish(one));
    if (module === undefined) continue;
    modules.push(module);
    failures.push(...failedVerdicts(module));
  }
  if (failures.length === 0) return { modules };
  return { modules: [], error: verifyFailed(failures) };
}

function readStored(
  stored: StoredJob,
  { path, name = basename(path, '.ko') }: StoredJob['modules'][number],
): ReadModule {
  const file = moduleFile(stored, path);
  const bytes = moduleBytes(stored, path);
  const info = readModule(bytes);
  const offers = { name, exports: info.exports, proprietary: !isGplCompatible(info.modinfo) };
  return { path, file, bytes, info, offers };
}

/** What a build gives may be anything: a file that cannot be read as a module is its fault. */
async function orFailure<T>(
  path: string,
  failures: string[],
  read: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KbuildError && error.code.startsWith('MODULE_'))) throw error;
    failures.push(`${basename(path)}: ${error.message}`);
    return undefined;
  }
}

const failedVerdicts = ({ artifact }: FinishedModule): string[] =>
  artifact.verdicts
    .filter(({ status }) => status === 'failed')
    .map(({ check, detail }) => `${basename(artifact.path)}: ${check}: ${detail}`);

const verifyFailed = (failures: readonly string[]): ErrorReport => ({
  code: 'VERIFY_FAILED',
  message: failures.join('\n'),
  hint: 'make reported success, but this kernel would not take the module: nothing of this job is published.',
});
