import { basename } from 'node:path';
import type { BuiltFile } from '../../artifact/collect.js';
import { judgeModule } from '../../artifact/judge.js';
import { KbuildError, type ErrorReport } from '../../errors/kbuild-error.js';
import type { Diagnostic } from '../../events/event.js';
import { readModule } from '../../module/read-module.js';
import type { Job } from '../../plan/job.js';
import { confName } from '../../project/dkms/conf-text.js';
import type { CollectedBuild } from '../collect-kbuild.js';
import type { EngineContext } from '../engine-context.js';
import { collectDkms } from './collect.js';
import { dkmsFailure } from './failure.js';
import { strange } from './record.js';

/**
 * Takes the modules of a DKMS source out of what came out of its build.
 * @param makeFailure says why make failed, which ended with this status
 * @throws KbuildError VERIFY_FAILED for a record that the driver cannot have written
 */
export function collectDkmsBuild(
  job: Job,
  exitCode: number,
  files: readonly BuiltFile[],
  makeFailure: (exitCode: number) => ErrorReport,
  context: Pick<EngineContext, 'configOf' | 'symversOf'>,
): CollectedBuild {
  const { record, modules, missing, others, symvers } = collectDkms(files);
  if (exitCode === 0 && record?.end !== 'built' && record?.end !== 'excluded') {
    throw strange(`an end of '${record?.end ?? 'none'}' with exit 0`);
  }
  if (record === undefined) return { error: makeFailure(exitCode) };
  if ((record.end === 'excluded') !== (exitCode === 0 && record.meaning.excluded !== undefined)) {
    throw strange('an exclusion without a rule, or a rule that excludes nothing');
  }
  const dkms = record.meaning;
  const failed = (error: ErrorReport): CollectedBuild => ({ error, dkms });
  if (exitCode !== 0)
    return failed(dkmsFailure(record) ?? makeFailure(Number(record.detail) || exitCode));
  const diagnostics = dkms.warnings.map(warning);
  if (record.end === 'excluded') return { files: { modules: [], symvers, dkms }, diagnostics };
  if (missing.length > 0) return failed(disappeared(missing));
  if (modules.length === 0) return failed(nothing);
  const strangers = others.flatMap((other) => foreignness(other, job, context));
  if (strangers.length > 0) return failed(forAnother(strangers));
  return { files: { modules, symvers, dkms }, diagnostics };
}

const warning = (message: string): Diagnostic => ({
  severity: 'warning',
  message,
  file: confName,
});

const disappeared = (names: readonly string[]): ErrorReport => ({
  code: 'BUILD_MODULE_MISSING',
  message: `${names.map((name) => `${name}.ko`).join(', ')} came out, and was gone after POST_BUILD`,
  hint: 'POST_BUILD must leave the modules where dkms has put them.',
});

const nothing: ErrorReport = {
  code: 'BUILD_NO_MODULES',
  message: 'the build succeeded, but dkms.conf names no module',
  hint: 'Name what is built with BUILT_MODULE_NAME and DEST_MODULE_LOCATION in dkms.conf.',
};

const forAnother = (failures: readonly string[]): ErrorReport => ({
  code: 'VERIFY_FAILED',
  message: failures.join('\n'),
  hint: 'A Makefile that asks for the machine otherwise than by uname builds for the wrong one. Nothing of this job is published.',
});

/** What says that a module that dkms.conf does not name was built for another kernel or machine. */
function foreignness(
  { path, bytes }: BuiltFile,
  job: Job,
  context: Pick<EngineContext, 'configOf' | 'symversOf'>,
): string[] {
  const name = basename(path);
  if (!isElf(bytes)) return [];
  try {
    const verdicts = judgeModule(readModule(bytes), {
      kdir: job.kdir,
      config: context.configOf(job),
      symvers: context.symversOf(job),
      siblings: new Map(),
      name: basename(path, '.ko'),
    });
    return verdicts
      .filter(({ check, status }) => foreign.has(check) && status === 'failed')
      .map(({ check, detail }) => `${name}, which dkms.conf does not name: ${check}: ${detail}`);
  } catch (error) {
    if (error instanceof KbuildError)
      return [`${name}, which dkms.conf does not name: ${error.message}`];
    throw error;
  }
}

const foreign = new Set(['machine', 'vermagic']);

/** Whether a file could be a module at all. */
const isElf = (bytes: Buffer): boolean => bytes.subarray(0, 4).toString('latin1') === '\x7fELF';
