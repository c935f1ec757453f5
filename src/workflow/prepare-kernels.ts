import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import type { PreparedKernel } from '../kernel/providers/source/prepare-source.js';
import { resolveEach } from '../kernel/resolve.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { chooseToolchains } from './choose-toolchains.js';
import { makeKernels, type SourceOptions } from './make-kernels.js';
import { readyTarget } from './ready-target.js';
import type { Session } from './session.js';
import { unusableKernel, type UnusableKernel } from './unusable-kernel.js';

export interface PrepareRequest extends SourceOptions {
  /** A reference, the path of a KDIR, or of a kernel's source: a tarball, a tree. */
  what: string;
  archs: string[];
  toolchains: string[];
  /** Of a source: a file that its description is written to, for `--kernel source:<file>`. */
  save?: string;
  /** Of a source: a directory that the image and what belongs to it are copied to. */
  output?: string;
}

/** A KDIR that modules can be built with. */
export interface ReadyKdir {
  kdir: Kdir;
  toolchain: string;
  /** What was done to it, a sentence each; empty if it was ready. */
  mended: string[];
  fromCache: boolean;
  milliseconds: number;
}

export interface PrepareReport {
  kdirs: ReadyKdir[];
  /** Kernels that were named, and that nothing can be built for. */
  unusable: UnusableKernel[];
  /** Kernels that were made from source. */
  kernels: PreparedKernel[];
}

/**
 * Makes KDIRs ready for builds: mends those that are not, and makes kernels of their source.
 * @throws KbuildError KERNEL_*, KDIR_*, TOOLCHAIN_*, FETCH_FAILED
 */
export async function prepareKernels(
  request: PrepareRequest,
  session: Session,
): Promise<PrepareReport> {
  const { what, toolchains, archs: names, ...source } = request;
  const archs = names.map(archByName);
  if (isSource(request)) {
    const [toolchain, ...others] = toolchains;
    if (others.length > 0) {
      throw new KbuildError(
        'USAGE',
        'a kernel is made with one toolchain',
        'Name one --toolchain.',
      );
    }
    const wanted = { ...source, archs, ...(toolchain !== undefined && { toolchain }) };
    const made = { ...wanted, source: what.replace(/^source:/, '') };
    return { kdirs: [], unusable: [], kernels: await makeKernels(made, session) };
  }
  if (/\.(?:tar(?:\.\w+)?|tgz|ya?ml|json)$/.test(what) && !existsSync(what)) {
    throw new KbuildError(
      'KERNEL_SOURCE_INVALID',
      `there is no ${what}`,
      'Name a tarball, a source tree, a git tree (path#revision), a description in YAML, a KDIR or a kernel.',
    );
  }
  if (Object.keys(source).length > 0) {
    throw new KbuildError(
      'USAGE',
      `${what} is no kernel source: --config, --fragment, --set, --localversion, --build, --save and --out are for that`,
      'Name a tarball or a source tree that is not configured; a KDIR keeps the configuration that it has.',
    );
  }
  return { ...(await readyKdirs(what, archs, toolchains, session)), kernels: [] };
}

/** A tarball, a description, or a tree without a configuration (or for which one is named). */
function isSource({ what, config }: PrepareRequest): boolean {
  if (what.startsWith('source:')) return true;
  const path = what.replace(/#[^#/]*$/, '');
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true || path !== what) return true;
  if (stat?.isDirectory() !== true) return false;
  const has = (name: string) =>
    statSync(join(path, name), { throwIfNoEntry: false })?.isFile() === true;
  return has('Kconfig') && has('Makefile') && (config !== undefined || !has('.config'));
}

async function readyKdirs(
  what: string,
  archs: readonly Arch[],
  toolchains: readonly string[],
  session: Session,
): Promise<Omit<PrepareReport, 'kernels'>> {
  const isPath = statSync(what, { throwIfNoEntry: false }) !== undefined;
  const ref = isPath ? resolve(what) : what;
  const asked = archs.length > 0 ? archs : undefined;
  const kernels = await resolveEach([ref], asked ?? [hostArch()], asked, session.provider);
  const kdirs: ReadyKdir[] = [];
  const unusable: UnusableKernel[] = [];
  for (const kernel of kernels) {
    const start = performance.now();
    try {
      for (const toolchain of chooseToolchains(kernel, toolchains.map(toolchainByName), [])) {
        const target = await readyTarget(kernel, toolchain, true, session);
        const milliseconds = performance.now() - start;
        kdirs.push({ ...target, toolchain: toolchain.name, milliseconds });
      }
    } catch (error) {
      unusable.push(unusableKernel(kernel, error));
    }
  }
  const [first] = unusable;
  if (first !== undefined && kdirs.length === 0) throw first.error;
  return { kdirs, unusable };
}
