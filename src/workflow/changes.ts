import { interrupted } from '../errors/kbuild-error.js';

/** How long nothing may change until what has changed counts as one change. Milliseconds. */
export const quiet = 100;
/** Of so many files it is a program that changes them, and it may pause: then it takes three times that. */
const many = 10;
/** Where something never stops changing, it is looked at all the same. Milliseconds. */
const longest = 2000;

/** Files that changed, until somebody takes note of them. */
export class Changes {
  readonly #paths = new Set<string>();
  readonly #listeners = new Set<() => void>();

  add(path: string): void {
    this.#paths.add(path);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls back at each change, and at once if there is one; until what it returns is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#paths.size > 0) listener();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Waits for a change, and then until nothing more changes: a checkout of a thousand files is one.
   * @returns the paths; they no longer count as changed
   * @throws KbuildError INTERRUPTED
   */
  async settled(signal: AbortSignal): Promise<string[]> {
    await new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      let deadline: number | undefined;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        forget();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = () => {
        end(() => {
          reject(interrupted());
        });
      };
      const forget = this.onChange(() => {
        deadline ??= Date.now() + longest;
        clearTimeout(timer);
        const pause = this.#paths.size < many ? quiet : 3 * quiet;
        const wait = Math.max(0, Math.min(pause, deadline - Date.now()));
        timer = setTimeout(() => {
          end(resolve);
        }, wait);
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
    const paths = [...this.#paths].sort();
    this.#paths.clear();
    return paths;
  }
}
