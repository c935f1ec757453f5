import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A task (a process, or a thread of one) that has ended, as the kernel's taskstats tell of it. */
export interface EndedTask {
  /** What it ran last: the first 15 bytes of the program's name. */
  program: string;
  uid: number;
  parent: number;
  /** The process that it was of. */
  process: number;
  /**
   * Seconds on a CPU, to the nanosecond, whatever the kernel's tick is. What its end itself takes, to
   * give back its memory above all, comes after the report and is not in it.
   */
  seconds: number;
}

const listener = fileURLToPath(new URL('listen.pl', import.meta.url));

/**
 * Notes every task of the machine that ends, until it is stopped. Root's alone, and not to be had in
 * a PID namespace: then it says so.
 */
export async function listenToEnds(): Promise<{ stop: () => Promise<EndedTask[]> }> {
  const file = join(tmpdir(), `kbuild-ts-bench-${randomUUID()}.taskstats`);
  const child = execa('perl', [listener, file, `0-${cpus().length - 1}`], { stdin: 'ignore' });
  child.catch(() => undefined); // awaited below
  const ready = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  if (!ready) await child; // it says why
  return {
    stop: async () => {
      child.kill('SIGTERM');
      try {
        await child;
        return parseTaskstats(await readFile(file));
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** include/uapi/linux/taskstats.h: TASKSTATS_TYPE_AGGR_PID, TASKSTATS_TYPE_STATS. */
const [AGGR_PID, STATS] = [4, 3];

/** Messages of generic netlink, as they came; those that sum up a process's threads are left out. */
function parseTaskstats(bytes: Buffer): EndedTask[] {
  const tasks: EndedTask[] = [];
  for (const message of parts(bytes, 0, (at) => bytes.readUInt32LE(at))) {
    const outer = attributes(bytes, message.start + 20, message.end);
    for (const { type, start, end } of outer.filter(({ type }) => type === AGGR_PID)) {
      if (type !== AGGR_PID) continue;
      const stats = attributes(bytes, start, end).find((one) => one.type === STATS);
      if (stats !== undefined) tasks.push(endedTask(bytes.subarray(stats.start, stats.end)));
    }
  }
  return tasks;
}

/** struct taskstats, version 12 or later: fields are only ever added behind the others. */
function endedTask(stats: Buffer): EndedTask {
  const version = stats.readUInt16LE(0);
  if (version < 12) throw new Error(`taskstats of version ${version} tell of no process: 12 do`);
  return {
    seconds: Number(stats.readBigUInt64LE(72)) / 1e9, // cpu_run_virtual_total
    program: stats.toString('latin1', 80, 112).replace(/\0.*$/s, ''),
    uid: stats.readUInt32LE(120),
    parent: stats.readUInt32LE(132),
    process: stats.readUInt32LE(368), // ac_tgid
  };
}

interface Part {
  start: number;
  end: number;
}

function attributes(bytes: Buffer, start: number, end: number): (Part & { type: number })[] {
  return [...parts(bytes.subarray(0, end), start, (at) => bytes.readUInt16LE(at))].map((part) => ({
    start: part.start + 4,
    end: part.end,
    type: bytes.readUInt16LE(part.start + 2),
  }));
}

/** Of both messages and attributes, the length comes first, and the next begins at a multiple of 4. */
function* parts(bytes: Buffer, from: number, lengthAt: (at: number) => number): Generator<Part> {
  for (let at = from; at + 4 <= bytes.length;) {
    const length = lengthAt(at);
    if (length < 4) throw new Error(`no message of netlink at ${at}`);
    yield { start: at, end: at + length };
    at += (length + 3) & ~3;
  }
}
