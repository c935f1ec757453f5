import { readFile, readdir } from 'node:fs/promises';
import { execa } from 'execa';
import { buildUser } from '../../src/runtime/isolation.js';
import type { Contestant } from '../measure.js';
import { listenToEnds, type EndedTask } from './ended-tasks.js';
import { isCompiler, isEngine } from './programs.js';

/** Where CPU time went while a command ran. Seconds, of all cores together. */
export interface CpuUse {
  wall: number;
  /** The programs of the toolchain and of Kbuild, in containers. */
  compilers: number;
  /** All that ran in containers. */
  containers: number;
  /** The command itself, and what it waited for on this machine: kbuild-ts. */
  own: number;
  /** Docker: dockerd, containerd, their helpers. */
  engine: number;
  /** All that the machine did, the kernel's own threads included. */
  machine: number;
  /** What was counted of each program in builds, until it ended, and how many there were. */
  programs: Map<string, { seconds: number; tasks: number }>;
}

/**
 * Runs a build and tells where the CPU time went, of a machine on which nothing else happens.
 *
 * What containers use in all is counted by their control group, exactly. Who used it is told by the
 * kernel's taskstats: the time of each task on a CPU, to the nanosecond. They are sent before a task
 * gives back its memory, so their sum is some 15 % less than the group's: the compilers' share of
 * them is taken of the group's total. A sampling profiler (perf, which sees a task to its very end)
 * gives the same within 1 %. BSD process accounting does not: it cuts off what is below 10 ms of
 * each process, of user and system time each, and sees little more than half of a small build.
 */
export async function measureCpu({ command, env = {} }: Contestant): Promise<CpuUse> {
  const before = await counters();
  const ends = await listenToEnds();
  const start = performance.now();
  let tasks: EndedTask[] = [];
  let own: number;
  let wall: number;
  try {
    // The shell's `time` counts the command and all that it waited for.
    const script = 'TIMEFORMAT="%U %S"; time "$@"';
    const options = { stdin: 'ignore', maxBuffer: 2 ** 28, env } as const;
    const { stderr } = await execa('bash', ['-c', script, 'bash', ...command], options);
    wall = (performance.now() - start) / 1000;
    const [user = NaN, system = NaN] = (stderr.split('\n').at(-1) ?? '').split(' ').map(Number);
    own = user + system;
  } finally {
    tasks = await ends.stop();
  }
  const after = await counters();
  const programs: CpuUse['programs'] = new Map();
  const sums = { builds: 0, compilers: 0, helpers: 0 };
  for (const { program, uid, seconds } of tasks) {
    if (!isBuildUser(uid)) {
      if (isEngine(program)) sums.helpers += seconds;
      continue;
    }
    const known = programs.get(program) ?? { seconds: 0, tasks: 0 };
    programs.set(program, { seconds: known.seconds + seconds, tasks: known.tasks + 1 });
    sums.builds += seconds;
    if (isCompiler(program)) sums.compilers += seconds;
  }
  const containers = after.containers - before.containers;
  return {
    wall,
    compilers: (containers * sums.compilers) / sums.builds,
    containers,
    own,
    engine: after.daemons - before.daemons + sums.helpers,
    machine: after.machine - before.machine,
    programs,
  };
}

/** Builds run as users that nobody else has: the first of them, up to `nobody`. */
const isBuildUser = (uid: number): boolean => uid >= Number(buildUser.split(':')[0]) && uid < 65534;

async function counters(): Promise<{ containers: number; daemons: number; machine: number }> {
  return {
    containers: await containersCpu(),
    daemons: await daemonsCpu(),
    machine: await machineCpu(),
  };
}

/**
 * The group in which Docker's cgroupfs driver keeps all containers: it counts on when they have gone.
 * Version 1 (nanoseconds) and version 2 (microseconds).
 */
async function containersCpu(): Promise<number> {
  for (const controller of ['cpuacct', 'cpu,cpuacct']) {
    const usage = await text(`/sys/fs/cgroup/${controller}/docker/cpuacct.usage`);
    if (usage !== undefined) return Number(usage) / 1e9;
  }
  const stat = await text('/sys/fs/cgroup/docker/cpu.stat');
  const usage = /^usage_usec (\d+)$/m.exec(stat ?? '')?.[1];
  if (usage !== undefined) return Number(usage) / 1e6;
  throw new Error(
    'containers have no control group of their own here: run dockerd with --exec-opt native.cgroupdriver=cgroupfs, and one container once',
  );
}

/** The kernel's unit in /proc: sysconf(_SC_CLK_TCK). */
const ticks = 100;

/** What the daemons of all engines have used since they began. */
async function daemonsCpu(): Promise<number> {
  let sum = 0;
  for (const pid of await readdir('/proc')) {
    const stat = /^\d+$/.test(pid) ? await text(`/proc/${pid}/stat`) : undefined;
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)/s.exec(stat ?? '') ?? [];
    if (name !== 'dockerd' && name !== 'containerd') continue;
    const fields = rest.split(' '); // from the third on: proc(5)
    sum += (Number(fields[11]) + Number(fields[12])) / ticks;
  }
  return sum;
}

async function machineCpu(): Promise<number> {
  const [, user, nice, system, , , irq, softirq] = ((await text('/proc/stat')) ?? '').split(/\s+/);
  return [user, nice, system, irq, softirq].reduce((sum, n) => sum + Number(n), 0) / ticks;
}

const text = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(() => undefined);
