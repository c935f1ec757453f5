import { readdirSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { KdirMount } from '../closure.js';
import { isBelow } from '../is-below.js';
import { follow, lstat, type Roots } from '../tree.js';
import type { LayerShape } from './layer-shape.js';

/** What a layer over a KDIR holds in one place. */
export type LayerEntry = { path: string } & (
  | { kind: 'directory' }
  /** A copy of a file of this machine. */
  | { kind: 'file'; source: string; stat: Stats }
  | { kind: 'link'; target: string }
  /** A mount point for the original. */
  | { kind: 'pass'; source: string; directory: boolean }
);

/** A file in the KDIR's top directory that is larger than this is not copied. Bytes. */
const largeFile = 16 * 2 ** 20;

/**
 * Walks over a KDIR, and gives what a layer of this shape holds: directories before what is in them.
 * @param mounts what builds see besides it: a link that leads elsewhere is not entered
 */
export function* walkKdir(
  roots: Roots,
  kdir: string,
  shape: LayerShape,
  isWanted: (entry: { path: string; source: string; stat: Stats }) => boolean,
  mounts: readonly KdirMount[] = [],
): Generator<LayerEntry> {
  const seen = [follow(roots, kdir), ...mounts.map(({ source }) => source)];
  yield* walk('', kdir);

  /** @param at where the directory itself lies in the tree: not below the KDIR if a link led there */
  function* walk(below: string, at: string): Generator<LayerEntry> {
    const host = follow(roots, at);
    if (host === undefined) return;
    for (const name of readdirSync(host).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      const source = join(host, name);
      const stat = lstat(source);
      if (stat === undefined) continue;
      const treatment = shape.treatment(path);
      if (stat.isSymbolicLink()) {
        yield* link(path, at, readlinkSync(source));
      } else if (stat.isDirectory()) {
        if (treatment === 'omit') continue;
        if (treatment === 'pass') yield { kind: 'pass', path, source, directory: true };
        else {
          yield { kind: 'directory', path };
          yield* walk(path, join(at, name));
        }
      } else if (stat.isFile()) {
        const copied = treatment === 'copy' || stat.size <= largeFile;
        if (!copied) yield { kind: 'pass', path, source, directory: false };
        else if (isWanted({ path, source, stat })) yield { kind: 'file', path, source, stat };
      }
      // Sockets, devices and the like are no part of a kernel.
    }
  }

  function* link(path: string, directory: string, text: string): Generator<LayerEntry> {
    const target = isAbsolute(text) ? resolve(text) : resolve(directory, text);
    const host = follow(roots, target);
    if (host !== undefined && shape.written.has(path) && isEntered(host)) {
      yield { kind: 'directory', path };
      yield* walk(path, target);
      return;
    }
    // From within a copied directory of elsewhere, a relative link would lead to another place.
    const atHome = directory === dirname(join(kdir, path));
    yield { kind: 'link', path, target: atHome ? text : target };
  }
  function isEntered(host: string): boolean {
    const isSeen = seen.some((source) => source !== undefined && isBelow(host, source));
    return isSeen && statSync(host).isDirectory();
  }
}
