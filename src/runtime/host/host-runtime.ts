import { setMaxListeners } from 'node:events';
import { execa } from 'execa';
import { throwIfInterrupted } from '../../errors/kbuild-error.js';
import { BoundedOutput } from '../bounded-output.js';
import { LineSplitter } from '../line-splitter.js';
import type { RunHooks, RunOutcome, RunSpec, Runtime } from '../port.js';
import { startTimeLimit } from '../time-limit.js';

/**
 * Runs scripts on this machine, with its own compilers and without isolation: for a trusted
 * source on a machine without an engine. Its paths are the host's, so it takes no mounts.
 */
export class HostRuntime implements Runtime {
  readonly kind = 'host';

  close(): Promise<void> {
    return Promise.resolve();
  }

  async run(spec: RunSpec, hooks: RunHooks): Promise<RunOutcome> {
    throwIfInterrupted(hooks.signal);
    await hooks.gate?.();
    throwIfInterrupted(hooks.signal);
    const lines = new LineSplitter(hooks.onLine);
    const end = { timedOut: false };
    const child = execa('sh', ['-c', spec.script], {
      // Nothing of the caller's environment but where its programs are: no secret, no surprise.
      env: { PATH: process.env.PATH ?? '', ...spec.env },
      extendEnv: false,
      reject: false,
      buffer: false,
      encoding: 'buffer',
      stdin: 'ignore',
      // A process group of its own, so that make's children end with it.
      detached: true,
    });
    child.stderr.on('data', (chunk: Buffer) => {
      lines.write(chunk);
    });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group has ended already.
      }
    };
    const stdout = new BoundedOutput(spec.diskBytes, kill);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.write(chunk);
    });
    const timer = startTimeLimit(spec.timeoutMs, () => {
      end.timedOut = true;
      kill();
    });
    setMaxListeners(0, hooks.signal); // many runs at once listen to the same signal
    hooks.signal.addEventListener('abort', kill);
    try {
      hooks.onStart?.();
      const { exitCode } = await child;
      lines.end();
      throwIfInterrupted(hooks.signal);
      const result = { exitCode: exitCode ?? 137, stdout: stdout.toBuffer() };
      if (stdout.exceeded) return { end: 'too-much-output', ...result };
      return { end: end.timedOut ? 'timeout' : 'exited', ...result };
    } catch (error) {
      kill();
      await child;
      throw error;
    } finally {
      clearTimeout(timer);
      hooks.signal.removeEventListener('abort', kill);
    }
  }
}
