import type { ErrorCode } from '../../errors/codes.js';
import type { ErrorReport } from '../../errors/kbuild-error.js';
import type { DkmsEnd, DkmsRecord } from './record.js';

type Explain = (
  record: DkmsRecord,
  detail: string,
) => Omit<ErrorReport, 'code'> & { code: ErrorCode };

/** Ends that the driver itself explains; the others are those of any build. */
const explanations: Partial<Record<DkmsEnd, Explain>> = {
  invalid: ({ meaning }) => ({
    code: 'DKMS_CONF_INVALID',
    message: `dkms.conf: ${few(meaning.problems)}`,
    hint: "dkms(8) describes dkms.conf; 'kbuild-ts dkms show' says what it means for a kernel.",
  }),
  empty: () => ({
    code: 'DKMS_CONF_INVALID',
    message: 'there is no source beside dkms.conf',
    hint: 'dkms.conf belongs into the directory that has the sources of the modules.',
  }),
  dependency: (_, detail) => ({
    code: 'DKMS_DEPENDENCY_MISSING',
    message: `BUILD_DEPENDS names ${detail}, which was not built before it`,
    hint: 'Name the source tree of each with --with DIR (or dkms: with: in kbuild.config.yaml).',
  }),
  'patch-path': (_, detail) => ({
    code: 'DKMS_PATCH_MISSING',
    message: `PATCH names '${detail}', which leaves the source's patches directory`,
    hint: 'Patches lie in patches/ beside dkms.conf, and PATCH names them without that directory.',
  }),
  'patch-missing': (_, detail) => ({
    code: 'DKMS_PATCH_MISSING',
    message: `PATCH names '${detail}', and there is no patches/${detail}`,
    hint: 'Add the file, or take it out of PATCH (PATCH_MATCH says for which kernels it is wanted).',
  }),
  'patch-failed': (_, detail) => ({
    code: 'DKMS_PATCH_FAILED',
    message: `the patch '${detail}' does not apply`,
    hint: "The job's log has what patch said. PATCH_MATCH says for which kernels a patch is wanted.",
  }),
  hook: (_, detail) => ({
    code: 'DKMS_HOOK_FAILED',
    message: detail,
    hint: "The job's log has what it printed. It runs without a network, in the container of the build.",
  }),
  missing: (_, detail) => ({
    code: 'BUILD_MODULE_MISSING',
    message: `make succeeded, but ${detail} did not come out`,
    hint: 'Check BUILT_MODULE_NAME and BUILT_MODULE_LOCATION in dkms.conf, and what MAKE makes for this kernel.',
  }),
};

const mostProblems = 20;

/** All in one message, but for a dkms.conf in which everything is wrong. */
function few(problems: readonly string[]): string {
  const shown = problems.slice(0, mostProblems).join('; ');
  const more = problems.length - mostProblems;
  return more > 0 ? `${shown} (and ${more} more)` : shown;
}

/** Why a DKMS job did not come to its modules, where that is no failure of make; else undefined. */
export function dkmsFailure(record: DkmsRecord): ErrorReport | undefined {
  const explain = record.end && explanations[record.end];
  return explain?.(record, record.detail ?? '');
}

/** That a rule of dkms.conf keeps a job from being built: no failure. */
export function excludedBy(rule: string): ErrorReport {
  return {
    code: 'DKMS_EXCLUDED',
    message: `not built: ${rule}`,
    hint: 'The source says in dkms.conf that it is not for this kernel.',
  };
}
