import { statSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { describeSource } from '../kernel/providers/source/description.js';
import { prepareSource, type PreparedKernel } from '../kernel/providers/source/prepare-source.js';
import { parseKernelRef } from '../kernel/ref.js';
import { resolveEach } from '../kernel/resolve.js';
import { defaultToolchain } from '../toolchain/select.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { readyTargets } from './ready-targets.js';
import type { Session } from './session.js';

/** What is to be made of a kernel's source: the fields of a description (docs/kernels.md). */
export interface SourceOptions {
  config?: string;
  fragments?: string[];
  /** `SYMBOL=value` */
  set?: string[];
  localversion?: string;
  build?: 'kernel' | 'prepare';
}

export interface PrepareRequest extends SourceOptions {
  /** A reference, the path of a KDIR, or of a kernel's source: a tarball, a tree. */
  what: string;
  archs: string[];
  toolchains: string[];
  /** A file that the description is written to, for `--kernel source:<file>`. */
  save?: string;
  /** A directory that the image and what belongs to it are copied to. */
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
  const archs = request.archs.map(archByName);
  if (isSource(request)) return fromSource(request, archs, session);
  const given = [request.config, request.fragments?.[0], request.set?.[0], request.localversion];
  if (given.some((value) => value !== undefined) || request.save !== undefined) {
    throw new KbuildError(
      'USAGE',
      `${request.what} is no kernel source: --config, --fragment, --set, --localversion and --save are for that`,
      'Name a tarball or a source tree that is not configured; a KDIR keeps the configuration that it has.',
    );
  }
  return mended(request, archs, session);
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

async function mended(
  { what, toolchains }: PrepareRequest,
  archs: readonly Arch[],
  session: Session,
): Promise<PrepareReport> {
  const isPath = statSync(what, { throwIfNoEntry: false }) !== undefined;
  const ref = isPath ? resolve(what) : what;
  const asked = archs.length > 0 ? archs : undefined;
  const kernels = await resolveEach([ref], asked ?? [hostArch()], asked, session.provider);
  const kdirs: ReadyKdir[] = [];
  for (const kernel of kernels) {
    const start = performance.now();
    const named = toolchains.map(toolchainByName);
    const targets = await readyTargets(
      kernel,
      (kdir) => (named.length > 0 ? named : [defaultToolchain(kdir)]),
      true,
      session,
    );
    const milliseconds = performance.now() - start;
    for (const { toolchain, ...target } of targets) {
      kdirs.push({ ...target, toolchain: toolchain.name, milliseconds });
    }
  }
  return { kdirs, kernels: [] };
}

async function fromSource(
  request: PrepareRequest,
  archs: readonly Arch[],
  session: Session,
): Promise<PrepareReport> {
  const { what, toolchains, save, output } = request;
  if (toolchains.length > 1) {
    throw new KbuildError('USAGE', 'a kernel is made with one toolchain', 'Name one --toolchain.');
  }
  const kernels: PreparedKernel[] = [];
  const text = what.replace(/^source:/, '');
  const fields = { ...descriptionOf(request), ...(toolchains[0] && { toolchain: toolchains[0] }) };
  const isDescription = /\.(?:ya?ml|json)$/.test(text);
  if (isDescription && Object.keys(fields).length > 0) {
    throw new KbuildError(
      'USAGE',
      `${text} is a description: --toolchain, --config and the like stand in it`,
      'Write them into the file, or name the source itself.',
    );
  }
  for (const arch of archs.length > 0 ? archs : [hostArch()]) {
    const place = { directory: process.cwd(), name: 'the command line' };
    const description = isDescription
      ? await descriptionIn(text, session)
      : await describeSource({ ...fields, source: text }, place);
    const kernel = await prepareSource(description, arch, session.provider);
    kernels.push(kernel);
    if (output !== undefined) await copyOut(kernel, output, archs.length > 1);
    if (description.arch !== undefined) break;
  }
  if (save !== undefined && !isDescription) {
    await writeFile(save, await describedAs({ ...fields, source: resolve(text) }, archs));
  }
  return { kdirs: [], kernels };
}

async function descriptionIn(file: string, { provider }: Session) {
  const ref = parseKernelRef(`source:${file}`, provider.repositories);
  const { readDescription } = await import('../kernel/providers/source/description.js');
  return readDescription(ref.provider === 'source' ? ref.file : file);
}

/** The fields that options of the command line stand for. */
function descriptionOf(options: SourceOptions): Record<string, unknown> {
  const { config, fragments = [], set = [], localversion, build } = options;
  const symbols = set.map((word) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return [name, value] as const;
    throw new KbuildError('USAGE', `--set ${word}: no assignment`, 'Write --set CONFIG_X=y.');
  });
  return {
    ...(config !== undefined && { config }),
    ...(fragments.length > 0 && { fragments }),
    ...(symbols.length > 0 && { set: Object.fromEntries(symbols) }),
    ...(localversion !== undefined && { localversion }),
    ...(build !== undefined && { build }),
  };
}

/** A description as a file has it, its paths absolute: it may be moved. */
async function describedAs(
  fields: Record<string, unknown>,
  archs: readonly Arch[],
): Promise<string> {
  const { stringify } = await import('yaml');
  const at = (path: unknown) => resolve(String(path));
  const { config, fragments } = fields;
  const isFile =
    typeof config === 'string' &&
    statSync(config, { throwIfNoEntry: false })?.isFile() === true &&
    !/config$/.test(basename(config));
  return stringify({
    ...fields,
    ...(archs[0] !== undefined && archs.length === 1 && { arch: archs[0].name }),
    ...(isFile && { config: at(config) }),
    ...(Array.isArray(fragments) && { fragments: fragments.map(at) }),
  });
}

async function copyOut(kernel: PreparedKernel, output: string, several: boolean): Promise<void> {
  const directory = several ? join(output, kernel.arch) : output;
  await mkdir(directory, { recursive: true });
  const { image, vmlinux, systemMap, config, symvers } = kernel;
  for (const [file, name] of [
    [image, image === undefined ? '' : basename(image)],
    [vmlinux, 'vmlinux'],
    [systemMap, 'System.map'],
    [config, 'config'],
    [symvers, 'Module.symvers'],
  ] as const) {
    if (file !== undefined) await copyFile(file, join(directory, name));
  }
}
