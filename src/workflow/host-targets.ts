import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Target } from '../plan/plan-jobs.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import { findProgram } from './find-program.js';

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
