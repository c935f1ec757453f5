import { join } from 'node:path';
import { checkJobEntry, type EntryCondition } from '../engine/check-entry.js';
import { checkObjectEntry } from '../engine/objects/object-store.js';
import { directBootArea } from '../kernel/image/direct-boot.js';

/** A directory of the cache that keeps entries by their keys, each of which can be made again. */
export interface CacheArea {
  /** Its name in the cache directory. */
  name: string;
  root: string;
  /** Holds an entry against its hashes; undefined: nothing in it can be checked by itself. */
  check?: (directory: string) => Promise<EntryCondition>;
}

/** The areas that 'cache prune' makes room in and 'cache verify' reads. */
export const cacheAreas = (cache: string): CacheArea[] => [
  { name: 'jobs', root: join(cache, 'jobs'), check: checkJobEntry },
  { name: 'objects', root: join(cache, 'objects'), check: checkObjectEntry },
  { name: directBootArea, root: join(cache, directBootArea) },
];
