import { KbuildError } from '../errors/kbuild-error.js';
import type { Resolution } from '../kernel/providers/port.js';

/** A kernel that was named, and that nothing can be built for. */
export interface UnusableKernel {
  /** As a reference names it. */
  ref: string;
  release?: string;
  arch?: string;
  error: KbuildError;
}

/** Why a kernel is not built for; what is no error of its own is thrown on. */
export function unusableKernel(kernel: Resolution, error: unknown): UnusableKernel {
  if (!(error instanceof KbuildError) || error.code === 'INTERRUPTED') throw error;
  if ('kdir' in kernel) {
    const { release, arch } = kernel.kdir;
    return { ref: kernel.ref, release, arch, error };
  }
  const { ref, release, arch } = kernel;
  return {
    ref,
    ...(release !== undefined && { release }),
    ...(arch !== undefined && { arch }),
    error,
  };
}
