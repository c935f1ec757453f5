import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { matchesGlob } from '../kernel/glob.js';
import { readRecord, type FetchedKernel } from '../kernel/providers/fetched-kernel.js';
import { removeWhole } from '../storage/atomic.js';
import { otherRuns } from '../storage/run-directory.js';
import { diskUsage } from '../storage/disk-usage.js';

/** What is to go. */
export interface PruneRequest {
  /** Globs of what goes whatever its age: `debian:bookworm/*`, `layers/*`. */
  refs: string[];
  /** Kernels that nothing has used for so long go too. Milliseconds. */
  unusedFor: number;
  /** Tell what would go, and remove nothing. */
  dryRun: boolean;
}

/** A thing that goes, or would. */
export interface Pruned {
  kind: 'kernel' | 'package' | 'source' | 'layer';
  /** A kernel's reference; else the path of its directory in the cache. */
  name: string;
  /** Bytes on disk. */
  size: number;
}

interface Candidate extends Omit<Pruned, 'size'> {
  path: string;
}

/**
 * Removes kernels that are named or unused, then packages that no kernel needs any more.
 * @throws KbuildError CACHE_IN_USE while another run may be using them
 */
export async function prune(
  request: PruneRequest,
  { cache, scratch }: { cache: string; scratch: string },
): Promise<Pruned[]> {
  const running = await otherRuns(cache, scratch);
  if (running.length > 0 && !request.dryRun) throw inUse(running);
  const isOld = (path: string) => Date.now() - statSync(path).mtimeMs > request.unusedFor;
  const isNamed = (name: string) => request.refs.some((glob) => matchesGlob(name, glob));
  const records = fetchedRecords(cache);
  const leaving = records.filter(({ ref, path }) => isNamed(ref) || isOld(path));
  const packagesOf = (kernels: typeof records) =>
    new Set(kernels.flatMap(({ kernel }) => kernel.packages.map(({ directory }) => directory)));
  const needed = packagesOf(records.filter((record) => !leaving.includes(record)));
  const orphaned = packagesOf(leaving);
  const rest = ({ name, path }: { name: string; path: string }) =>
    isLeftover(path) || isNamed(name) || isOld(path);
  const candidates: Candidate[] = [
    ...leaving.map(({ ref, path }) => ({ kind: 'kernel' as const, name: ref, path })),
    ...directoriesIn(cache, 'packages')
      .filter(
        ({ path }) =>
          isLeftover(path) || (!needed.has(path) && (orphaned.has(path) || isOld(path))),
      )
      .map((directory) => ({ kind: 'package' as const, ...directory })),
    ...directoriesIn(cache, 'layers')
      .filter(rest)
      .map((directory) => ({ kind: 'layer' as const, ...directory })),
    ...[...directoriesIn(cache, 'kernels/source'), ...directoriesIn(cache, 'sources')]
      .filter(rest)
      .map((directory) => ({ kind: 'source' as const, ...directory })),
  ];
  const pruned: Pruned[] = [];
  for (const { kind, name, path } of candidates) {
    const size = await diskUsage(path);
    if (!request.dryRun) await removeWhole(path);
    pruned.push({ kind, name, size });
  }
  return pruned;
}

/** What a killed run had not finished: no other runs now. */
const isLeftover = (path: string): boolean => basename(path).startsWith('.');

/** Every record of a fetched kernel, with the reference that names it. */
function fetchedRecords(cache: string) {
  const root = join(cache, 'kernels');
  const records: { ref: string; path: string; kernel: FetchedKernel }[] = [];
  for (const distribution of namesIn(root)) {
    if (distribution === 'source') continue;
    for (const name of namesIn(join(root, distribution))) {
      const directory = join(root, distribution, name);
      for (const file of namesIn(directory).filter((entry) => entry.endsWith('.json'))) {
        const path = join(directory, file);
        const kernel = readRecord(path);
        if (kernel !== undefined) records.push({ ref: kernel.ref, path, kernel });
      }
    }
  }
  return records;
}

const namesIn = (directory: string): string[] =>
  existsSync(directory) ? readdirSync(directory).sort() : [];

function directoriesIn(cache: string, below: string): { name: string; path: string }[] {
  const root = join(cache, below);
  return namesIn(root)
    .map((name) => ({ name: relative(cache, join(root, name)), path: join(root, name) }))
    .filter(({ path }) => statSync(path).isDirectory());
}

function inUse(running: readonly number[]): KbuildError {
  return new KbuildError(
    'CACHE_IN_USE',
    `another kbuild-ts is running (PID ${running.join(', ')}), and may need what would be removed`,
    'Wait until it has ended, then run it again; --dry-run shows what would go.',
  );
}
