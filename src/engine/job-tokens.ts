import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A token of GNU make's jobserver: one process more (make's manual, "POSIX Jobserver Interaction"). */
const token = '+'.charCodeAt(0);

/**
 * A named pipe by which one make gets tokens, and gives them back. Each build has its own, and what was
 * put in is counted: one that keeps its tokens, loses them or writes too many harms itself alone.
 */
export class JobTokens {
  readonly #descriptor: number;
  /** How many are out: in the pipe, or with make. */
  #out = 0;

  constructor(readonly path: string) {
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  get out(): number {
    return this.#out;
  }

  put(count: number): void {
    if (count <= 0) return;
    writeSync(this.#descriptor, Buffer.alloc(count, token));
    this.#out += count;
  }

  /** Takes back what lies in the pipe. Gives how many tokens make does not use. */
  takeBack(): number {
    const returned = Math.min(this.#read(), this.#out);
    this.#out -= returned;
    return returned;
  }

  /** After make's end: what it still had is there again. */
  reset(): void {
    this.#read();
    this.#out = 0;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(): number {
    const buffer = Buffer.alloc(64 * 1024); // all that a pipe holds
    try {
      return readSync(this.#descriptor, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0; // it is empty
      throw error;
    }
  }
}

/** Makes pipes of tokens in a new directory; undefined where there are no named pipes. */
export async function makeJobTokens(
  directory: string,
  count: number,
): Promise<JobTokens[] | undefined> {
  // What an engine in a virtual machine shares with its host are files, not pipes.
  if (process.platform !== 'linux') return undefined;
  await mkdir(directory, { recursive: true });
  const paths = Array.from({ length: count }, (_, i) => join(directory, String(i)));
  // Builds run as other users than we.
  const { failed } = await execa('mkfifo', ['-m', '666', ...paths], { reject: false });
  return failed ? undefined : paths.map((path) => new JobTokens(path));
}
