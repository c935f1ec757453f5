import { loadavg } from 'node:os';
import { interrupted } from '../errors/kbuild-error.js';
import type { Parallelism } from '../plan/parallelism.js';
import type { JobTokens } from './job-tokens.js';

/** What the builds of a run share. */
export interface Budget {
  /** Processes that compile at once, over all builds. */
  processes: number;
  /** Memory that they may hold together. Bytes. */
  memoryBytes: number;
  /** While the machine's load is above it, no build begins beside others, and no make starts a process more. */
  load?: number;
}

/** How many builds are made ready or run at once: some are ahead, so that nobody waits for a container. */
export const buildPlaces = (processes: number): number => processes + Math.ceil(processes / 2) + 1;

/** What a build wants of the budget. */
export interface Claim {
  /** Who has more goes first: the time that it and all that waits for it take. Milliseconds. */
  weight: number;
  memoryBytes: number;
}

/** A build's place among those that run. */
export interface Turn {
  readonly parallelism: Parallelism;
  /** Waits until the build may begin. Called once. */
  begin(): Promise<void>;
  /** The build is over, or is not to begin. */
  end(): void;
}

/** What a build that is made ready, or runs, has of its own. */
interface Seat {
  claim: Claim;
  tokens: JobTokens | undefined;
  /** Processes that it runs without asking for a token. */
  own: number;
  running: boolean;
}

interface Waiting<T> {
  claim: Claim;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

/** How often tokens are looked after. Milliseconds. */
const interval = 100;

/**
 * Shares one budget of processes and memory out among builds. A build holds one process from its
 * beginning; what is left is given to running ones as tokens of GNU make's jobserver, and taken back
 * where they do not use it.
 */
export class BuildSlots {
  readonly #budget: Budget;
  readonly #signal: AbortSignal;
  /** Pipes that no seat has; undefined: makes get a share of their own each. */
  readonly #pipes: JobTokens[] | undefined;
  readonly #entering: Waiting<Seat>[] = [];
  readonly #ready: (Waiting<void> & { seat: Seat })[] = [];
  readonly #seats = new Set<Seat>();
  #timer: NodeJS.Timeout | undefined;
  #admission: NodeJS.Immediate | undefined;

  /** @param pipes as many as `buildPlaces` says; undefined where there are none */
  constructor(budget: Budget, pipes: readonly JobTokens[] | undefined, signal: AbortSignal) {
    this.#budget = { ...budget, processes: Math.max(1, budget.processes) };
    this.#pipes = pipes && [...pipes];
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const { reject } of [...this.#entering, ...this.#ready]) reject(interrupted());
    });
  }

