import type { Arch } from '../../arch/arch.js';
import type { KbuildError } from '../../errors/kbuild-error.js';
import type { Emit } from '../../events/event.js';
import type { Mount, RunOutcome } from '../../runtime/port.js';
import type { Kdir } from '../kdir.js';
import type { KernelRef } from '../ref.js';
import type { Repository } from '../repository.js';
import type { KdirSurvey, SurveyOptions } from '../survey.js';
import type { Suite } from '../suite.js';

/** A script to be run in an image. */
export interface ScriptRun {
  /** For people who look at the engine. */
  title: string;
  script: string;
  mounts: Mount[];
  onLine: (line: string) => void;
  env?: Record<string, string>;
  /** Ends the run; default: the session's. */
  signal?: AbortSignal;
}

/** A toolchain as kernels are configured, prepared and built with it. */
export interface KernelToolchain {
  name: string;
  /** Names its image by content: part of the key of what is made with it. */
  image: string;
  /** What its make line says, ARCH among it: `ARCH=arm64`, `LLVM=-14`. */
  make: string[];
  /** Runs a script without a network, as the caller's user, in its image. */
  run: (run: ScriptRun) => Promise<RunOutcome>;
}

/** What a provider is given to work with. */
export interface ProviderContext {
  cache: string;
  /** A directory of this run, in the same file system as the cache. */
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
  /** The repositories that references may name: those of the package and the user's own. */
  repositories: readonly Repository[];
  /** Use what the cache has, and ask no repository. */
  offline: boolean;
  /** Take package indexes whose Valid-Until has passed. */
  allowExpired: boolean;
  /** Runs a script with a network, as the caller's user, in the base image of a suite. */
  runInSuite: (suite: Suite, run: ScriptRun) => Promise<RunOutcome>;
  /**
   * Runs a script with a network, as the caller's user, in an image made of another: of `image`
   * (default: the base image of `suite`) by the commands `setup`.
   */
  runInImage: (
    image: { name: string; suite?: Suite; image?: string; setup?: string },
    run: ScriptRun,
  ) => Promise<RunOutcome>;
  /** The toolchain of a name, else the one that fits a kernel of this version (`6.1`). */
  toolchain: (wanted: { name?: string; version?: string }, arch: Arch) => KernelToolchain;
}

/** A kernel that a provider has or can get. */
export interface KernelListing {
  /** What `--kernel` takes. */
  ref: string;
  release: string;
  arch: string;
  /** It is, or was, the newest of the distribution's stock kernels. */
  stock: boolean;
  /** Its KDIR is on this machine already. */
  fetched: boolean;
}

/** What became of one kernel that a reference names. */
export type Resolution =
  | { ref: string; kdir: Kdir; survey: SurveyOf }
  /** It is there, or should be, but cannot be had or cannot be used as it is. */
  | { ref: string; release?: string; arch?: string; error: KbuildError; survey?: SurveyOf };

/** Says all that can be said of a kernel's KDIR, where there is one; it may be one that can be mended. */
export type SurveyOf = (options?: SurveyOptions) => KdirSurvey;

export type RefOf<K extends KernelRef['provider']> = Extract<KernelRef, { provider: K }>;

/** A place that kernels come from. */
export interface KernelProvider<K extends KernelRef['provider']> {
  /**
   * The KDIRs that a reference names, of those archs that it has; fetched or made if need be.
   * @throws KbuildError if it names nothing
   */
  resolve(ref: RefOf<K>, archs: readonly Arch[], context: ProviderContext): Promise<Resolution[]>;
  /** The kernels that a reference names, without fetching one. */
  list(ref: RefOf<K>, archs: readonly Arch[], context: ProviderContext): Promise<KernelListing[]>;
}
