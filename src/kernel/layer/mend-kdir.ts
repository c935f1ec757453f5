import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArch } from '../../arch/arch.js';
import type { ErrorCode } from '../../errors/codes.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { kdirClosure, type KdirMount } from '../closure.js';
import type { KernelConfig } from '../config.js';
import { treeFingerprint } from '../fingerprint.js';
import { readKdir, type Kdir, type ReadKdirOptions } from '../kdir.js';
import { isRefusedByKbuild, movedPath } from '../movable.js';
import type { KernelToolchain } from '../providers/port.js';
import type { KdirSurvey } from '../survey.js';
import { checkMade } from './check-made.js';
import { layerKey, layerOf, type Layer, type LayerContext } from './layer-store.js';
import { layerEntries, makeLayer, type MakeInputs } from './make-layer.js';
import { mendFailed } from './mend-failed.js';
import { mendPlan, type MakePlan, type PackagePlan } from './mend-plan.js';
import { mendScriptVersion } from './mend-script.js';
import { packageLayer } from './package-layer.js';
import { archOf, configOf, knownRelease } from './survey-facts.js';

export interface MendContext extends LayerContext {
  /** What host tools are made with. */
  toolchain: KernelToolchain;
  /**
   * Fetches a distribution's package of host tools for the build machine: of this version, or the
   * nearest that can be had. Gives the directory that it is unpacked in.
   */
  hostTools: (name: string, version?: string) => Promise<string>;
  /** Why a plan was refused, where it was. */
  because?: ErrorCode;
  /** What make says. */
  onLine: (line: string) => void;
}

/** A KDIR that modules can be built with here. */
export interface MendedKdir {
  kdir: Kdir;
  /** What was done to it; empty for a KDIR that needed nothing. */
  done: string[];
  /** It was mended before. */
  fromCache: boolean;
  milliseconds: number;
}

/**
 * Whether a KDIR needs mending. Nothing is made or fetched.
 * @throws KbuildError KDIR_NOT_MENDABLE, KDIR_NO_SYMVERS
 */
export function needsMending(survey: KdirSurvey, because?: ErrorCode): boolean {
  return mendPlan(survey, configOf(survey), because).kind !== 'nothing';
}

/**
 * Mends a KDIR: gives one in which modules can be built here, laid over the original, which is never
 * written to. The layer is kept in the cache.
 * @throws KbuildError KDIR_NOT_MENDABLE, KDIR_NO_SYMVERS, KDIR_MEND_FAILED
 */
export async function mendKdir(survey: KdirSurvey, context: MendContext): Promise<MendedKdir> {
  const start = performance.now();
  const config = configOf(survey);
  const plan = mendPlan(survey, config, context.because);
  if (plan.kind === 'nothing') {
    const kdir = survey.kdir ?? readKdir(survey.path, { roots: survey.roots });
    return { kdir, done: [], fromCache: false, milliseconds: performance.now() - start };
  }
  const { kdir, layer, fromCache } =
    plan.kind === 'make'
      ? await mendByMake(survey, config, plan, context)
      : await mendByPackage(survey, plan, context);
  const { done } = layer.record;
  return { kdir, done, fromCache, milliseconds: performance.now() - start };
}

interface Mended {
  kdir: Kdir;
  layer: Layer;
  fromCache: boolean;
}

async function mendByMake(
  survey: KdirSurvey,
  config: KernelConfig,
  plan: MakePlan,
  context: MendContext,
): Promise<Mended> {
  const { path, roots } = survey;
  const { toolchain } = context;
  // Where builds see it: Kbuild refuses some paths.
  const place = isRefusedByKbuild(path) ? movedPath(path) : path;
  const seen = survey.mounts ?? kdirClosure(roots, path);
  const mounts = seen.filter(({ target }) => target !== path);
  const release = knownRelease(survey);
  const arch = archOf(survey, config);
  const inputs: MakeInputs = {
    ...{ kdir: path, place, roots, mounts, arch, config, plan },
    ...(release !== undefined && { release }),
  };
  const identity = survey.kdir?.identity ?? treeFingerprint(seen);
  const entries = [...layerEntries(inputs)].map((entry) =>
    entry.kind === 'file'
      ? [entry.path, entry.stat.size, entry.stat.mtimeMs, entry.stat.mode]
      : Object.values(entry),
  );
  const key = layerKey([
    ...['make', mendScriptVersion, hostArch().name, toolchain.image, toolchain.make],
    ...[path, identity, seen, release, plan, entries],
  ]);
  const read = (layer: Layer): Kdir => {
    const kdir = readMended(survey, layer, layerKey([identity, key]));
    const own = { source: join(layer.root, path), target: place };
    const all = [...mounts, own, ...layer.record.passed];
    return { ...kdir, mounts: all.sort(byTarget), inPlace: false };
  };
  // In a directory, as layers are: `kernel prune` takes it as one.
  const failure = join(context.cache, 'layers', `${key}.failed`);
  const failureLog = join(failure, 'make.log');
  const make = (root: string) => makeLayer(root, inputs, { ...context, failureLog });
  const check = (layer: Layer) => {
    const { problems } = checkMade(join(layer.root, path), inputs);
    if (problems.length > 0) throw mendFailed(`${path} could not be mended`, problems);
    read(layer);
  };
  const { layer, fromCache } = await layerOf(key, context, make, check);
  await rm(failure, { recursive: true, force: true }); // of an earlier try
  return { kdir: read(layer), layer, fromCache };
}

async function mendByPackage(
  survey: KdirSurvey,
  plan: PackagePlan,
  context: MendContext,
): Promise<Mended> {
  const key = layerKey(['package', mendScriptVersion, hostArch().name, plan]);
  const make = async (root: string) => {
    const unpacked = await context.hostTools(plan.name, plan.version);
    return packageLayer(root, plan, unpacked, context.signal);
  };
  const read = (layer: Layer) => {
    const { identity } = survey.kdir ?? {};
    return readMended(survey, layer, identity && layerKey([identity, key]));
  };
  const { layer, fromCache } = await layerOf(key, context, make, read);
  return { kdir: { ...read(layer), inPlace: false }, layer, fromCache };
}

/** Parents first, as they must be mounted. */
const byTarget = (a: KdirMount, b: KdirMount): number => (a.target < b.target ? -1 : 1);

/** Reads a KDIR with its layer over it; what mending was to take away must be gone. */
function readMended(survey: KdirSurvey, { root }: Layer, identity: string | undefined): Kdir {
  const { suite, vermagic } = survey.kdir ?? {};
  const options: ReadKdirOptions = {
    roots: [root, ...survey.roots],
    ...(suite !== undefined && { suite }),
    ...(identity !== undefined && { identity }),
  };
  const failed = (reason: string) =>
    mendFailed(`${survey.path} is not what it should be after mending`, [reason]);
  let kdir;
  try {
    kdir = readKdir(survey.path, options);
  } catch (error) {
    if (!(error instanceof KbuildError) || !mendable.has(error.code)) throw error;
    throw failed(error.message);
  }
  const { machine } = kdir.hostTools;
  if (machine !== hostArch().elf.machine) {
    throw failed(`its host tools are for another machine (ELF machine ${machine})`);
  }
  if (vermagic !== undefined && kdir.vermagic !== vermagic) {
    throw failed(`its vermagic is '${kdir.vermagic}', and was '${vermagic}'`);
  }
  return kdir;
}

/** What mending takes away. */
const mendable = new Set<string>(['KDIR_NOT_PREPARED', 'KDIR_HOST_TOOLS', 'KDIR_BROKEN_LINK']);
