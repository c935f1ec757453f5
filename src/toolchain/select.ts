import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { compareVersions } from '../kernel/host-tools.js';
import type { Kdir } from '../kernel/kdir.js';
import { defaultKernelRef } from '../kernel/ref.js';
import { suiteByName } from '../kernel/suite.js';
import { allToolchains, type Toolchain } from './toolchain.js';

/**
 * The toolchain that a KDIR itself was built with.
 * @throws KbuildError TOOLCHAIN_NONE_FITS
 */
export function defaultToolchain(
  kdir: Pick<Kdir, 'compiler' | 'release' | 'arch' | 'suite'>,
  known = allToolchains(),
): Toolchain {
  const { compiler } = kdir;
  const fits = known.filter((t) => t.family === compiler?.family && t.major === compiler.major);
  const [first] = fits;
  const chosen = fits.find((t) => t.suite === kdir.suite) ?? first;
  if (chosen !== undefined) return chosen;
  const wanted =
    compiler === undefined
      ? 'an unknown compiler'
      : `${compiler.family} ${compiler.major} (${compiler.text})`;
  const near = known.filter((t) => t.family === compiler?.family).map((t) => t.name);
  throw new KbuildError(
    'TOOLCHAIN_NONE_FITS',
    `${kdir.release} (${kdir.arch}) was built with ${wanted}, which no toolchain is`,
    near.length > 0
      ? `Name one of the same family: --toolchain ${near.join(' or ')}.`
      : `Name one with --toolchain, or add a file to toolchains/. Known: ${known.map((t) => t.name).join(', ')}.`,
  );
}

/**
 * The toolchain for a kernel that is made from its source: the GCC of the first suite whose own
 * kernel is as new, else of the newest.
 * @param version of the kernel, for example `6.1`; where it is not known, that of the kernel that is
 * built for by default: its suite is stable, and its image is likely there
 */
export function toolchainForVersion(
  version: string | undefined,
  known = allToolchains(),
): Toolchain {
  const kernelOf = ({ suite }: Toolchain) => suiteByName(suite).kernel;
  const wanted = version ?? suiteByName(defaultKernelRef.split(':')[1] ?? '').kernel;
  const sorted = known
    .filter(({ family }) => family === 'gcc')
    .sort((a, b) => compareVersions(kernelOf(a), kernelOf(b)) || b.major - a.major);
  const fits = sorted.find((t) => compareVersions(kernelOf(t), wanted) >= 0);
  return fits ?? (sorted.at(-1) as Toolchain);
}

/**
 * Refuses what Kbuild would only fail at later, or worse, not at all: a compiler of the other
 * family, and host tools that the image cannot run.
 * @throws KbuildError TOOLCHAIN_MISMATCH, KDIR_HOST_TOOLS
 */
export function checkToolchain(toolchain: Toolchain, kdir: Kdir, buildArch: string): void {
  const { compiler, hostTools } = kdir;
  const what = `${kdir.release} (${kdir.arch})`;
  if (compiler !== undefined && compiler.family !== toolchain.family) {
    const fitting = allToolchains().filter(
      (t) => t.family === compiler.family && t.major === compiler.major,
    );
    const [first] = fitting;
    throw new KbuildError(
      'TOOLCHAIN_MISMATCH',
      `${toolchain.name} cannot build modules for ${what}: its kernel was built with ${compiler.text}`,
      first === undefined
        ? `Use a toolchain of the family '${compiler.family}'.`
        : `Use --toolchain ${first.name}, or leave --toolchain out: that is the default for this kernel.`,
    );
  }
  const machine = archByName(buildArch);
  if (hostTools.machine !== machine.elf.machine) {
    throw new KbuildError(
      'KDIR_HOST_TOOLS',
      `the host tools of ${kdir.path} (fixdep, modpost) are for another machine (ELF machine ${hostTools.machine}); the images here are for ${machine.name}`,
      "Run 'make modules_prepare' in the KDIR on this machine, or take headers whose tools fit: --kernel debian:<suite>.",
    );
  }
  const suite = suiteByName(toolchain.suite);
  if (hostTools.glibc !== undefined && compareVersions(hostTools.glibc, suite.glibc) > 0) {
    throw new KbuildError(
      'KDIR_HOST_TOOLS',
      `the host tools of ${kdir.path} need glibc ${hostTools.glibc}; the image of ${toolchain.name} (${suite.name}) has ${suite.glibc}`,
      "Use a toolchain of a newer suite, or run 'make modules_prepare' in the KDIR with an older system.",
    );
  }
}
