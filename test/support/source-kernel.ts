import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { archByName } from '../../src/arch/arch.js';
import { suiteByName } from '../../src/kernel/suite.js';
import { findEngine } from '../../src/runtime/docker/connect.js';
import { labels } from '../../src/runtime/docker/labels.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { currentOwner, formatOwner } from '../../src/storage/owner.js';
import { makeVariables, toolchainByName } from '../../src/toolchain/toolchain.js';
import { withSession, type Session } from '../../src/workflow/session.js';
import { buildScript, fetchScript, unpackScript, version } from './source-kernel-scripts.js';

/**
 * A whole kernel for end-to-end tests, where a distribution's headers do not do: built with
 * Clang, with `O=`, with a signing key, and bootable. It takes minutes to make and is kept.
 */

type SourceArch = 'arm64' | 'x86_64';

const suite = suiteByName('bookworm');
const toolchain = toolchainByName('clang-14');
const bootImages = { arm64: 'Image', x86_64: 'bzImage' } satisfies Record<SourceArch, string>;

/** Written into a directory when it is complete; one without it is what a killed run left. */
const stamp = '.kbuild-ts-complete';

/**
 * KDIR of Linux 6.1 built with Clang 14 and a tiny configuration; made once and kept in the cache.
 * It takes minutes the first time: give the test or the hook that calls it a timeout to match.
 * Runs of several processes wait for each other.
 */
export async function sourceKernel(arch: SourceArch): Promise<string> {
  const kernels = join(cacheDirectory(), 'test-kernels');
  const source = named(`linux-source-${version}`, kernels, [suite.name, fetchScript, unpackScript]);
  const config = ['tiny', `tiny-${arch}`]
    .map((name) => readFileSync(new URL(`${name}.config`, import.meta.url), 'utf8'))
    .join('\n');
  // What `O=` writes is full of absolute paths, and its tools run on this machine: both count.
  const variables = Object.entries(makeVariables(toolchain, archByName(arch)));
  const args = [bootImages[arch], ...variables.map(([name, value]) => `${name}=${value}`)];
  const recipe = [source, process.arch, toolchain.name, buildScript, args, config];
  const kdir = named(`linux-${version}-${arch}`, kernels, recipe);
  if (isComplete(source) && isComplete(kdir)) return kdir;

  await mkdir(kernels, { recursive: true });
  await withLock(join(kernels, 'lock'), () =>
    withSession(sessionOptions(), async (session) => {
      await makeOnce(source, session, (onLine) => unpackSource(source, session, onLine));
      await makeOnce(kdir, session, async (onLine) => {
        await writeFile(join(kdir, 'tiny.config'), config);
        await runOffline(session, buildScript, {
          mounts: [source],
          writable: kdir,
          args: [source, kdir, ...args],
          onLine,
        });
      });
    }),
  );
  return kdir;
}

/** A directory whose name holds a hash over all that it is made from. */
function named(name: string, parent: string, recipe: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
  return join(parent, `${name}-${hash.slice(0, 12)}`);
}

const isComplete = (directory: string): boolean => existsSync(join(directory, stamp));

function sessionOptions() {
  const onLine = progress('prepare');
  return {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    signal: new AbortController().signal,
    emit: (event: Parameters<Session['emit']>[0]) => {
      if (event.type === 'prepare-line') onLine(event.line);
    },
  };
}

/** Fills a directory at its final path, unless that is done. */
async function makeOnce(
  directory: string,
  session: Session,
  fill: (onLine: (line: string) => void) => Promise<void>,
): Promise<void> {
  if (isComplete(directory)) return;
  const onLine = progress(directory);
  const start = performance.now();
  await session.runtime(); // ends a container of a killed run that still writes there
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  await chmod(directory, 0o755); // whatever the umask: builds of modules run as another user
  await fill(onLine);
  await writeFile(join(directory, stamp), '');
  report(directory, `ready after ${Math.round((performance.now() - start) / 1000)} s`);
}

async function unpackSource(
  source: string,
  session: Session,
  onLine: (line: string) => void,
): Promise<void> {
  const work = join(session.scratch, 'linux-source');
  await mkdir(work);
  const tail = new Tail(onLine);
  const outcome = await session.provider.runInSuite(suite, {
    title: `linux-source-${version}`,
    script: fetchScript,
    mounts: [{ source: work, target: '/fetch', writable: true }],
    onLine: tail.add,
  });
  if (outcome.end !== 'exited' || outcome.exitCode !== 0) {
    throw new Error(`linux-source-${version} could not be fetched:\n${tail.text()}`);
  }
  await runOffline(session, unpackScript, {
    mounts: [work],
    writable: source,
    args: [work, source],
    onLine,
  });
  await rm(work, { recursive: true });
}

interface OfflineRun {
  /** Directories that the container sees at the same path, read-only. */
  mounts: string[];
  /** One that it may write. */
  writable: string;
  args: string[];
  onLine: (line: string) => void;
}

/**
 * Runs a script in the toolchain's image without a network, as the caller's user, so that the
 * files are the caller's. (The runtime's own profiles have a network or another user.)
 */
async function runOffline(session: Session, script: string, run: OfflineRun): Promise<void> {
  const { id } = await session.toolchainImage(toolchain);
  const tail = new Tail(run.onLine);
  const options = [
    ['--rm', '--init', '--network=none', '--tmpfs=/tmp:exec', '--env=HOME=/tmp'],
    ['--ulimit=nofile=1024', `--user=${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    // If this process is killed, the next session removes the container.
    [`--label=${labels.owner}=${formatOwner(currentOwner())}`],
    run.mounts.map((path) => `--mount=type=bind,source=${path},target=${path},readonly`),
    [`--mount=type=bind,source=${run.writable},target=${run.writable}`],
  ].flat();
  const child = execa('docker', ['run', ...options, id, 'sh', '-c', script, 'sh', ...run.args], {
    env: { DOCKER_HOST: findEngine().address },
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
  });
  for await (const line of child.iterable({ from: 'all' })) tail.add(line);
  const { failed, code, exitCode } = await child;
  if (failed) throw new Error(`docker run failed (${code ?? exitCode}):\n${tail.text()}`);
}

/** Passes lines on, and keeps the last ones to explain a failure. */
class Tail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  readonly add = (line: string): void => {
    if (this.#lines.push(line) > 40) this.#lines.shift();
    this.#onLine(line);
  };

  text(): string {
    return this.#lines.join('\n');
  }
}

/**
 * Runs work that no other process may do at the same time. The kernel gives the lock back when
 * flock's child ends, which it does when our end of the pipe is closed: also when we are killed.
 */
async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  const holder = execa('flock', [file, 'sh', '-c', 'echo locked && exec cat']);
  await Promise.race([once(holder.stdout, 'data'), holder]);
  try {
    await work();
  } finally {
    holder.stdin.end();
    await holder;
  }
}

/** Prints a line every few seconds, so that a person sees that it goes on. */
function progress(what: string): (line: string) => void {
  let last = 0;
  return (line) => {
    if (performance.now() - last < 3000) return;
    last = performance.now();
    report(what, line);
  };
}

function report(what: string, line: string): void {
  const name = what.slice(what.lastIndexOf('/') + 1);
  process.stderr.write(`[source-kernel ${name}] ${line.slice(0, 100)}\n`);
}
