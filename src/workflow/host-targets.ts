import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Assignment, Target } from '../plan/plan-jobs.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import { findProgram } from '../runtime/find-program.js';

/**
 * Refuses what cannot be built on the host, without a container: a KDIR whose files lie elsewhere
 * than it expects them, and a compiler that is not installed.
 * @throws KbuildError KDIR_NOT_IN_PLACE, TOOLCHAIN_NOT_INSTALLED
 */
export function checkHostTarget({ kdir, toolchain }: Target): void {
  if (!kdir.inPlace) throw notInPlace(kdir);
  checkInstalled(toolchain, kdir);
}

function checkInstalled(toolchain: Toolchain, kdir: Kdir): void {
  const program = toolchain.program.replaceAll('{triple}', archByName(kdir.arch).triple);
  if (findProgram(program) !== undefined) return;
  throw new KbuildError(
    'TOOLCHAIN_NOT_INSTALLED',
    `${toolchain.name} is not installed on this machine: there is no ${program} in PATH`,
    "Install it, or leave '--runtime host' out: images have every toolchain.",
  );
}

function notInPlace(kdir: Kdir): KbuildError {
  const moved = kdir.mounts.find(({ source, target }) => source !== target);
  return new KbuildError(
    'KDIR_NOT_IN_PLACE',
    `the KDIR of ${kdir.release} (${kdir.arch}) expects ${moved?.target ?? kdir.path}, which is at ${moved?.source ?? 'no such place'} on this machine`,
    "Build in a container (leave --runtime host out), or install the headers and use '--kernel host' or --kdir.",
  );
}

/**
 * Refuses DKMS sources on the host: dkms.conf is a program, and runs in a container alone.
 * @throws KbuildError DKMS_ISOLATION
 */
export function checkDkmsIsolation(assignments: readonly Assignment[]): void {
  const source = assignments.find(({ project }) => project.method.kind === 'dkms');
  if (source === undefined) return;
  throw new KbuildError(
    'DKMS_ISOLATION',
    `the dkms.conf of ${source.project.directory} is a program, and --runtime host would run it without isolation`,
    'Leave --runtime host out.',
  );
}
