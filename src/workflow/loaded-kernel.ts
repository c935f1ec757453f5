import { readFileSync } from 'node:fs';
import type { Arch } from '../arch/arch.js';
import { parseKernelConfig, type KernelConfig } from '../kernel/config.js';
import type { Kdir } from '../kernel/kdir.js';
import { resolveKernels } from '../kernel/resolve.js';
import { parseSymvers, type Symvers } from '../kernel/symvers.js';
import type { Session } from './session.js';

/** A kernel that modules are held against. */
export interface VerifiedKernel {
  release: string;
  arch: string;
  kdir: string;
}

/** A KDIR with all that modules are held against. */
export interface LoadedKernel {
  kdir: Kdir;
  config: KernelConfig;
  symvers: Symvers;
}

export const nameOf = ({ kdir }: LoadedKernel): VerifiedKernel => ({
  release: kdir.release,
  arch: kdir.arch,
  kdir: kdir.path,
});

/**
 * Finds kernels, or fetches them, and reads what modules are held against.
 * @throws KbuildError KDIR_*, KERNEL_*, FETCH_FAILED
 */
export async function loadKernels(
  refs: readonly string[],
  archs: readonly Arch[],
  session: Session,
): Promise<LoadedKernel[]> {
  const kdirs = await resolveKernels(refs, archs, undefined, session.provider);
  return kdirs.map((kdir) => ({
    kdir,
    config: parseKernelConfig(readFileSync(kdir.configPath, 'utf8')),
    symvers: parseSymvers(readFileSync(kdir.symversPath, 'utf8')),
  }));
}
