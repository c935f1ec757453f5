import { execa } from 'execa';
import { throwIfInterrupted } from '../errors/kbuild-error.js';
import type { Mount, Runtime } from '../runtime/port.js';
import { shellQuote } from '../runtime/shell.js';
import { ConsoleLines } from './console-line.js';
import type { QemuProgram } from './qemu-program.js';

/** How a guest is followed. */
export interface GuestHooks {
  /** Each line of its console. */
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
  /** Undefined if it was killed. */
  exitCode: number | undefined;
  /** What QEMU itself said. */
  said: string;
}

/** What a guest boots from: files of this machine. */
export interface GuestFiles {
  kernel: string;
  initramfs: string;
}

/** A QEMU, wherever it is. */
export interface Qemu {
  program: string;
  /** As it says itself; undefined where it is not asked. */
  version: () => Promise<string | undefined>;
  /** Whether it may get at this machine's /dev/kvm: no container does. */
  mayUseKvm: boolean;
  /**
   * Starts a guest, whose standard output is its console.
   * @param argumentsFor QEMU's arguments, given where the files lie for it
   * @param memoryBytes what it may hold, QEMU included
   */
  start(
    files: GuestFiles,
    argumentsFor: (files: GuestFiles) => string[],
    memoryBytes: number,
    hooks: GuestHooks,
  ): RunningGuest;
}

/** Makes a QEMU ready: this machine's, or that of an image. */
export async function openQemu(found: QemuProgram, runtime: () => Promise<Runtime>): Promise<Qemu> {
  if (found.kind === 'host') return hostQemu(found.program);
  return imageQemu(found.program, found.image.id, await runtime());
}

/** The version that a QEMU of this machine gives. */
export async function qemuVersion(program: string): Promise<string | undefined> {
  const { stdout } = await execa(program, ['--version'], { reject: false });
  return /version (\S+)/.exec(stdout)?.[1];
}

const hostQemu = (program: string): Qemu => ({
  program,
  version: () => qemuVersion(program),
  mayUseKvm: true,
  start(files, argumentsFor, _, { onLine, signal }) {
    throwIfInterrupted(signal); // nobody would tell it any more
    const child = execa(program, argumentsFor(files), {
      reject: false,
      buffer: { stdout: false, stderr: true },
      stdin: 'ignore',
      extendEnv: false,
      env: { PATH: process.env.PATH ?? '' },
    });
    const lines = new ConsoleLines(onLine);
    child.stdout.on('data', (chunk: Buffer) => {
      lines.write(chunk);
    });
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', kill);
    const ended = (async () => {
      const { exitCode, stderr } = await child;
      signal.removeEventListener('abort', kill);
      lines.end();
      return { exitCode, said: stderr };
    })();
    return { kill, ended };
  },
});

/** What QEMU itself holds, besides its guest's memory. Bytes. */
const overhead = 2 ** 29;

/** A guest has its own limits; this is for one that nobody looks after any more. Milliseconds. */
const longest = 24 * 60 * 60 * 1000;

const imageQemu = (program: string, image: string, runtime: Runtime): Qemu => ({
  program,
  version: () => Promise.resolve(undefined),
  mayUseKvm: false,
  start(files, argumentsFor, memoryBytes, { onLine, signal }) {
    const inside = { kernel: '/guest/kernel', initramfs: '/guest/initramfs' };
    const mounts: Mount[] = (['kernel', 'initramfs'] as const).map((name) => ({
      source: files[name],
      target: inside[name],
    }));
    const words = [program, ...argumentsFor(inside)].map(shellQuote).join(' ');
    const stop = new AbortController();
    const said: string[] = [];
    const ended = (async (): Promise<QemuEnd> => {
      try {
        const { exitCode } = await runtime.run(
          {
            image,
            script: `exec ${words} >&2`, // its lines come one by one
            env: {},
            mounts,
            profile: 'build',
            memoryBytes: memoryBytes + overhead,
            diskBytes: 2 ** 26,
            timeoutMs: longest,
            title: 'a virtual machine',
          },
          {
            onLine: (line) => {
              said.splice(0, said.length - 4, line);
              onLine(line.replaceAll('\r', ''));
            },
            signal: AbortSignal.any([signal, stop.signal]),
          },
        );
        return { exitCode, said: said.join('\n') };
      } catch (error) {
        if (stop.signal.aborted && !signal.aborted) return { exitCode: undefined, said: '' };
        throw error;
      }
    })();
    ended.catch(() => undefined); // awaited by whoever started it
    return {
      kill: () => {
        stop.abort();
      },
      ended,
    };
  },
});
