import type { Package } from '../package-manager.js';

/** A version of a binary package, as dnf knows it. */
export interface DnfPackage extends Package {
  /** rpm's version, without the epoch: `6.11.4`. */
  upstream: string;
  /** rpm's release: `301.fc41`. */
  release: string;
}

/** What dnf and rpm call a package by; an epoch of 0 is left out. */
export const nevra = ({ name, version, architecture }: Package): string =>
  `${name}-${version}.${architecture}`;

/** What its file is called, as a rule, without `.rpm`: epochs stand in no file name. */
export const fileStem = ({ name, upstream, release, architecture }: DnfPackage): string =>
  `${name}-${upstream}-${release}.${architecture}`;

/**
 * The packages of an index, as the script for it prints them; each once. A package whose hash the
 * metadata gives in two ways has none.
 */
export function parseDnfIndex(text: string): DnfPackage[] {
  const packages = new Map<string, DnfPackage>();
  const hashes = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [kind, name, epoch, upstream, release, architecture, value] = line.split('|');
    if (!name || !upstream || !release || !architecture || value === undefined) continue;
    if (!/^\d*$/.test(epoch ?? '')) continue;
    if (![name, upstream, release, architecture].every((word) => /^\w[\w.+~^-]*$/.test(word)))
      continue;
    const version = `${epoch === '0' || !epoch ? '' : `${epoch}:`}${upstream}-${release}`;
    const item: DnfPackage = { name, version, architecture, upstream, release };
    const key = nevra(item);
    if (kind === 'package' && !packages.has(key)) {
      const size = Number(value);
      packages.set(key, { ...item, ...(Number.isSafeInteger(size) && size > 0 && { size }) });
    } else if (kind === 'sha256' && /^[0-9a-f]{64}$/.test(value)) {
      hashes.set(key, (hashes.get(key) ?? new Set()).add(value));
    }
  }
  return [...packages].map(([key, item]) => {
    const [sha256, ...others] = hashes.get(key) ?? [];
    return sha256 === undefined || others.length > 0 ? item : { ...item, sha256 };
  });
}
