import { collectModules, type BuiltFile } from '../artifact/collect.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic } from '../events/event.js';
import type { Job } from '../plan/job.js';
import type { DkmsMeaning } from './dkms/record.js';
import type { JobFiles } from './job-store.js';

/** What a build gave for the store, or why it counts as failed. */
export type CollectedBuild =
  | { files: Pick<JobFiles, 'modules' | 'symvers' | 'dkms'>; diagnostics: Diagnostic[] }
  | { error: ErrorReport; dkms?: DkmsMeaning };

/**
 * Takes the modules out of what came out of a build that Kbuild or the project's Makefile made.
 * @param makeFailure says why make failed, which ended with this status
 */
export function collectKbuild(
  job: Job,
  exitCode: number,
  files: readonly BuiltFile[],
  makeFailure: (exitCode: number) => ErrorReport,
): CollectedBuild {
  if (exitCode !== 0) return { error: makeFailure(exitCode) };
  const { modules, missing, symvers = '' } = collectModules(files, job.expected);
  if (missing.length > 0) {
    return {
      error: {
        code: 'BUILD_MODULE_MISSING',
        message: `make succeeded, but ${missing.map((name) => `${name}.ko`).join(', ')} did not come out`,
        hint: `Check the names of the modules in ${job.source.project.directory}: those that Kbuild makes stand in its obj-m lines.`,
      },
    };
  }
  if (modules.length > 0) return { files: { modules, symvers }, diagnostics: [] };
  return {
    error: {
      code: 'BUILD_NO_MODULES',
      message: 'make succeeded, but no module came out',
      hint: "Is obj-m set for this kernel? A line such as 'obj-$(CONFIG_X) += x.o' builds nothing where CONFIG_X is not set.",
    },
  };
}
