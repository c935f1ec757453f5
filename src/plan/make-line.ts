import { posix } from 'node:path';
import { archByName } from '../arch/arch.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Project } from '../project/project.js';
import { makeVariables, type Toolchain } from '../toolchain/toolchain.js';
import { containerLayout } from './layout.js';

export interface MakeOptions {
  /** Kbuild's W=: extra warnings, for example `1`. */
  warnings?: string;
  /** Kbuild's C=: run sparse, `1` on what is compiled or `2` on all. */
  check?: string;
}

/** The variables by which vendors' Makefiles ask for the KDIR. */
export const kdirNames = ['KDIR', 'KERNELDIR', 'KERNEL_DIR', 'KERNEL_SRC', 'KSRC', 'KERNEL_BUILD'];
/** The variables by which they ask for the kernel release (KERNELRELEASE is Kbuild's own). */
export const releaseNames = ['KVER', 'KVERSION', 'KERNEL_VERSION'];

/** The arguments of make for one job, `make` itself first, in the paths that a container has. */
export function makeLine(
  project: Project,
  placement: string,
  kdir: Kdir,
  toolchain: Toolchain,
  extraSymbols: readonly string[],
  options: MakeOptions,
): string[] {
  const directory = `${containerLayout.build}/${placement}`;
  const variables = {
    ...makeVariables(toolchain, archByName(kdir.arch)),
    ...project.make,
    // Kernels before 6.13 do not know it, and build in place.
    ...(project.make.MO !== undefined && { MO: posix.join(directory, project.make.MO) }),
    ...(extraSymbols.length > 0 && { KBUILD_EXTRA_SYMBOLS: extraSymbols.join(' ') }),
    ...(options.warnings !== undefined && { W: options.warnings }),
    ...(options.check !== undefined && { C: options.check }),
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  if (project.method.kind !== 'make') {
    return ['make', '-C', kdir.path, `M=${directory}`, ...assignments, 'modules'];
  }
  const answers = [
    ...kdirNames.map((name) => `${name}=${kdir.path}`),
    ...releaseNames.map((name) => `${name}=${kdir.release}`),
  ];
  return ['make', '-C', directory, ...answers, ...assignments];
}
