import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from '../../storage/atomic.js';
import { withLock } from '../../storage/lock.js';
import { markUsed } from '../../storage/mark-used.js';
import type { KdirMount } from '../closure.js';
import { claim, release } from '../../storage/claim.js';
import { reapLeftovers } from '../../storage/leftovers.js';

/** A layer over a KDIR, as it lies in the cache. */
export interface Layer {
  /** The directory that is laid over the KDIR's roots. */
  root: string;
  /** The key that it is kept by. */
  key: string;
  record: LayerRecord;
}

/** What is known of a layer beside its files. */
export interface LayerRecord {
  /** What was done, a sentence each. */
  done: string[];
  /** What of the original passes through it. */
  passed: KdirMount[];
}

export interface LayerContext {
  cache: string;
  signal: AbortSignal;
}

const recordFile = 'layer.json';

/** A key of everything that a layer is made of: any JSON. */
export const layerKey = (inputs: unknown): string =>
  createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 32);

/**
 * The layer of a key: from the cache, or made now. It appears whole, by a rename; two processes that
 * want the same wait for each other, and make it once.
 * @param make fills the directory that will be the layer's root
 * @param check throws for a layer that is not, or no longer, what it should be
 */
export async function layerOf(
  key: string,
  context: LayerContext,
  make: (root: string) => Promise<LayerRecord>,
  check: (layer: Layer) => void,
): Promise<{ layer: Layer; fromCache: boolean }> {
  const layers = join(context.cache, 'layers');
  const directory = join(layers, key);
  return withLock(join(context.cache, 'locks', `layer-${key}`), context.signal, async () => {
    const found = await readLayer(directory, key, check);
    if (found !== undefined) {
      markUsed(directory);
      return { layer: found, fromCache: true };
    }
    // Not in the run's own directory: a container of a killed run may still write to it for a while.
    const work = temporaryName(directory);
    const root = join(work, 'root');
    await mkdir(root, { recursive: true });
    try {
      await claim(work);
      const record = await make(root);
      check({ root, key, record });
      await writeFile(join(work, recordFile), JSON.stringify(record));
      await rm(directory, { recursive: true, force: true }); // one that did not hold the check
      await release(work);
      await rename(work, directory);
      return { layer: { root: join(directory, 'root'), key, record }, fromCache: false };
    } finally {
      await rm(work, { recursive: true, force: true });
      await reapLeftovers(layers); // by now the engine has none of their containers
    }
  });
}

async function readLayer(
  directory: string,
  key: string,
  check: (layer: Layer) => void,
): Promise<Layer | undefined> {
  try {
    const record = JSON.parse(await readFile(join(directory, recordFile), 'utf8')) as LayerRecord;
    const layer = { root: join(directory, 'root'), key, record };
    check(layer);
    return layer;
  } catch {
    return undefined; // it is made again, and says then what is wrong
  }
}
