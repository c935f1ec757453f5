import { setMaxListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { KbuildError, throwIfInterrupted } from '../../errors/kbuild-error.js';
import { isGone, parseOwner } from '../../storage/owner.js';
import { BoundedOutput } from '../bounded-output.js';
import { LineSplitter } from '../line-splitter.js';
import type { RunHooks, RunOutcome, RunSpec, Runtime } from '../port.js';
import { startTimeLimit } from '../time-limit.js';
import { engineError, type Engine } from './connect.js';
import { containerEnd } from './container-end.js';
import { containerOptions, processLimit } from './container-options.js';
import { EntryLines, go } from './entry.js';
import { labels } from './labels.js';
import { watchProcesses } from './watch-processes.js';

/** Runs each script in a container of its own, which is removed whatever happens. */
export class DockerRuntime implements Runtime {
  readonly kind = 'docker';
  readonly #engine: Engine;
  readonly #removals = new Set<Promise<void>>();
  #failure: KbuildError | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async run(spec: RunSpec, hooks: RunHooks): Promise<RunOutcome> {
    throwIfInterrupted(hooks.signal);
    const { docker, address } = this.#engine;
    try {
      const container = await docker.createContainer(containerOptions(spec));
      try {
        return await this.#runIn(container, spec, hooks);
      } finally {
        this.#remove(container);
      }
    } catch (error) {
      throwIfInterrupted(hooks.signal);
      throw engineError(error, address, `running ${spec.title}`);
    }
  }

  /** Begins to remove a container. Nobody waits for it but `close`. */
  #remove(container: Docker.Container): void {
    const removal = removeContainer(container)
      .catch((error: unknown) => {
        this.#failure ??= engineError(error, this.#engine.address, 'removing a container');
      })
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** @throws KbuildError ENGINE_* if a container could not be removed */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #runIn(container: Docker.Container, spec: RunSpec, hooks: RunHooks): Promise<RunOutcome> {
    const streams = { stdin: true, stdout: true, stderr: true };
    const stream = await container.attach({ stream: true, hijack: true, ...streams });
    const end = { timedOut: false, crowded: false };
    let unwatch = (): void => undefined;
    let timer: NodeJS.Timeout | undefined;
    const kill = () => void container.kill().catch(() => undefined);
    const stdout = new BoundedOutput(spec.diskBytes, kill);
    const lines = new EntryLines(hooks.onLine, hooks.onScriptEnd);
    const output = readOutput(stream, container, stdout, lines);
    output.catch(() => undefined); // awaited below, unless the start itself fails
    setMaxListeners(0, hooks.signal); // many runs at once listen to the same signal
    hooks.signal.addEventListener('abort', kill);
    try {
      await container.start();
      throwIfInterrupted(hooks.signal);
      // After the start: a container that has not begun counts as one that has ended.
      const ended = containerEnd(container, output);
      ended.catch(() => undefined); // awaited below
      await hooks.gate?.();
      throwIfInterrupted(hooks.signal);
      timer = startTimeLimit(spec.timeoutMs, () => {
        end.timedOut = true;
        kill();
      });
      stream.write(go);
      unwatch = watchProcesses(container, processLimit, () => {
        end.crowded = true;
        kill();
      });
      hooks.onStart?.();
      const exitCode = await ended;
      throwIfInterrupted(hooks.signal);
      const { usage } = lines;
      const result = { exitCode, stdout: stdout.toBuffer(), ...(usage && { usage }) };
      if (end.crowded) return { end: 'too-many-processes', ...result };
      if (end.timedOut) return { end: 'timeout', ...result };
      if (stdout.exceeded) return { end: 'too-much-output', ...result };
      const state = exitCode === 0 ? undefined : await stateOf(container);
      if (state?.OOMKilled === true) return { end: 'out-of-memory', ...result };
      if (!lines.ended) throw lost(spec.title, exitCode);
      return { end: 'exited', ...result };
    } finally {
      clearTimeout(timer);
      unwatch();
      hooks.signal.removeEventListener('abort', kill);
    }
  }

  /** Removes the containers of runs that were killed before they could clean up. */
  async reap(): Promise<number> {
    const { docker, address } = this.#engine;
    try {
      const filters = { label: [labels.owner] };
      const containers = await docker.listContainers({ all: true, filters });
      const orphans = containers.filter(({ Labels }) => {
        const owner = parseOwner(Labels[labels.owner] ?? '');
        return owner !== undefined && isGone(owner);
      });
      await Promise.all(orphans.map(({ Id }) => removeContainer(docker.getContainer(Id))));
      return orphans.length;
    } catch (error) {
      throw engineError(error, address, 'removing what a killed run left');
    }
  }
}

/** Parts the attached stream (8-byte frame headers: Engine API, "attach") into its two streams. */
async function readOutput(
  stream: NodeJS.ReadWriteStream,
  container: Docker.Container,
  output: BoundedOutput,
  entryLines: EntryLines,
): Promise<void> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const lines = new LineSplitter((line) => {
    entryLines.take(line);
  });
  stdout.on('data', (chunk: Buffer) => {
    output.write(chunk);
  });
  stderr.on('data', (chunk: Buffer) => {
    lines.write(chunk);
  });
  const modem = container.modem as Docker['modem'];
  modem.demuxStream(stream, stdout, stderr);
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', reject);
  });
  stdout.end();
  stderr.end();
  await Promise.all([finished(stdout), finished(stderr)]);
  lines.end();
}

/** How a container ended; undefined if it is gone. */
async function stateOf(container: Docker.Container): Promise<{ OOMKilled: boolean } | undefined> {
  try {
    return (await container.inspect()).State;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

const lost = (title: string, exitCode: number) =>
  new KbuildError(
    'ENGINE_CONTAINER_LOST',
    `the container of ${title} was ended from outside before its script had ended (exit ${exitCode})`,
    "Something stopped or removed it: 'docker kill', 'docker system prune', the engine itself, the machine's lack of memory. Run the command again; what was built is taken from the cache.",
  );

/** Kills and removes; one that is gone already, or on its way, is as good. */
async function removeContainer(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode !== 404 && statusCode !== 409) throw error;
  }
}
