import type { Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from './kdir.js';
import { debianProvider } from './providers/debian.js';
import { hostProvider } from './providers/host.js';
import { pathProvider } from './providers/path.js';
import type { KernelListing, KernelProvider, ProviderContext } from './providers/port.js';
import { parseKernelRef, type KernelRef } from './ref.js';

/** Every kind of reference has its provider: a kind without one does not compile. */
const providers: { [K in KernelRef['provider']]: KernelProvider<K> } = {
  debian: debianProvider,
  host: hostProvider,
  path: pathProvider,
};

const providerOf = (ref: KernelRef): KernelProvider<KernelRef['provider']> =>
  providers[ref.provider] as KernelProvider<KernelRef['provider']>;

/**
 * The KDIRs that kernel references name, for the archs that are asked; fetched if need be.
 * @param asked the archs that the user named, or undefined if any will do
 * @throws KbuildError KERNEL_*, KDIR_*, FETCH_FAILED
 */
export async function resolveKernels(
  refs: readonly string[],
  archs: readonly Arch[],
  asked: readonly Arch[] | undefined,
  context: ProviderContext,
): Promise<Kdir[]> {
  const kdirs = new Map<string, Kdir>();
  const refused: Kdir[] = [];
  for (const text of refs) {
    const ref = parseKernelRef(text);
    for (const kdir of await providerOf(ref).resolve(ref, archs, context)) {
      const wanted = asked === undefined || asked.some(({ name }) => name === kdir.arch);
      if (wanted) kdirs.set(`${kdir.path}\0${kdir.identity}`, kdir);
      else refused.push(kdir);
    }
  }
  const missing = asked?.find(({ name }) => ![...kdirs.values()].some((k) => k.arch === name));
  const [other] = refused;
  if (other !== undefined && (missing !== undefined || kdirs.size === 0)) {
    throw new KbuildError(
      'KDIR_ARCH_MISMATCH',
      `the KDIR ${other.path} is for ${other.arch}, and ${(asked ?? []).map(({ name }) => name).join(', ')} was asked`,
      `Leave --arch out (it is read from the KDIR), or name a KDIR for ${missing?.name ?? 'it'}.`,
    );
  }
  if (missing !== undefined) {
    throw new KbuildError(
      'KERNEL_ARCH_UNSUPPORTED',
      `none of the kernels that were named is for ${missing.name}`,
      `Name a kernel for ${missing.name}, or leave it out of --arch.`,
    );
  }
  return [...kdirs.values()];
}

/** The kernels that a reference's provider has or can get. */
export async function listKernels(
  text: string,
  archs: readonly Arch[],
  context: ProviderContext,
): Promise<KernelListing[]> {
  const ref = parseKernelRef(text);
  return providerOf(ref).list(ref, archs, context);
}
