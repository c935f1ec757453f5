import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Arch } from '../../../arch/arch.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import { readKdir, type Kdir } from '../../kdir.js';
import { follow, type Roots } from '../../tree.js';
import type { ProviderContext } from '../port.js';
import { buildKernel, kernelDirectory, recordFile, type KernelRecord } from './build-kernel.js';
import type { SourceDescription } from './description.js';
import { withFileErrors } from './file-errors.js';
import { reapLeftovers } from '../../../storage/leftovers.js';
import { markUsed } from '../../../storage/mark-used.js';
import { originOf } from './origin.js';
import { planKernel, type KernelPlan } from './plan-kernel.js';
import { kdirPath } from './scripts.js';
import { hostPath, versionOf, wantedTree } from './source-tree.js';

/** A kernel that was made of its source, and lies in the cache. */
export interface PreparedKernel {
  release: string;
  arch: string;
  /** Name of the toolchain. */
  toolchain: string;
  /** The KDIR as builds see it, and where its paths are looked up. */
  path: string;
  roots: Roots;
  /** Absent where only `modules_prepare` was asked for: without Module.symvers it can build nothing. */
  kdir?: Kdir;
  /** Of these, where they lie on this machine. */
  directory: string;
  source: string;
  config: string;
  symvers?: string;
  vmlinux?: string;
  systemMap?: string;
  /** What a machine boots. */
  image?: string;
  /** How long it took this time. */
  milliseconds: number;
  /** It was made before. */
  fromCache: boolean;
}

/**
 * Unpacks, configures and builds a kernel, unless that was done before with the same inputs.
 * @param arch that is asked for; the description's own comes first
 * @throws KbuildError KERNEL_SOURCE_*, BUILD_*, KDIR_*, TOOLCHAIN_*, ENGINE_*
 */
export async function prepareSource(
  description: SourceDescription,
  arch: Arch,
  context: ProviderContext,
): Promise<PreparedKernel> {
  const start = performance.now();
  const { cache } = context;
  return withFileErrors(cache, async () => {
    await reapLeftovers(join(cache, 'sources'));
    await reapLeftovers(kernelDirectory('', cache));
    const plan = await planKernel(description, arch, context, true);
    const fromCache = isKept(plan, context);
    if (!fromCache) await buildKernel(plan, context);
    // Both are mounted in builds of modules: 'kernel prune' is to leave both.
    markUsed(kernelDirectory(plan.key, cache));
    markUsed(dirname(plan.tree.root));
    return { ...readPrepared(plan, context), milliseconds: performance.now() - start, fromCache };
  });
}

/** What is known of a kernel without making anything. */
export async function lookAtSource(
  description: SourceDescription,
  arch: Arch,
  context: ProviderContext,
): Promise<{ arch: string; release: string; prepared: boolean }> {
  return withFileErrors(context.cache, () => look(description, arch, context));
}

async function look(
  description: SourceDescription,
  arch: Arch,
  context: ProviderContext,
): Promise<{ arch: string; release: string; prepared: boolean }> {
  const origin = await originOf(description, context);
  const tree = await wantedTree(origin, description, context);
  const name = description.arch ?? arch.name;
  const unknown = { arch: name, release: origin.version ?? '', prepared: false };
  if (!existsSync(hostPath(tree))) return unknown;
  const plan = await planKernel(description, arch, context, false);
  if (!isKept(plan, context)) return { ...unknown, release: versionOf(tree) ?? unknown.release };
  return { arch: name, release: readPrepared(plan, context).release, prepared: true };
}

const isKept = ({ key }: KernelPlan, { cache }: ProviderContext): boolean =>
  existsSync(join(kernelDirectory(key, cache), recordFile));

function readPrepared(
  { key, description, tree, toolchain, arch }: KernelPlan,
  { cache }: ProviderContext,
): Omit<PreparedKernel, 'milliseconds' | 'fromCache'> {
  const directory = kernelDirectory(key, cache);
  const roots = [join(directory, 'root'), tree.root];
  const path = kdirPath(key);
  const record = JSON.parse(readFileSync(join(directory, recordFile), 'utf8')) as KernelRecord;
  const files = Object.fromEntries(
    Object.entries({
      symvers: 'Module.symvers',
      vmlinux: 'vmlinux',
      systemMap: 'System.map',
      ...(record.image !== undefined && { image: record.image }),
    }).flatMap(([name, file]) => {
      const found = follow(roots, join(path, file));
      return found === undefined ? [] : [[name, found]];
    }),
  );
  const kdir = kdirOf(path, roots, key, description);
  return {
    release: record.release,
    arch: arch.name,
    toolchain: toolchain.name,
    path,
    roots,
    ...(kdir !== undefined && { kdir }),
    directory: join(directory, 'root', path),
    source: hostPath(tree),
    config: join(directory, 'root', path, '.config'),
    ...files,
  };
}

function kdirOf(
  path: string,
  roots: Roots,
  identity: string,
  { build }: SourceDescription,
): Kdir | undefined {
  try {
    return readKdir(path, { roots, identity });
  } catch (error) {
    const expected = error instanceof KbuildError && error.code === 'KDIR_NO_SYMVERS';
    if (build === 'prepare' && expected) return undefined;
    throw error;
  }
}
