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
  return fitting.length > 0 ? fitting : ownToolchain(kernel, compiled);
}

/** What each kernel was built with: asked again for each of many projects. */
const own = new WeakMap<Resolution, readonly Toolchain[]>();

function ownToolchain(kernel: Resolution, compiled: Compiled): readonly Toolchain[] {
  const toolchains = own.get(kernel) ?? [defaultToolchain(compiled)];
  own.set(kernel, toolchains);
  return toolchains;
}

type Compiled = Pick<Kdir, 'compiler' | 'release' | 'arch' | 'suite'>;

/** What a toolchain is chosen by: of a KDIR that is not ready, what its configuration says. */
function compiledOf(kernel: Resolution): Compiled {
  if ('kdir' in kernel) return kernel.kdir;
  const { arch, compiler, release } = kernel.survey?.({ depth: 'quick' }) ?? {};
  if (arch === undefined) throw kernel.error;
  return { arch: arch.name, release: release ?? '', ...(compiler !== undefined && { compiler }) };
}
