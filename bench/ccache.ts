import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { shellJoin } from '../src/runtime/shell.js';
import type { Bench, Measured } from './group.js';
import { sampleOf, takeTurns, timed } from './measure.js';
import { formatTable } from './row.js';
import { writeTwentyFiles } from './twenty-files.js';

/** A job as `plan --json` tells of it. */
interface Job {
  release: string;
  make: string[];
  reproduce: string;
}

/** How a build went in ccache's eyes: what it was asked to compile, and what it had. */
interface Hits {
  /** Sources of the module. */
  asked: number;
  hits: number;
  /** Kbuild's questions to the compiler, which compile nothing: /dev/null, standard input. */
  probes: number;
  probeHits: number;
}

/**
 * What ccache would give: bare containers with and without it, for two flavours of one kernel. The
 * second flavour finds in the cache what the first has left, and so does the first, built again.
 */
export async function ccacheRows({ bin, runs, workplace }: Bench): Promise<Measured> {
  const { amd64, cloudAmd64 } = await workplace.kernels();
  const env = await workplace.cache('ccache-plan');
  const project = join(workplace.directory, 'twenty-ccache');
  await writeTwentyFiles(project);
  const withCcache = ['toolchain', 'build', 'gcc-12', '--build-dep', 'ccache', '--json'];
  const made = (await execa('node', [bin, ...withCcache], { env })).stdout;
  const [{ id: image }] = (JSON.parse(made) as { images: [{ id: string }] }).images;
  const jobOf = async (ref: string): Promise<Job> => {
    const { stdout } = await execa('node', [bin, 'plan', project, '--kernel', ref, '--json'], {
      env,
    });
    return (JSON.parse(stdout) as { jobs: Job[] }).jobs[0]!;
  };
  const [first, second] = [await jobOf(amd64), await jobOf(cloudAmd64)];
  const store = join(workplace.directory, 'ccache');
  const empty = async () => {
    await rm(store, { recursive: true, force: true });
    await mkdir(store);
    await chmod(store, 0o777);
  };
  const hits = new Map<string, Hits>();
  const build = (name: string, job: Job, cached: boolean) => ({
    name,
    run: async () => {
      const log = join(store, 'asked.log');
      await rm(log, { force: true });
      const seconds = await timed({ name, command: bareBuild(job, image, cached ? store : '') });
      if (cached) hits.set(name, readLog(await readFile(log, 'utf8')));
      return seconds;
    },
  });
  await empty();
  // In this order: what each finds in the cache is what the one before it has left.
  const turns = [
    build(`${first.release} without ccache`, first, false),
    build(`${second.release} without ccache`, second, false),
    build(`${first.release}, ccache empty`, first, true),
    build(`${second.release}, ccache has the first`, second, true),
    { ...build(`${first.release} again, ccache has it`, first, true), reset: empty },
  ];
  const samples = (await takeTurns(turns, { runs })).map((seconds, i) =>
    sampleOf(turns[i]!.name, seconds),
  );
  const [firstBare, secondBare, cold, other, again] = samples;
  const row = (measured = cold!, baseline = firstBare!) => ({
    what: `ccache: ${measured.name}`,
    against: baseline.name,
    measured,
    baseline,
    goal: 'shown' as const,
  });
  return {
    rows: [row(cold, firstBare), row(other, secondBare), row(other, cold), row(again, firstBare)],
    notes: [describeHits(hits)],
  };
}

function describeHits(hits: ReadonlyMap<string, Hits>): string {
  const lines = [...hits].map(([name, { asked, hits: found, probes, probeHits }]) => [
    name,
    `${found} of ${asked}`,
    `${probeHits} of ${probes}`,
  ]);
  return formatTable(['ccache, a module of 20 files', 'hits of sources', 'hits of probes'], lines);
}

/** The bare compile of a job, with a cache below `store` if there is one. */
function bareBuild(job: Job, image: string, store: string): [string, ...string[]] {
  const options = job.reproduce.slice(0, job.reproduce.indexOf(" sh -c '"));
  const run = options.slice(0, options.lastIndexOf(' '));
  const make = job.make.map((word) =>
    store !== '' && word.startsWith('CC=') ? `CC=ccache ${word.slice(3)}` : word,
  );
  const [program = 'make', ...rest] = make;
  const script = `cp -R /src/. /build && ${shellJoin([program, '-j2', ...rest])}`;
  const mount = `--mount type=bind,source=${store},target=/ccache -e CCACHE_DIR=/ccache -e CCACHE_STATSLOG=/ccache/asked.log`;
  return [
    'sh',
    '-c',
    `${run}${store === '' ? '' : ` ${mount}`} ${image} ${shellJoin(['sh', '-c', script])}`,
  ];
}

/** ccache's statslog: `# <what it was asked to compile>`, then a line for each counter that went up. */
function readLog(text: string): Hits {
  const result: Hits = { asked: 0, hits: 0, probes: 0, probeHits: 0 };
  for (const entry of text.split(/^# /m).slice(1)) {
    const [input = '', ...counters] = entry.trim().split('\n');
    const hit = counters.some((counter) => /^(direct|preprocessed)_cache_hit$/.test(counter));
    if (/^(\.\/|\/build\/).*\.c$/.test(input) || /^[^/].*\.c$/.test(input)) {
      result.asked++;
      if (hit) result.hits++;
    } else {
      result.probes++;
      if (hit) result.probeHits++;
    }
  }
  return result;
}
