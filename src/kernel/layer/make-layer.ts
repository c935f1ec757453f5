import { copyFileSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostArch, type Arch } from '../../arch/arch.js';
import type { KdirMount } from '../closure.js';
import type { KernelConfig } from '../config.js';
import type { KernelToolchain } from '../providers/port.js';
import { buildEnvironment } from '../../runtime/build-environment.js';
import { follow, type Roots } from '../tree.js';
import { ensureDirectory } from '../../storage/ensure-directory.js';
import { checkMade } from './check-made.js';
import { lay, layerFilter } from './lay.js';
import { layerShape } from './layer-shape.js';
import type { LayerRecord } from './layer-store.js';
import { mendFailed } from './mend-failed.js';
import type { MakePlan } from './mend-plan.js';
import { mendScript } from './mend-script.js';
import { openRunLog } from './run-log.js';
import { configDependencies, unconfigured } from './unconfigured.js';
import { walkKdir, type LayerEntry } from './walk-kdir.js';

/** All that the making of a layer knows of its KDIR. */
export interface MakeInputs {
  /** Where it is looked up in `roots`. */
  kdir: string;
  /** Where builds see it. */
  place: string;
  roots: Roots;
  /** What a build must see besides it. */
  mounts: readonly KdirMount[];
  arch: Arch;
  config: KernelConfig;
  /** Of the kernel, where it is known. */
  release?: string;
  plan: MakePlan;
}

export interface MakeContext {
  toolchain: KernelToolchain;
  signal: AbortSignal;
  onLine: (line: string) => void;
  /** Where the log of a run that fails is kept. */
  failureLog: string;
}

/** What a layer over a KDIR holds before anything is made in it. */
export function layerEntries({
  kdir,
  roots,
  mounts,
  arch,
  plan,
}: MakeInputs): Iterable<LayerEntry> {
  const shape = layerShape(arch.srcarch, plan.programs, {
    prepare: plan.prepare,
    config: follow(roots, join(kdir, configDependencies)) === undefined,
  });
  return walkKdir(roots, kdir, shape, layerFilter(shape, hostArch().elf.machine), mounts);
}

/**
 * Makes what a KDIR lacks, in a layer over it: its own files are only ever mounted read-only.
 * @param root becomes the root of the layer: the KDIR lies in it at its own path
 * @throws KbuildError KDIR_MEND_FAILED
 */
export async function makeLayer(
  root: string,
  inputs: MakeInputs,
  { toolchain, signal, onLine, failureLog }: MakeContext,
): Promise<LayerRecord> {
  const { kdir, place, mounts, plan, release } = inputs;
  const directory = join(root, kdir);
  mkdirSync(dirname(directory), { recursive: true });
  const entries = await lay(layerEntries(inputs), directory, signal);
  const passed = entries.map(({ path, source }) => ({ source, target: join(place, path) }));
  const scratch = join(dirname(root), 'scratch');
  const log = openRunLog(join(dirname(root), 'make.log'), onLine);
  const failed = (reasons: readonly string[]) => {
    const kept = keepLog(log.path, failureLog) ? failureLog : undefined;
    return mendFailed(`${kdir} could not be mended with ${toolchain.name}`, reasons, kept);
  };
  try {
    const { end, exitCode } = await toolchain.run({
      title: `mend ${kdir}`,
      script: mendScript({
        kdir: place,
        make: toolchain.make,
        ...plan,
        ...(release !== undefined && { release }),
      }),
      mounts: [
        ...mounts,
        { source: directory, target: place, writable: true },
        ...passed,
        ...(plan.prepare ? [] : unconfigured(place, directory, scratch)),
      ],
      env: buildEnvironment({}), // a layer is kept by what is in it, not by the moment
      onLine: log.onLine,
    });
    if (end !== 'exited') throw failed([`make was stopped: ${end.replaceAll('-', ' ')}`]);
    if (exitCode !== 0) throw failed(log.reasons());
    const { problems, notes } = checkMade(directory, inputs);
    if (problems.length > 0) throw failed(problems);
    return { done: [...whatIsDone(plan, toolchain.name), ...notes], passed };
  } finally {
    log.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A full disk is not to hide why the mending failed. */
function keepLog(log: string, place: string): boolean {
  try {
    ensureDirectory(dirname(place));
    copyFileSync(log, place);
    return true;
  } catch {
    return false;
  }
}

function whatIsDone({ prepare, moduleLds, programs }: MakePlan, toolchain: string): string[] {
  const names = programs.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  const on = `for ${hostArch().name} with ${toolchain}`;
  if (prepare) return [`prepared (olddefconfig, modules_prepare) ${on}`];
  return [
    ...(names.length > 0 ? [`made ${names.join(', ')} ${on}`] : []),
    ...(moduleLds ? ['made scripts/module.lds'] : []),
  ];
}
