import type { Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from './kdir.js';
import type {
  KernelListing,
  KernelProvider,
  ProviderContext,
  Resolution,
} from './providers/port.js';
import { parseKernelRef, type KernelRef } from './ref.js';

/**
 * Every kind of reference has its provider, loaded when it is first asked: a kind without one does
 * not compile.
 */
const providers: { [K in KernelRef['provider']]: () => Promise<KernelProvider<K>> } = {
  repository: async () => (await import('./providers/repository.js')).repositoryProvider,
  host: async () => (await import('./providers/host.js')).hostProvider,
  source: async () => (await import('./providers/source/source.js')).sourceProvider,
  path: async () => (await import('./providers/path.js')).pathProvider,
};

const providerOf = (ref: KernelRef): Promise<KernelProvider<KernelRef['provider']>> =>
  providers[ref.provider]() as Promise<KernelProvider<KernelRef['provider']>>;

/** What became of the kernels of one reference. */
export interface Resolved {
  /** The place of the reference among all. */
  place: number;
  /** Those that no reference gave before. */
  resolutions: Resolution[];
}

/**
 * What becomes of each kernel that references name, for the archs that are asked; fetched or made if
 * need be, all references at once. A kernel that is there and cannot be had, or cannot be used, is a
 * value. What is on this machine comes first.
 * @param asked the archs that the user named, or undefined if any will do
 * @throws KbuildError KERNEL_REF; KERNEL_*, KDIR_ARCH_MISMATCH where nothing is named of what is asked
 */
export async function* resolveAsTheyCome(
  refs: readonly string[],
  archs: readonly Arch[],
  asked: readonly Arch[] | undefined,
  context: ProviderContext,
): AsyncGenerator<Resolved[]> {
  const parsed = refs.map((text) => [text, parseKernelRef(text, context.repositories)] as const);
  const known = new Set<string>();
  const all: Resolution[] = [];
  const refused: Kdir[] = [];
  const news = (found: readonly Resolution[]): Resolution[] =>
    found.filter((one) => {
      if ('kdir' in one && asked?.every(({ name }) => name !== one.kdir.arch)) {
        refused.push(one.kdir);
        return false;
      }
      const identity =
        'kdir' in one ? `${one.kdir.path}\0${one.kdir.identity}` : `${one.ref}\0${one.arch ?? ''}`;
      if (known.has(identity)) return false;
      known.add(identity);
      all.push(one);
      return true;
    });

  const arrived: { place: number; found: Resolution[] }[] = [];
  const open = new Set<Promise<void>>();
  const stop = new AbortController();
  const own = stoppedBy(stop.signal, context);
  const begin = ([place, [text, ref]]: (typeof waiting)[number]) => {
    const arrival: Promise<void> = resolveRef(text, ref, archs, refs.length > 1, own)
      .then((found) => {
        arrived.push({ place, found });
      })
      .finally(() => open.delete(arrival));
    arrival.catch(() => undefined); // told by the race below
    open.add(arrival);
  };
  const waiting = [...parsed.entries()];
  try {
    while (waiting.length > 0 || open.size > 0 || arrived.length > 0) {
      for (const one of waiting.splice(0, mostAtOnce - open.size)) begin(one);
      if (arrived.length === 0) await Promise.race(open);
      await new Promise(setImmediate); // those that need nothing come together
      const come = arrived.splice(0).sort((a, b) => a.place - b.place);
      const steps = come.map(({ place, found }) => ({ place, resolutions: news(found) }));
      if (steps.length > 0) yield steps;
    }
    checkArchs(all, refused, asked ?? []);
  } finally {
    // Whoever asked is content, or has failed: nothing is fetched behind its back.
    stop.abort();
    await Promise.allSettled(open);
  }
}

/** References that are resolved at once: each may run a container. */
const mostAtOnce = 8;

/** A context whose fetches end with a signal, too. */
function stoppedBy(stop: AbortSignal, context: ProviderContext): ProviderContext {
  const signal = AbortSignal.any([context.signal, stop]);
  return {
    ...context,
    signal,
    runInSuite: (suite, run) => context.runInSuite(suite, { ...run, signal }),
    runInImage: (image, run) => context.runInImage(image, { ...run, signal }),
  };
}

/** The same, when all have come; in the order of the references. */
export async function resolveEach(
  refs: readonly string[],
  archs: readonly Arch[],
  asked: readonly Arch[] | undefined,
  context: ProviderContext,
): Promise<Resolution[]> {
  const all: Resolved[] = [];
  for await (const some of resolveAsTheyCome(refs, archs, asked, context)) all.push(...some);
  return all.sort((a, b) => a.place - b.place).flatMap(({ resolutions }) => resolutions);
}

/** One of several references may fail by itself. */
async function resolveRef(
  text: string,
  ref: KernelRef,
  archs: readonly Arch[],
  isOneOfSeveral: boolean,
  context: ProviderContext,
): Promise<Resolution[]> {
  try {
    return await (await providerOf(ref)).resolve(ref, archs, context);
  } catch (error) {
    const mayGoOn = error instanceof KbuildError && error.code !== 'INTERRUPTED';
    if (!mayGoOn || !isOneOfSeveral) throw error;
    return [{ ref: text, error }];
  }
}

/**
 * The KDIRs that kernel references name.
 * @throws KbuildError KERNEL_*, KDIR_*, FETCH_FAILED if one of them cannot be had or used
 */
export async function resolveKernels(
  refs: readonly string[],
  archs: readonly Arch[],
  asked: readonly Arch[] | undefined,
  context: ProviderContext,
): Promise<Kdir[]> {
  const resolutions = await resolveEach(refs, archs, asked, context);
  return resolutions.map((resolution) => {
    if ('error' in resolution) throw resolution.error;
    return resolution.kdir;
  });
}

/** Every arch that was asked must have met a kernel, be it one that cannot be had. */
function checkArchs(
  resolutions: readonly Resolution[],
  refused: readonly Kdir[],
  asked: readonly Arch[],
): void {
  const met = resolutions.map((one) => ('kdir' in one ? one.kdir.arch : one.arch));
  if (met.includes(undefined)) return; // of a broken one nobody knows for what it was
  const missing = asked.find(({ name }) => !met.includes(name));
  const [other] = refused;
  if (other !== undefined && (missing !== undefined || met.length === 0)) {
    throw new KbuildError(
      'KDIR_ARCH_MISMATCH',
      `the KDIR ${other.path} is for ${other.arch}, and ${asked.map(({ name }) => name).join(', ')} was asked`,
      `Leave --arch out (it is read from the KDIR), or name a KDIR for ${missing?.name ?? 'it'}.`,
    );
  }
  if (missing === undefined) return;
  throw new KbuildError(
    'KERNEL_ARCH_UNSUPPORTED',
    `none of the kernels that were named is for ${missing.name}`,
    `Name a kernel for ${missing.name}, or leave it out of --arch.`,
  );
}

/** The kernels that a reference's provider has or can get. */
export async function listKernels(
  text: string,
  archs: readonly Arch[],
  context: ProviderContext,
): Promise<KernelListing[]> {
  const ref = parseKernelRef(text, context.repositories);
  return (await providerOf(ref)).list(ref, archs, context);
}
