import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describeModule } from '../artifact/describe.js';
import { judgeModule } from '../artifact/judge.js';
import { judgeSignature } from '../artifact/judge-signature.js';
import { KbuildError, type ErrorReport } from '../errors/kbuild-error.js';
import { parseSymvers, type Symvers } from '../kernel/symvers.js';
import { readModule } from '../module/read-module.js';
import { labelOf, type Job } from '../plan/job.js';
import type { EngineContext } from './engine-context.js';
import type { FinishedModule, JobResult } from './job-result.js';
import { moduleFile, type StoredJob } from './job-store.js';

/** Verifies the modules of a job, signs them where the project says so, and describes them. */
export async function verifyJob(
  job: Job,
  needed: readonly JobResult[],
  stored: StoredJob,
  context: EngineContext,
): Promise<{ modules: FinishedModule[]; error?: ErrorReport }> {
  const label = labelOf(job);
  context.emit({ type: 'step', job: label, step: 'verify' });
  const siblings = await siblingSymvers(stored, needed);
  const { license } = job.source.project;
  const signer = context.signerOf(job);
  const names = stored.modules.map(({ path }) => basename(path));
  const finish = async (path: string): Promise<FinishedModule> => {
    let file = moduleFile(stored, path);
    let bytes: Uint8Array = await readFile(file);
    const verdicts = judgeModule(readModule(bytes), {
      kdir: job.kdir,
      config: context.configOf(job),
      symvers: context.symversOf(job),
      siblings,
      name: basename(path, '.ko'),
      ...(license !== undefined && { license }),
    });
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
    return { file, artifact: await describeModule(target, bytes, verdicts) };
  };
  const modules: FinishedModule[] = [];
  const failures: string[] = [];
  for (const { path } of stored.modules) {
    try {
      const module = await finish(path);
      modules.push(module);
      failures.push(...failedVerdicts(module));
    } catch (error) {
      // What a build gives may be anything: a file that cannot be read as a module is its fault.
      if (!(error instanceof KbuildError && error.code.startsWith('MODULE_'))) throw error;
      failures.push(`${basename(path)}: ${error.message}`);
    }
  }
  if (failures.length === 0) return { modules };
  return { modules: [], error: verifyFailed(failures) };
}

/** What the job's own modules export, and those of the jobs that it needs. */
async function siblingSymvers(stored: StoredJob, needed: readonly JobResult[]): Promise<Symvers> {
  const directories = [stored.directory, ...needed.flatMap((n) => n.symversDirectory ?? [])];
  const texts = directories.map((directory) => readFile(join(directory, 'Module.symvers'), 'utf8'));
  return parseSymvers((await Promise.all(texts)).join('\n'));
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
