import type { Emit } from '../../events/event.js';
import type { Job } from '../../plan/job.js';
import {
  asBlobError,
  BlobError,
  type BlobName,
  type BlobStore,
} from '../../storage/blobs/blob-store.js';
import type { JobFiles, JobStore, StoredJob } from '../job-store.js';
import { checkFits } from './check-fits.js';
import { formatEntry, longestPack, longestRecord, OtherFormat, parseEntry } from './entry.js';
import { Health } from './health.js';
import { checkPack, makePack, readPack, sha256 } from './pack.js';
import { Refusals } from './refusals.js';

/** How many packs are put at once, beside the builds. */
const puttersAtOnce = 2;

/** How long a run waits at its end for what is still being put. Milliseconds. */
const usualFarewell = 15_000;

export interface SharedCacheOptions {
  blobs: BlobStore;
  /** Put nothing. */
  readOnly: boolean;
  /** Ask for nothing, and put what is built in the place of what is there. */
  rebuild: boolean;
  /** Records must bear its HMAC, and get it; undefined: none does. */
  secret: string | undefined;
  emit: Emit;
  /** The run's. */
  signal: AbortSignal;
  farewell?: number;
}

/** What a shared cache did in a run, as the manifest has it. */
export interface SharedCacheStats {
  /** Jobs whose modules it gave. */
  hits: number;
  misses: number;
  /** Jobs that were put there. */
  puts: number;
  failures: number;
  /** Misses where there was something, and not what it should have been. */
  refused: number;
}

/**
 * Results of jobs that several machines share: `ac/<job key>`, a record, names `cas/<sha256>`, a pack
 * with all that the job left. Nothing that it gives is believed, and nothing that is wrong with it ends a run.
 */
export class SharedCache {
  readonly #options: SharedCacheOptions;
  readonly #health: Health;
  readonly #refusals: Refusals;
  readonly #stats = { hits: 0, misses: 0, puts: 0 };
  /** Keys whose entries are of no use: what is built takes their place. */
  readonly #replaced = new Set<string>();
  readonly #waiting: StoredOffer[] = [];
  readonly #putters = new Set<Promise<void>>();
  /** Somebody asks a cache that has never answered. */
  #trial: Promise<unknown> | undefined;
  #hasAnswered = false;

  constructor(options: SharedCacheOptions) {
    const { blobs, emit, readOnly } = options;
    this.#options = options;
    this.#health = new Health(blobs.address, emit);
    this.#refusals = new Refusals(blobs.address, emit, readOnly);
  }

