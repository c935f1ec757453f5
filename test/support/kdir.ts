import type { Kdir } from '../../src/kernel/kdir.js';
import { kbuildJson } from './cli.js';

/** The fetched KDIR of a kernel. */
export async function fetchedKdir(ref: string, arch: string): Promise<Kdir> {
  const args = ['kernel', 'fetch', ref, '--arch', arch];
  const { document } = await kbuildJson<{ kernels: Kdir[] }>(args);
  const [kdir] = document.kernels;
  if (kdir === undefined) throw new Error(`${ref} has no KDIR`);
  return kdir;
}

/** Where what the KDIR knows by a path lies on this machine. */
export function placeOf(kdir: Kdir, path: string): string {
  const mount = kdir.mounts.find(({ target }) => target.endsWith(path));
  if (mount === undefined) throw new Error(`${kdir.path} needs no ${path}`);
  return mount.source;
}
