import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';

/** How often an engine is asked that has not said how a container ended, whose output is over. Milliseconds. */
const interval = 500;

/** What a process ends with that SIGKILL has ended, as a shell says it. */
const killed = 137;

/**
 * Waits until a container that runs has ended, and its output too. The engine answers to "wait" when the
 * container ends; where the engine itself stops before, dockerode tells nothing of it (docker-modem
 * listens to no error of an answer that has begun), and one would wait for ever. So once the output is
 * over, which ends with the engine too, it is asked as well.
 * @returns the exit code
 * @throws what the engine, or the lack of it, answers
 */
export async function containerEnd(
  container: Docker.Container,
  output: Promise<void>,
): Promise<number> {
  const over = new AbortController();
  const answered = container.wait() as Promise<{ StatusCode: number }>;
  const whole = Promise.all([answered, output]).then(([{ StatusCode }]) => StatusCode);
  const asked = output.then(() => ask(container, over.signal));
  asked.catch(() => undefined); // once it is over nobody asks
  try {
    return await Promise.race([whole, asked]);
  } finally {
    over.abort();
  }
}

async function ask(container: Docker.Container, over: AbortSignal): Promise<number> {
  for (;;) {
    await sleep(interval, undefined, { signal: over });
    try {
      const { Running, ExitCode } = (await container.inspect()).State;
      if (!Running) return ExitCode;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      return killed; // and removed
    }
  }
}
