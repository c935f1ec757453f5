import type { Kdir } from '../kernel/kdir.js';
import type { Resolution } from '../kernel/providers/port.js';
import { defaultToolchain } from '../toolchain/select.js';
import type { Toolchain } from '../toolchain/toolchain.js';

/**
 * The toolchains for a kernel: those that were named, or those of the configuration that fit, or the
 * kernel's own.
 * @throws KbuildError TOOLCHAIN_NONE_FITS; of a kernel of which nothing is known, why
 */
export function chooseToolchains(
  kernel: Resolution,
  asked: readonly Toolchain[],
  configured: readonly Toolchain[],
): readonly Toolchain[] {
  const compiled = compiledOf(kernel);
  if (asked.length > 0) return asked;
  // Configured toolchains may be for several kernels: each takes those of its compiler's family.
  const { compiler } = compiled;
  const fitting = configured.filter(
    ({ family }) => compiler === undefined || family === compiler.family,
  );
  return fitting.length > 0 ? fitting : [defaultToolchain(compiled)];
}

/** What a toolchain is chosen by: of a KDIR that is not ready, what its configuration says. */
function compiledOf(kernel: Resolution): Pick<Kdir, 'compiler' | 'release' | 'arch' | 'suite'> {
  if ('kdir' in kernel) return kernel.kdir;
  const { arch, compiler, release } = kernel.survey?.({ depth: 'quick' }) ?? {};
  if (arch === undefined) throw kernel.error;
  return { arch: arch.name, release: release ?? '', ...(compiler !== undefined && { compiler }) };
}
