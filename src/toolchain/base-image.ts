import { join } from 'node:path';
import { KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import type { Suite } from '../kernel/suite.js';
import type { Image, ImageStore } from '../runtime/port.js';
import { expiredIndex, expiredSince, type PackageOptions } from './expired-index.js';

/** A base image, and the name that a Dockerfile calls it by. */
export interface BaseImage extends Image {
  name: string;
}

/** The name of a base image that was made here: the registries' own name is theirs. */
export const bootstrappedName = (suite: Suite): string => `kbuild-ts/base:${suite.name}`;

/**
 * The base image of a suite: as the engine has it, else as a registry gives it, else made of the
 * distribution's own packages by mmdebstrap, which knows its mirrors and checks their signatures.
 * @param scratch a directory for the root file system's archive
 * @throws KbuildError IMAGE_BASE_UNAVAILABLE, FETCH_FAILED for an index that has expired
 */
export function ensureBaseImage(
  suite: Suite,
  images: ImageStore,
  scratch: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
  options: PackageOptions = {},
): Promise<BaseImage> {
  const making = underWay.get(images) ?? new Map<string, Promise<BaseImage>>();
  underWay.set(images, making);
  const image =
    making.get(suite.name) ??
    makeBaseImage(suite, images, scratch, onLine, signal, options).finally(() =>
      making.delete(suite.name),
    );
  making.set(suite.name, image);
  return image;
}

/** Kernels are fetched in it while toolchains are made of it: who comes second waits. */
const underWay = new WeakMap<ImageStore, Map<string, Promise<BaseImage>>>();

async function makeBaseImage(
  suite: Suite,
  images: ImageStore,
  scratch: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
  options: PackageOptions,
): Promise<BaseImage> {
  const own = bootstrappedName(suite);
  for (const name of [suite.image, own]) {
    const image = await images.find(name);
    if (image !== undefined) return { ...image, name };
  }
  const pulled = await images.pull(suite.image, onLine);
  if (pulled !== undefined) return { ...pulled, name: suite.image };
  onLine(`bootstrapping ${own} from ${suite.distribution}'s packages with mmdebstrap`);
  const archive = join(scratch, `${suite.name}.tar`);
  await bootstrap(suite, archive, onLine, signal, options);
  return { ...(await images.importArchive(archive, own)), name: own };
}

/** mmdebstrap keeps its --aptopt in the image, where every later apt would heed it: not here. */
const expiredOptions = [
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--customize-hook=rm "$1/etc/apt/apt.conf.d/99mmdebstrap"',
];

async function bootstrap(
  suite: Suite,
  archive: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
  { allowExpired = false }: PackageOptions,
): Promise<void> {
  const { execa, ExecaError } = await import('execa');
  const options = [
    '--variant=minbase',
    '--include=ca-certificates',
    ...(allowExpired ? expiredOptions : []),
    suite.name,
    archive,
  ];
  let lastLine = '';
  let since: string | undefined;
  try {
    const child = execa('mmdebstrap', options, {
      all: true,
      stdin: 'ignore',
      cancelSignal: signal,
      gracefulCancel: false,
    });
    for await (const line of child.iterable({ from: 'all' })) {
      lastLine = line;
      since ??= expiredSince(line);
      onLine(line);
    }
    await child;
  } catch (error) {
    throwIfInterrupted(signal);
    if (!(error instanceof ExecaError)) throw error;
    if (since !== undefined) throw expiredIndex(suite, since, error);
    const missing = error.code === 'ENOENT';
    throw new KbuildError(
      'IMAGE_BASE_UNAVAILABLE',
      missing
        ? `no registry gives ${suite.image}, and mmdebstrap is not installed`
        : `no registry gives ${suite.image}, and mmdebstrap failed: ${lastLine}`,
      missing
        ? "Install mmdebstrap ('apt-get install mmdebstrap', or 'kbuild-ts doctor --fix' as root on Debian), or give the engine a registry."
        : 'Check the network and the disk; run it again with --verbose to see the whole output.',
      { cause: error },
    );
  }
}
