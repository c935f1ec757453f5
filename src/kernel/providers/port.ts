import type { Arch } from '../../arch/arch.js';
import type { Emit } from '../../events/event.js';
import type { Mount, RunOutcome } from '../../runtime/port.js';
import type { Kdir } from '../kdir.js';
import type { KernelRef } from '../ref.js';
import type { Suite } from '../suite.js';

/** What a provider is given to work with. */
export interface ProviderContext {
  cache: string;
  /** A directory of this run, in the same file system as the cache. */
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
  /** Runs a script with a network, as the caller's user, in the base image of a suite. */
  runInSuite: (
    suite: Suite,
    run: { title: string; script: string; mounts: Mount[]; onLine: (line: string) => void },
  ) => Promise<RunOutcome>;
}

/** A kernel that a provider has or can get. */
export interface KernelListing {
  /** What `--kernel` takes. */
  ref: string;
  release: string;
  arch: string;
  /** Its KDIR is on this machine already. */
  fetched: boolean;
}

export type RefOf<K extends KernelRef['provider']> = Extract<KernelRef, { provider: K }>;

/** A place that kernels come from. */
export interface KernelProvider<K extends KernelRef['provider']> {
  /** The KDIRs that a reference names, of those archs that it has; fetched if need be. */
  resolve(ref: RefOf<K>, archs: readonly Arch[], context: ProviderContext): Promise<Kdir[]>;
  list(ref: RefOf<K>, archs: readonly Arch[], context: ProviderContext): Promise<KernelListing[]>;
}
