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

  /** Puts as many in as there is room for: a build may fill its pipe. */
  put(count: number): void {
    if (count <= 0) return;
    try {
      this.#out += writeSync(this.#descriptor, Buffer.alloc(count, token));
    } catch (error) {
      if (!isFullOrEmpty(error)) throw error;
    }
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

  /** Reads what there is; of a build that goes on writing, no more than any pipe can hold. */
  #read(): number {
    const buffer = Buffer.alloc(64 * 1024);
    let count = 0;
    try {
      while (count < mostInPipe) {
        const read = readSync(this.#descriptor, buffer);
        if (read === 0) break;
        count += read;
      }
    } catch (error) {
      if (!isFullOrEmpty(error)) throw error;
    }
    return count;
  }
}

/** A build may make its pipe larger, up to fs.pipe-max-size. Bytes. */
const mostInPipe = 2 ** 21;

const isFullOrEmpty = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'EAGAIN';

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
  if (failed) return undefined;
  const pipes: JobTokens[] = [];
  try {
    for (const path of paths) pipes.push(new JobTokens(path));
    return pipes;
  } catch (error) {
    for (const pipe of pipes) pipe.close();
    if ((error as NodeJS.ErrnoException).code === 'EMFILE') return undefined; // more jobs than files
    throw error;
  }
}
