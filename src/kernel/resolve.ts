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

/**
 * What becomes of each kernel that references name, for the archs that are asked; fetched or made if
 * need be. A kernel that is there and cannot be had, or cannot be used, is a value.
 * @param asked the archs that the user named, or undefined if any will do
 * @throws KbuildError KERNEL_REF; KERNEL_*, KDIR_ARCH_MISMATCH where nothing is named of what is asked
 */
export async function resolveEach(
  refs: readonly string[],
  archs: readonly Arch[],
  asked: readonly Arch[] | undefined,
  context: ProviderContext,
): Promise<Resolution[]> {
  const resolutions = new Map<string, Resolution>();
  const refused: Kdir[] = [];
  const parsed = refs.map((text) => [text, parseKernelRef(text, context.repositories)] as const);
  for (const [text, ref] of parsed) {
    const provider = await providerOf(ref);
    const found = await provider
      .resolve(ref, archs, context)
      .catch((error: unknown): Resolution[] => {
        const mayGoOn = error instanceof KbuildError && error.code !== 'INTERRUPTED';
        if (!mayGoOn || refs.length === 1) throw error;
        return [{ ref: text, error }];
      });
    for (const resolution of found) {
      if ('error' in resolution) {
        resolutions.set(`${resolution.ref}\0${resolution.arch ?? ''}`, resolution);
        continue;
      }
      const { kdir } = resolution;
      const wanted = asked === undefined || asked.some(({ name }) => name === kdir.arch);
      if (wanted) resolutions.set(`${kdir.path}\0${kdir.identity}`, resolution);
      else refused.push(kdir);
    }
  }
  const all = [...resolutions.values()];
  checkArchs(all, refused, asked ?? []);
  return all;
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
