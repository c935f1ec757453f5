import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '../../src/events/event.js';
import { suiteByName } from '../../src/kernel/suite.js';
import { makeDirectoryAtomic } from '../../src/storage/atomic.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { withLock } from '../../src/storage/lock.js';
import { withSession } from '../../src/workflow/session.js';
import { examples } from './cli.js';

/**
 * Whole kernels for end-to-end tests, where a distribution's headers do not do: with a signing key,
 * and bootable. They take minutes to make, and are kept in the cache.
 */

export type SourceArch = 'arm64' | 'x86_64';

/** The version of Debian's package of the source. */
export const version = '6.1';

/** Fetches the package of the source into /fetch, with directories of apt's own: no root needed. */
const fetchScript = `set -eu
mkdir -p /fetch/apt/lists/partial /fetch/apt/cache/archives/partial && : > /fetch/apt/status
cat > /fetch/apt/apt.conf <<END
Dir::State "/fetch/apt"; Dir::State::lists "/fetch/apt/lists"; Dir::State::status "/fetch/apt/status";
Dir::Cache "/fetch/apt/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
Dir::Log "/fetch/apt"; APT::Sandbox::User ""; Acquire::Languages "none";
END
export APT_CONFIG=/fetch/apt/apt.conf
apt-get -q -o APT::Update::Error-Mode=any update >&2
mkdir /fetch/deb && cd /fetch/deb
apt-get -q download linux-source-${version} >&2
dpkg-deb -x /fetch/deb/*.deb /fetch/root`;

const { signal } = new AbortController();
const kernels = (): string => join(cacheDirectory(), 'test-kernels');

/** A name for what is made by this recipe. */
export function named(name: string, recipe: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
  return join(kernels(), `${name}-${hash.slice(0, 12)}`);
}

/** Makes a directory, unless it is there; runs of several processes wait for each other. */
export async function makeOnce(
  directory: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  if (existsSync(directory)) return;
  await withLock(`${directory}.lock`, signal, async () => {
    if (!existsSync(directory)) await makeDirectoryAtomic(directory, fill);
  });
}

/** Debian's source of Linux 6.1, packed as it comes. */
export async function sourceTarball(): Promise<string> {
  const suite = suiteByName('bookworm');
  const directory = named(`source-${version}`, [suite.name, fetchScript]);
  const tarball = `linux-source-${version}.tar.xz`;
  await makeOnce(directory, async (temporary) => {
    const options = { cache: cacheDirectory(), runtime: 'docker' as const, signal };
    const onLine = progress('fetch');
    await withSession({ ...options, emit: () => undefined }, async ({ scratch, provider }) => {
      const work = join(scratch, 'linux-source');
      await mkdir(work);
      const outcome = await provider.runInSuite(suite, {
        title: `linux-source-${version}`,
        script: fetchScript,
        mounts: [{ source: work, target: '/fetch', writable: true }],
        onLine,
      });
      if (outcome.exitCode !== 0) throw new Error(`linux-source-${version} cannot be fetched`);
      await rename(join(work, 'root/usr/src', tarball), join(temporary, tarball));
    });
  });
  return join(directory, tarball);
}

/**
 * A description of a kernel, as `--kernel source:<file>` takes it: Linux 6.1 with the fragments of
 * examples/kernels/.
 */
export async function describedKernel(
  arch: SourceArch,
  toolchain: string,
  more: { fragments?: string[]; files?: Record<string, string> } = {},
): Promise<string> {
  const fragments = ['tiny', `tiny-${arch}`].map((name) =>
    join(examples, `kernels/${name}.config`),
  );
  const description = {
    source: await sourceTarball(),
    arch,
    toolchain,
    config: 'allnoconfig',
    ...more,
    fragments: [...fragments, ...(more.fragments ?? [])],
    localversion: '-tiny',
  };
  const text = JSON.stringify(description);
  const file = `${named(`${arch}-${toolchain}`, text)}.json`;
  if (!existsSync(file)) await writeFile(file, text);
  return file;
}

/** Prints a line every few seconds, so that a person sees that it goes on. */
function progress(what: string): (line: string) => void {
  let last = 0;
  return (line) => {
    if (performance.now() - last < 3000) return;
    last = performance.now();
    process.stderr.write(`[source-kernel ${what}] ${line.slice(0, 100)}\n`);
  };
}

export function reporter(): (event: Event) => void {
  const onLine = progress('make');
  return (event) => {
    if (event.type === 'prepare-line') onLine(event.line);
  };
}
