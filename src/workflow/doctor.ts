import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allArchs } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { readKdir } from '../kernel/kdir.js';
import { fetchedKernels } from '../kernel/providers/fetched-kernel.js';
import { repositoryId, shippedRepositories } from '../kernel/repository.js';
import { allSuites } from '../kernel/suite.js';
import type { Session } from './session.js';
import { bootstrappedName } from '../toolchain/base-image.js';
import { findEngineAndImages } from './session.js';
import { findProgram } from '../runtime/find-program.js';
import { qemuVersion } from '../vm/qemu.js';

/** One thing that was looked at. */
export interface Check {
  name: string;
  status: 'ok' | 'problem' | 'note';
  detail: string;
  /** What to do about a problem. */
  remedy?: string;
}

/** Free space below which images and headers may not fit. Bytes. */
const comfortableDisk = 5 * 2 ** 30;

/** Looks at everything that a build needs of this machine. */
export async function diagnose(session: Pick<Session, 'cache'>): Promise<Check[]> {
  const engine = await checkEngine();
  return [
    checkNode(),
    engine.check,
    ...(engine.images === undefined ? [] : [await checkImages(engine.images)]),
    ...(await checkQemu()),
    ...checkDisk(session.cache, engine.root),
    ...checkKdirs(session.cache),
  ];
}

function checkNode(): Check {
  return { name: 'node', status: 'ok', detail: process.version };
}

async function checkEngine() {
  const name = 'engine';
  try {
    const { images } = await findEngineAndImages();
    const info = await images.info();
    const detail = `${info.name} ${info.version} (API ${info.apiVersion}) at ${info.address}, ${info.cpus} CPUs`;
    const check: Check = { name, status: 'ok', detail };
    return { check, images, root: info.rootDirectory };
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    const check: Check = { name, status: 'problem', detail: error.message, remedy: error.hint };
    return { check, images: undefined, root: undefined };
  }
}

/** Can base images be had: are they there, does a registry answer, or can they be bootstrapped? */
export async function checkImages(
  images: Awaited<ReturnType<typeof findEngineAndImages>>['images'],
): Promise<Check> {
  const name = 'images';
  const found = await Promise.all(
    allSuites().map(async (suite) => {
      const found =
        (await images.find(suite.image)) ?? (await images.find(bootstrappedName(suite)));
      return [suite.image, found] as const;
    }),
  );
  const missing = found.flatMap(([image, id]) => (id === undefined ? [image] : []));
  const [first] = missing;
  if (first === undefined) return { name, status: 'ok', detail: 'every base image is there' };
  const mmdebstrap = findProgram('mmdebstrap');
  if (mmdebstrap !== undefined) {
    return {
      name,
      status: 'ok',
      detail: `missing ones are pulled, or bootstrapped with ${mmdebstrap}`,
    };
  }
  const lines: string[] = [];
  const pulled = await images.pull(first, (line) => lines.push(line));
  if (pulled !== undefined) return { name, status: 'ok', detail: `a registry gives ${first}` };
  return {
    name,
    status: 'problem',
    detail: `no registry gives ${first} (${lines.at(-1) ?? 'no answer'}), and mmdebstrap is not installed`,
    remedy:
      "Install mmdebstrap ('apt-get install mmdebstrap'; 'kbuild-ts doctor --fix' does it), or give the engine a registry.",
  };
}

/** What `kbuild-ts test` boots kernels in. An image serves where this machine has none: that is no problem. */
async function checkQemu(): Promise<Check[]> {
  const name = 'qemu';
  const programs = await Promise.all(
    allArchs().map(async ({ name: arch, qemu }) => {
      const program = findProgram(qemu.binary);
      const version = program === undefined ? undefined : await qemuVersion(program);
      return { arch, qemu, program, version };
    }),
  );
  return programs.map(({ arch, qemu, program, version }): Check => {
    if (program !== undefined) {
      return { name, status: 'ok', detail: `${arch}: ${program}${version ? ` ${version}` : ''}` };
    }
    const detail = `${arch}: no ${qemu.binary} here; kbuild-ts test takes one of an image, without KVM`;
    const remedy = `Not needed; to start quicker: 'apt-get install ${qemu.package}'.`;
    return { name, status: 'note', detail, remedy };
  });
}

function checkDisk(cache: string, engineRoot: string | undefined): Check[] {
  const places = [
    ['cache', cache],
    ...(engineRoot !== undefined && existsSync(engineRoot) ? [['engine data', engineRoot]] : []),
  ] as [string, string][];
  return places.map(([what, path]) => {
    const { bavail, bsize } = statfsSync(existingParent(path));
    const free = bavail * bsize;
    const detail = `${(free / 2 ** 30).toFixed(1)} GiB free for ${what} (${path})`;
    if (free >= comfortableDisk) return { name: 'disk', status: 'ok', detail };
    const remedy = `Free some space: 'kbuild-ts clean --all' removes what kbuild-ts keeps; an image takes 1 GiB, the headers of a kernel 0.1 GiB.`;
    return { name: 'disk', status: 'problem', detail, remedy };
  });
}

function existingParent(path: string): string {
  return existsSync(path) ? path : existingParent(dirname(path));
}

/** The KDIRs that are on this machine: the installed ones, and those that were fetched. */
function checkKdirs(cache: string): Check[] {
  const name = 'kernels';
  const modules = '/lib/modules';
  const installed = existsSync(modules)
    ? readdirSync(modules).map((release) => join(modules, release, 'build'))
    : [];
  const checks = installed
    .filter((path) => existsSync(path))
    .map((path): Check => {
      try {
        const { release, arch } = readKdir(path);
        return { name, status: 'ok', detail: `${release} (${arch}), installed: --kdir ${path}` };
      } catch (error) {
        if (!(error instanceof KbuildError)) throw error;
        // Not every installed KDIR is one that is built for.
        return { name, status: 'note', detail: error.message, remedy: error.hint };
      }
    });
  const fetched = shippedRepositories().flatMap((repository) =>
    fetchedKernels(cache, repository).map(
      ({ release }) => `${repositoryId(repository)}/${release}`,
    ),
  );
  const detail =
    fetched.length > 0
      ? `fetched: ${fetched.join(', ')}`
      : 'none fetched yet: a build does it, or kbuild-ts kernel fetch';
  return [...checks, { name, status: fetched.length > 0 ? 'ok' : 'note', detail }];
}
