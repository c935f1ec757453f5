import { join } from 'node:path';
import type { Job } from '../plan/job.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { withLock } from '../storage/lock.js';
import { compiledFiles } from './compiled-files.js';
import {
  forgetOldest,
  formatHistory,
  readHistory,
  type History,
  type Memory,
} from './history-file.js';

/** What is asked of a job to say how long it will take. */
export type HistoricJob = Pick<Job, 'project' | 'release' | 'arch' | 'toolchain' | 'source'>;

export interface Expectation {
  /** How long a build takes, without waiting. Milliseconds. */
  milliseconds: number;
  /** The most memory that it will hold, if anything is known of that. Bytes. */
  memoryBytes?: number;
  /**
   * What it is concluded from: builds of this very job, of its project for other kernels, of other
   * projects by their number of files; or it is a mere guess.
   */
  from: 'job' | 'project' | 'files' | 'guess';
  /** False for a mere guess: nothing was ever built. */
  known: boolean;
}

/** What a build took. */
export interface Measured {
  milliseconds: number;
  memoryBytes?: number;
}

/** As many as are kept: about 4 MB, read in some 40 ms. */
const mostMemories = 50_000;

/** To start, link and end a build costs about as much as to compile a file. */
const unitsOf = (files: number): number => files + 1;

/** What a file takes where nothing was ever measured. Milliseconds. */
const guessedUnit = 700;

/** How long a save waits for another run's. Milliseconds. */
const patience = 5000;

/**
 * Remembers over runs, in `<cache>/history.json`, how long builds took and how much memory they held.
 * The file is read when something is first asked for. Nothing that is wrong with it fails a run.
 */
export class JobHistory {
  #read: History | undefined;
  readonly #used = new Map<string, { project: string; target: string }>();
  readonly #recorded = new Map<string, { project: string; target: string; memory: Memory }>();
  readonly #averages = new Map<string, Average>();
  #unit: number | undefined;

  private constructor(
    readonly path: string,
    readonly most: number,
  ) {}

  static load(cache: string, { most = mostMemories } = {}): JobHistory {
    return new JobHistory(join(cache, 'history.json'), most);
  }

  /** What a build of this job will take, as far as earlier builds tell. */
  expect(job: HistoricJob): Expectation {
    const { project } = job;
    const target = targetOf(job);
    const own = this.#history.memories.get(project)?.get(target);
    if (own !== undefined) {
      this.#used.set(`${project}/${target}`, { project, target });
      return { ...asExpected(own), from: 'job', known: true };
    }
    const kin = this.#averageOf(project, job.arch) ?? this.#averageOf(project);
    if (kin !== undefined) return { ...asExpected(kin), from: 'project', known: true };
    const units = unitsOf(compiledFiles(job.source.project));
    const unit = this.#averageUnit();
    return unit === undefined
      ? { milliseconds: units * guessedUnit, from: 'guess', known: false }
      : { milliseconds: units * unit, from: 'files', known: true };
  }

  /** Notes what a build that ran in full took. Half of what was known counts too: machines are busy. */
  record(job: HistoricJob, { milliseconds, memoryBytes = 0 }: Measured): void {
    if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) return;
    const { project } = job;
    const target = targetOf(job);
    const targets = this.#history.memories.get(project) ?? new Map<string, Memory>();
    const old = targets.get(target);
    const memory: Memory = {
      milliseconds: old === undefined ? milliseconds : (old.milliseconds + milliseconds) / 2,
      memoryBytes: mostMemory(old?.memoryBytes ?? 0, memoryBytes),
      files: compiledFiles(job.source.project),
      used: 0, // known when it is saved
    };
    targets.set(target, memory);
    this.#history.memories.set(project, targets);
    this.#recorded.set(`${project}/${target}`, { project, target, memory });
    this.#averages.clear();
    this.#unit = undefined;
  }

  /**
   * Writes what was recorded, if anything was, into what other runs have written meanwhile. If that
   * cannot be, it is forgotten.
   */
  async save(): Promise<void> {
    if (this.#recorded.size === 0) return;
    try {
      await withLock(`${this.path}.lock`, AbortSignal.timeout(patience), async () => {
        const { runs, memories } = readHistory(this.path);
        const used = runs + 1;
        for (const { project, target } of this.#used.values()) {
          const memory = memories.get(project)?.get(target);
          if (memory !== undefined) memory.used = used;
        }
        for (const { project, target, memory } of this.#recorded.values()) {
          const targets = memories.get(project) ?? new Map<string, Memory>();
          memories.set(project, targets.set(target, { ...memory, used }));
        }
        forgetOldest(memories, this.most);
        await writeFileAtomic(this.path, formatHistory({ runs: used, memories }));
      });
    } catch {
      // The next run guesses, as this one did.
    }
  }

  get #history(): History {
    return (this.#read ??= readHistory(this.path));
  }

  /** Of all builds of a project, or of those for an architecture. */
  #averageOf(project: string, arch = ''): Average | undefined {
    const targets = this.#history.memories.get(project);
    if (targets === undefined) return undefined;
    const key = `${arch}/${project}`;
    const known = this.#averages.get(key);
    if (known !== undefined) return known;
    const kin = [...targets].flatMap(([target, memory]) =>
      arch === '' || target.split('/')[1] === arch ? [memory] : [],
    );
    if (kin.length === 0) return undefined;
    const average = {
      milliseconds: kin.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / kin.length,
      memoryBytes: Math.max(...kin.map(({ memoryBytes }) => memoryBytes)),
    };
    this.#averages.set(key, average);
    return average;
  }

  /** What a file took, over all that is remembered. */
  #averageUnit(): number | undefined {
    if (this.#unit !== undefined) return this.#unit;
    let [time, units] = [0, 0];
    for (const targets of this.#history.memories.values()) {
      for (const { milliseconds, files } of targets.values()) {
        time += milliseconds;
        units += unitsOf(files);
      }
    }
    return units === 0 ? undefined : (this.#unit = time / units);
  }
}

type Average = Pick<Memory, 'milliseconds' | 'memoryBytes'>;

/** What tells builds of a project apart; not where it lies. */
const targetOf = ({ release, arch, toolchain }: HistoricJob): string =>
  `${release}/${arch}/${toolchain}`;

const asExpected = ({ milliseconds, memoryBytes }: Average) => ({
  milliseconds,
  ...(memoryBytes > 0 && { memoryBytes }),
});

/** Too little would be a build that is killed: it goes up at once, and down by halves. */
function mostMemory(old: number, measured: number): number {
  if (measured === 0) return old;
  return Math.max(measured, (old + measured) / 2);
}
