import { interrupted } from '../../src/errors/kbuild-error.js';
import type { RunHooks, RunOutcome, RunSpec, Runtime } from '../../src/runtime/port.js';
import { archiveOf } from './archive.js';

/** How a build goes in a fake runtime; default: it ends well, at once, and gives nothing. */
export interface FakeBuild {
  files?: Record<string, string | Uint8Array>;
  lines?: string[];
  exitCode?: number;
  end?: RunOutcome['end'];
  /** It goes on until this resolves, or until the run is aborted. */
  until?: Promise<unknown>;
  /** What the runtime itself fails with. */
  error?: Error;
}

/** A runtime that compiles nothing: each build is answered by its job's id. */
export class FakeRuntime implements Runtime {
  readonly kind = 'docker';
  /** What was run, in order. */
  readonly specs: RunSpec[] = [];
  readonly #running = new Set<string>();
  /** The most that ran at once. */
  most = 0;
  readonly #answer: (spec: RunSpec) => FakeBuild | Promise<FakeBuild>;
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  constructor(answer: (spec: RunSpec) => FakeBuild | Promise<FakeBuild>) {
    this.#answer = answer;
  }

  get titles(): string[] {
    return this.specs.map(({ title }) => title);
  }

  get running(): string[] {
    return [...this.#running];
  }

  /** Waits until as many runs have begun. */
  begun(count: number): Promise<void> {
    if (this.specs.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  async run(spec: RunSpec, { onLine, gate, onStart, signal }: RunHooks): Promise<RunOutcome> {
    await gate?.();
    this.specs.push(spec);
    this.#running.add(spec.title);
    this.most = Math.max(this.most, this.#running.size);
    for (const { count, resolve } of this.#waiting) if (this.specs.length >= count) resolve();
    try {
      onStart?.();
      const { files = {}, lines = [], exitCode = 0, ...build } = await this.#answer(spec);
      if (build.error !== undefined) throw build.error;
      for (const line of lines) onLine(line);
      const aborted = new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      if (!signal.aborted) await Promise.race([build.until, aborted]);
      if (signal.aborted) throw interrupted();
      return { end: build.end ?? 'exited', exitCode, stdout: await archiveOf(files) };
    } finally {
      this.#running.delete(spec.title);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
