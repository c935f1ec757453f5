import { execa } from 'execa';
import { throwIfInterrupted } from '../errors/kbuild-error.js';
import { ConsoleLines } from './console-line.js';

export interface QemuHooks {
  /** Each line of the guest's console. */
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** A guest that runs. */
export interface RunningGuest {
  /** Ends it at once, as pulling its plug would. */
  kill: () => void;
  /** Fulfilled when it has ended. */
  ended: Promise<QemuEnd>;
}

/** How QEMU ended. */
export interface QemuEnd {
  exitCode: number | undefined;
  /** What QEMU itself said. */
  said: string;
}

/** Starts QEMU on this machine. */
export function startQemu(
  program: string,
  args: readonly string[],
  hooks: QemuHooks,
): RunningGuest {
  throwIfInterrupted(hooks.signal);
  const child = execa(program, args, {
    reject: false,
    buffer: { stdout: false, stderr: true },
    encoding: 'utf8',
    stdin: 'ignore',
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '' },
  });
  const lines = new ConsoleLines(hooks.onLine);
  child.stdout.on('data', (chunk: Buffer | string) => {
    lines.write(Buffer.from(chunk));
  });
  const kill = () => child.kill('SIGKILL');
  hooks.signal.addEventListener('abort', kill);
  const ended = (async () => {
    try {
      const { exitCode, stderr } = await child;
      lines.end();
      return { exitCode, said: stderr };
    } finally {
      hooks.signal.removeEventListener('abort', kill);
    }
  })();
  return { kill, ended };
}
