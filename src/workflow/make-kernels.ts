import { statSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hostArch, type Arch } from '../arch/arch.js';
import { checkOutput } from '../artifact/check-output.js';
import { KbuildError } from '../errors/kbuild-error.js';
import {
  describeSource,
  readDescription,
  type SourceDescription,
} from '../kernel/providers/source/description.js';
import { prepareSource, type PreparedKernel } from '../kernel/providers/source/prepare-source.js';
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

export interface MakeRequest extends SourceOptions {
  /** A tarball, a tree, a git tree with or without a revision, or a description of one. */
  source: string;
  archs: readonly Arch[];
  toolchain?: string;
  /** A file that the description is written to, for `--kernel source:<file>`. */
  save?: string;
  /** A directory that the image and what belongs to it are copied to. */
  output?: string;
}

/**
 * Makes a kernel of its source, for each arch.
 * @throws KbuildError KERNEL_SOURCE_*, TOOLCHAIN_UNKNOWN, USAGE
 */
export async function makeKernels(
  request: MakeRequest,
  { provider }: Session,
): Promise<PreparedKernel[]> {
  const { source, archs, toolchain, save, output } = request;
  const fields = { ...fieldsOf(request), ...(toolchain !== undefined && { toolchain }) };
  const isDescription = /\.(?:ya?ml|json)$/.test(source);
  if (isDescription && (Object.keys(fields).length > 0 || save !== undefined)) {
    throw new KbuildError(
      'USAGE',
      `${source} is a description: what --toolchain, --config, --save and the like would say stands in it`,
      'Write it into the file, or name the source itself.',
    );
  }
  const place = { directory: process.cwd(), name: 'the command line' };
  const description = isDescription
    ? await readDescription(resolve(source))
    : await describeSource({ ...fields, source }, place);
  checkTargets(request);
  const wanted = archs.length > 0 ? archs : [hostArch()];
  const kernels: PreparedKernel[] = [];
  for (const arch of description.arch === undefined ? wanted : wanted.slice(0, 1)) {
    const kernel = await prepareSource(description, arch, provider);
    kernels.push(kernel);
    if (output !== undefined) await copyOut(kernel, output, wanted.length > 1);
  }
  if (save !== undefined) await writeFile(save, await describe(description, fields, archs));
  return kernels;
}

/** The fields that options of the command line stand for. */
function fieldsOf(options: SourceOptions): Record<string, unknown> {
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

/** What could not be written is found before a whole kernel is built. */
function checkTargets({ save, output }: MakeRequest): void {
  if (output !== undefined) checkOutput(resolve(output));
  const directory = save === undefined ? '.' : dirname(resolve(save));
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new KbuildError(
    'USAGE',
    `--save ${save}: there is no directory ${directory}`,
    'Make it, or name a file in another one.',
  );
}

/** A description as a file has it, its paths absolute: it may be moved. */
async function describe(
  { source, revision, config, fragments }: SourceDescription,
  fields: Record<string, unknown>,
  archs: readonly Arch[],
): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify({
    source: revision === undefined ? source : `${source}#${revision}`,
    ...fields,
    ...(archs.length === 1 && { arch: archs[0]?.name }),
    ...('file' in config && { config: config.file }),
    ...(fragments.length > 0 && { fragments }),
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