  /**
   * Takes a job's result into the store of this machine, if the cache has it.
   * @param outdated the id of an image whose result the caller has just dropped
   * @returns what the store then has under the key
   * @throws Error only if the store of this machine cannot be written
   */
  async fetch(
    job: Job,
    store: JobStore,
    signal: AbortSignal,
    outdated?: string,
  ): Promise<StoredJob | undefined> {
    if (this.#options.rebuild) return undefined;
    const files = await this.#whenTried(() => this.#get(job, signal));
    if (files === undefined || files.imageId === outdated) {
      if (files !== undefined) this.#replaced.add(job.key);
      this.#stats.misses++;
      return undefined;
    }
    await store.save(job.key, { ...files, imported: true });
    const stored = await store.load(job.key);
    if (stored === undefined) this.#stats.misses++;
    else this.#stats.hits++;
    return stored;
  }

  /** What was taken did not stand up to verification. */
  refuse(job: Job, reason: string): void {
    this.#stats.hits--;
    this.#stats.misses++;
    this.#replaced.add(job.key);
    this.#refusals.note(job, reason);
  }

  /** Puts a result there in the background. It must have been built as its key says, and verified. */
  offer(job: Job, stored: StoredJob): void {
    if (this.#options.readOnly || !this.#health.isGood('put')) return;
    this.#waiting.push({ key: job.key, stored });
    if (this.#putters.size >= puttersAtOnce) return;
    const putter: Promise<void> = this.#putWaiting().finally(() => this.#putters.delete(putter));
    this.#putters.add(putter);
  }

  /** Waits until all is put, but not for long. */
  async close(): Promise<SharedCacheStats> {
    const farewell = this.#options.farewell ?? usualFarewell;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, farewell);
    });
    await Promise.race([Promise.all(this.#putters), patience]);
    clearTimeout(timer);
    if (this.#putters.size > 0) {
      const left = this.#waiting.length + this.#putters.size;
      const what = `${left} of this run's results were not put there within ${farewell / 1000} s after its end`;
      this.#health.note(new BlobError('timed-out', what), 'put');
      await Promise.all(this.#putters);
    }
    this.#refusals.close();
    const { failures } = this.#health;
    return { ...this.#stats, failures, refused: this.#refusals.count };
  }

  /** Until the cache has answered once, one job asks at a time: no crowd waits for a server that hangs. */
  async #whenTried<T>(ask: () => Promise<T>): Promise<T> {
    while (this.#trial !== undefined) await this.#trial;
    const asked = ask();
    if (!this.#hasAnswered) {
      this.#trial = asked
        .catch(() => undefined)
        .finally(() => {
          this.#trial = undefined;
        });
    }
    return asked;
  }

  async #get(job: Job, signal: AbortSignal): Promise<JobFiles | undefined> {
    if (!this.#health.isGood('get')) return undefined;
    const { blobs, secret } = this.#options;
    const ends = AbortSignal.any([signal, this.#health.signal]);
    const get = (name: BlobName, limit: number) => blobs.get(name, limit, ends);
    try {
      const text = await get(`ac/${job.key}`, longestRecord);
      this.#hasAnswered = true;
      if (text === undefined) return undefined;
      const { pack } = await parseEntry(text.toString('utf8'), job.key, secret);
      const bytes = await get(`cas/${pack.sha256}`, pack.size);
      // Pruned a moment ago, or on a server that forgets by age.
      this.#replaced.add(job.key);
      if (bytes === undefined) return undefined;
      checkPack(bytes, pack);
      const files = await readPack(bytes);
      checkFits(files, job);
      this.#replaced.delete(job.key);
      return files;
    } catch (error) {
      if (error instanceof BlobError && error.fault !== 'strange') this.#health.note(error, 'get');
      else if (error instanceof OtherFormat) {
        if (!error.isNewer) this.#replaced.add(job.key);
      } else {
        this.#replaced.add(job.key);
        this.#refusals.note(job, (error as Error).message);
      }
      return undefined;
    }
  }

  async #putWaiting(): Promise<void> {
    for (;;) {
      const offer = this.#waiting.shift();
      if (offer === undefined || !this.#health.isGood('put')) return;
      await this.#put(offer);
    }
  }

  async #put({ key, stored }: StoredOffer): Promise<void> {
    const { blobs, secret, rebuild, signal } = this.#options;
    const ends = AbortSignal.any([signal, this.#health.signal]);
    const name: BlobName = `ac/${key}`;
    try {
      const isWanted = rebuild || this.#replaced.has(key) || !(await blobs.has(name, ends));
      if (!isWanted) return;
      // Another run may have dropped it meanwhile: then there is nothing to put.
      const pack = await makePack(stored).catch(() => undefined);
      if (pack === undefined || pack.length > longestPack) return;
      const entry = { key, pack: { sha256: sha256(pack), size: pack.length } };
      await blobs.put(`cas/${entry.pack.sha256}`, pack, ends);
      // Last: who finds the record finds the pack.
      await blobs.put(name, Buffer.from(formatEntry(entry, secret)), ends);
      this.#stats.puts++;
    } catch (error) {
      this.#health.note(asBlobError(error, `putting ${name}`), 'put');
    }
  }
}

interface StoredOffer {
  key: string;
  stored: StoredJob;
}
