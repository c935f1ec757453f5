import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { asKbuildError, interrupted, type KbuildError } from '../errors/kbuild-error.js';
import { runConfigsAnew } from '../project/run-config.js';
import { build, type BuildReport, type BuildRequest } from './build.js';
import { Changes, quiet } from './changes.js';
import { withSession, type Session, type SessionOptions } from './session.js';
import { watchFiles, type FileWatch } from './watch-files.js';
import { namedPaths, watchedPaths, type WatchedPaths } from './watched-paths.js';

/** What happens while files are watched, besides the events of each round's build. */
export type WatchEvent =
  /** A build begins, of what changed; the first is of all. */
  | { type: 'round-start'; changed: string[] }
  | { type: 'round-end'; report: BuildReport }
  /** Nothing could be built: the next change may mend it. */
  | { type: 'round-failed'; error: KbuildError }
  /** Something changed while it was being built: the next round follows. */
  | { type: 'round-abandoned' }
  /** All is done, and the next change is waited for. */
  | { type: 'watching'; files: number; paths: string[] };

type OnEvent = (event: WatchEvent) => void | Promise<void>;

/**
 * Builds, and builds again what has changed, whenever something does. A change during a build ends
 * that build, and leaves the output directory as it was. The session is kept from round to round, and
 * opened anew where the engine failed.
 * @throws KbuildError INTERRUPTED when the signal is aborted: it ends in no other way but by WATCH_FAILED,
 * and STORAGE_FAILED where there can be no session
 */
export async function watch(
  request: BuildRequest,
  options: SessionOptions,
  onEvent: OnEvent,
): Promise<never> {
  runConfigsAnew();
  const watcher = new Watcher(request, options, onEvent);
  try {
    for (;;) {
      const { sessions } = watcher;
      try {
        await withSession(options, (session) => watcher.rounds(session));
      } catch (error) {
        if (watcher.sessions === sessions || watcher.isOver) throw error;
        // What was left in an engine that is gone: the next session clears it.
      }
    }
  } finally {
    await watcher.close();
  }
}

class Watcher {
  readonly #changes = new Changes();
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  #watched: WatchedPaths | undefined;
  #files: FileWatch | undefined;
  #round = 0;
  /** How many there have been. */
  sessions = 0;

  constructor(
    readonly request: BuildRequest,
    readonly options: SessionOptions,
    readonly onEvent: OnEvent,
  ) {
    this.#signal = AbortSignal.any([options.signal, this.#failure.signal]);
  }

  get isOver(): boolean {
    return this.#signal.aborted;
  }

  /** Goes round until the engine fails; the session after that begins with the next change. */
  async rounds(session: Session): Promise<void> {
    this.sessions++;
    for (let sound = true; sound;) {
      const changed = this.#round === 0 ? [] : await this.#nextChange();
      await this.onEvent({ type: 'round-start', changed });
      const event = await this.#buildOnce(session);
      await this.onEvent(event);
      if (event.type !== 'round-abandoned') {
        const { directories = [], archives = [] } = this.#watched ?? {};
        const paths = [...directories, ...archives];
        await this.onEvent({ type: 'watching', files: this.#files?.files() ?? 0, paths });
      }
      sound = !engineFailed(event);
    }
  }

  async close(): Promise<void> {
    await this.#files?.close();
  }

  async #nextChange(): Promise<string[]> {
    try {
      return await this.#changes.settled(this.#signal);
    } catch {
      throw this.#end();
    }
  }

  /** Why it ends. */
  #end(): KbuildError {
    return this.options.signal.aborted
      ? interrupted()
      : (this.#failure.signal.reason as KbuildError);
  }

  async #buildOnce(session: Session): Promise<WatchEvent> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    // A run stages its sources in its scratch directory: each round has one of its own.
    const scratch = join(session.scratch, `round-${++this.#round}`);
    const forget = this.#changes.onChange(() => {
      stop.abort();
    });
    try {
      await this.#watchAnew(session);
      const report = await build(this.request, { ...session, scratch, signal });
      return { type: 'round-end', report };
    } catch (error) {
      // A file that is gone amid a checkout, for instance: the news of it is on its way.
      if (!signal.aborted) await sleep(quiet, undefined, { signal }).catch(() => undefined);
      if (this.isOver) throw this.#end();
      if (stop.signal.aborted) return { type: 'round-abandoned' };
      return { type: 'round-failed', error: asKbuildError(error) };
    } finally {
      forget();
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /** Watches what the build is made of now, before the build reads it: no change goes unseen. */
  async #watchAnew(session: Session): Promise<void> {
    const wanted = await watchedPaths(this.request, session).catch(
      // The build says what is wrong.
      () => this.#watched ?? namedPaths(this.request, session.cache),
    );
    if (isDeepStrictEqual(wanted, this.#watched)) return;
    try {
      const files = await watchFiles(
        wanted,
        (path) => {
          this.#changes.add(path);
        },
        (error) => {
          this.#failure.abort(error);
        },
      );
      await this.#files?.close();
      this.#files = files;
      this.#watched = wanted;
    } catch (error) {
      this.#failure.abort(error);
      throw error;
    }
  }
}

/** Whether the engine may be gone, or what was asked of it came to nothing. */
function engineFailed(event: WatchEvent): boolean {
  if (event.type === 'round-failed') return event.error.exitStatus === 4;
  return event.type === 'round-end' && event.report.exitStatus === 4;
}