  /**
   * Waits for a place: then the build is made ready, up to its beginning.
   * @throws KbuildError INTERRUPTED
   */
  async enter(claim: Claim): Promise<Turn> {
    const seat = await this.#wait<Seat>((waiting) => {
      insert(this.#entering, { claim, ...waiting });
      // Of those that come together, the heaviest goes first.
      this.#admission ??= setImmediate(() => {
        this.#admission = undefined;
        this.#admit();
      });
    });
    let isOver = false;
    return {
      parallelism: this.#parallelism(seat),
      begin: () =>
        this.#wait((waiting) => {
          insert(this.#ready, { claim, seat, ...waiting });
          this.#dispatch();
        }),
      end: () => {
        if (!isOver) this.#leave(seat);
        isOver = true;
      },
    };
  }

  /** Ends the use of it. */
  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#admission);
    for (const { tokens } of this.#seats) tokens?.close();
    for (const tokens of this.#pipes ?? []) tokens.close();
  }

  #wait<T>(join: (waiting: Omit<Waiting<T>, 'claim'>) => void): Promise<T> {
    if (this.#signal.aborted) return Promise.reject(interrupted());
    return new Promise((resolve, reject) => {
      join({ resolve, reject });
    });
  }

  #admit(): void {
    while (this.#seats.size < buildPlaces(this.#budget.processes)) {
      const next = this.#entering.shift();
      if (next === undefined) return;
      const tokens = this.#pipes?.pop();
      const own = tokens === undefined ? this.#share() : 1;
      const seat = { claim: next.claim, tokens, own, running: false };
      this.#seats.add(seat);
      next.resolve(seat);
    }
  }

  #parallelism({ tokens, own }: Seat): Parallelism {
    const { load } = this.#budget;
    const limits = load === undefined ? {} : { load };
    return tokens === undefined
      ? { processes: own, ...limits }
      : { tokens: tokens.path, ...limits };
  }

  /** A fair share of the processes, where there are no tokens. */
  #share(): number {
    const { processes } = this.#budget;
    const builds = this.#seats.size + this.#entering.length + 1;
    return Math.max(1, Math.floor(processes / Math.min(processes, builds)));
  }

  #leave(seat: Seat): void {
    this.#seats.delete(seat);
    if (seat.tokens !== undefined) {
      seat.tokens.reset();
      this.#pipes?.push(seat.tokens);
    }
    this.#admit();
    this.#dispatch();
  }

  /** Takes back what is not used, begins what may begin, and gives what is left to those that run. */
  #dispatch(): void {
    const running = [...this.#seats].filter((seat) => seat.running);
    const idle = new Set(running.filter(({ tokens }) => (tokens?.takeBack() ?? 0) > 0));
    for (;;) {
      const next = this.#ready.findIndex(({ seat }) => this.#mayBegin(seat, running));
      const [begun] = next === -1 ? [] : this.#ready.splice(next, 1);
      if (begun === undefined) break;
      begun.seat.running = true;
      running.push(begun.seat);
      begun.resolve();
    }
    const hungry = running.filter((seat) => !idle.has(seat));
    this.#give(hungry.length > 0 ? hungry : running, this.#free(running));
    this.#lookAgain(running);
  }

  #mayBegin({ own, claim }: Seat, running: readonly Seat[]): boolean {
    const toCome = this.#heavierToCome(claim);
    if (running.length === 0) return toCome === 0;
    const { memoryBytes, load } = this.#budget;
    const held = running.reduce((sum, seat) => sum + seat.claim.memoryBytes, 0);
    const fits = held + claim.memoryBytes <= memoryBytes && this.#free(running) - toCome >= own;
    return fits && (load === undefined || (loadavg()[0] ?? 0) < load);
  }

  /** Builds that are to go first and will be ready at any moment. */
  #heavierToCome({ weight }: Claim): number {
    const ready = new Set(this.#ready.map(({ seat }) => seat));
    return [...this.#seats].filter(
      (seat) => !seat.running && !ready.has(seat) && seat.claim.weight > weight,
    ).length;
  }

  /** Processes that nobody holds. */
  #free(running: readonly Seat[]): number {
    const held = running.map(({ own, tokens }) => own + (tokens?.out ?? 0));
    return this.#budget.processes - held.reduce((sum, one) => sum + one, 0);
  }

  #give(seats: readonly Seat[], processes: number): void {
    let left = processes;
    for (const [i, { tokens }] of seats.entries()) {
      const share = Math.ceil(left / (seats.length - i));
      tokens?.put(share);
      left -= share;
    }
  }

  /** That make gives a token back, or that the load falls, nobody tells. */
  #lookAgain(running: readonly Seat[]): void {
    clearTimeout(this.#timer);
    const isOut = running.some(({ tokens }) => (tokens?.out ?? 0) > 0);
    const waitsForLoad = this.#ready.length > 0 && this.#budget.load !== undefined;
    if (isOut || waitsForLoad) {
      this.#timer = setTimeout(() => {
        this.#dispatch();
      }, interval);
    }
  }
}

/** Puts one into a line behind those that weigh as much. */
function insert<T extends { claim: Claim }>(line: T[], one: T): void {
  let at = line.length;
  while (at > 0 && (line[at - 1]?.claim.weight ?? 0) < one.claim.weight) at--;
  line.splice(at, 0, one);
}
