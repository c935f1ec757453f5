import { archByName } from '../../src/arch/arch.js';
import { bootFiles, type BootFiles } from '../../src/kernel/boot-files.js';
import { busyboxFor } from '../../src/kernel/busybox.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { withSession, type Session } from '../../src/workflow/session.js';
import { fetchedKdir } from './kdir.js';

/** A kernel of Debian as its users install it, unpacked in the cache. */
export interface DebianImage {
  release: string;
  /** What `--kernel` takes for its KDIR. */
  ref: string;
  /** lib/modules/<release>: all of its modules, signed. */
  modules: string;
  /** boot/vmlinuz-<release>. */
  vmlinuz: string;
}

/** The image package of a suite's newest kernel, of the same version as its headers package. */
export async function debianImage(suite: string, arch: string): Promise<DebianImage> {
  const kdir = await fetchedKdir(`debian:${suite}`, arch);
  const { image, modules } = await bootFilesOf(kdir);
  if (modules === undefined) throw new Error(`the image of ${kdir.release} has no modules`);
  return {
    release: kdir.release,
    ref: `debian:${suite}/${kdir.release}`,
    modules,
    vmlinuz: image,
  };
}

/** What `bootFiles` finds, in a session of its own. */
export const bootFilesOf = (kdir: Kdir, offline = false): Promise<BootFiles> =>
  inSession(({ provider }) => bootFiles(kdir, provider), offline);

/** The static BusyBox of an arch. */
export const busyboxOf = (arch: string, offline = false): Promise<string> =>
  inSession(({ provider }) => busyboxFor(archByName(arch), provider), offline);

/** Does some work in a session of its own, with the tests' cache. */
export function inSession<T>(work: (session: Session) => Promise<T>, offline = false): Promise<T> {
  const options = {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    emit: () => undefined,
    signal: new AbortController().signal,
    offline,
    allowExpired: true, // as sid's may be
  };
  return withSession(options, work);
}
