import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { matchesGlob } from '../module/glob.js';
import { readRecord, type FetchedKernel } from '../kernel/providers/fetched-kernel.js';
import { parseKernelRef } from '../kernel/ref.js';
import { repositoryId, type Repository } from '../kernel/repository.js';
import { selects } from '../kernel/selector.js';
import { removeWhole } from '../storage/atomic.js';
import { otherRuns } from '../storage/run-directory.js';
import { diskUsage } from '../storage/disk-usage.js';
import { markGrain, markUsed } from '../storage/mark-used.js';
import type { Session } from './session.js';

/** What is to go. */
export interface PruneRequest {
  /**
   * What goes whatever its age: kernels by reference (`debian:bookworm` means all of that suite), and
   * globs of what else lies in the cache (`layers/*`).
   */
  refs: string[];
  /** Kernels that nothing has used for so long go too; undefined: none does. Milliseconds. */
  unusedFor: number | undefined;
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
 * @throws KbuildError CACHE_IN_USE while another run may be using them, KERNEL_UNKNOWN, KERNEL_REF
 */
export async function prune(request: PruneRequest, session: Session): Promise<Pruned[]> {
  const { cache, scratch } = session;
  const checkUnused = async () => {
    const running = request.dryRun ? [] : await otherRuns(cache, scratch);
    if (running.length > 0) throw inUse(running);
  };
  await checkUnused();
  const pruned: Pruned[] = [];
  for (const { kind, name, path } of candidates(request, session)) {
    const size = await diskUsage(path);
    await checkUnused(); // one may have begun meanwhile
    if (!request.dryRun) await removeWhole(path);
    pruned.push({ kind, name, size });
  }
  return pruned;
}

function candidates(request: PruneRequest, session: Session): Candidate[] {
  const { refs, unusedFor = Infinity, dryRun } = request;
  const { cache, provider } = session;
  const isOld = (path: string) => Date.now() - lastUse(path, dryRun) > unusedFor;
  const selections = refs.map((text) => selectionOf(text, provider.repositories));
  const isNamed = (thing: Named) => selections.some((selection) => selection.matches(thing));
  const records = fetchedRecords(cache);
  const others = ['layers', 'kernels/source', 'sources'].flatMap((below) =>
    directoriesIn(cache, below).map((directory) => ({ below, ...directory })),
  );
  const things: Named[] = [...records.map(({ kernel }) => kernel), ...others];
  const idle = selections.find((selection) => !things.some(selection.matches));
  if (idle !== undefined) throw nothingCalled(idle.text);
  const leaving = records.filter(({ kernel, path }) => isNamed(kernel) || isOld(path));
  const packagesOf = (kernels: typeof records) =>
    new Set(
      kernels.flatMap(({ kernel }) => [
        ...kernel.packages.map(({ directory }) => directory),
        ...(kernel.image ?? []),
      ]),
    );
  const needed = packagesOf(records.filter((record) => !leaving.includes(record)));
  const orphaned = packagesOf(leaving);
  const packages = directoriesIn(cache, 'packages').filter(
    ({ path }) => isLeftover(path) || (!needed.has(path) && (orphaned.has(path) || isOld(path))),
  );
  return [
    ...leaving.map(({ kernel, path }) => ({ kind: 'kernel' as const, name: kernel.ref, path })),
    ...packages.map((directory) => ({ kind: 'package' as const, ...directory })),
    ...others
      .filter((thing) => isLeftover(thing.path) || isNamed(thing) || isOld(thing.path))
      .map(({ below, name, path }) => {
        const kind = below === 'layers' ? ('layer' as const) : ('source' as const);
        return { kind, name, path };
      }),
  ];
}

/** A fetched kernel, or a directory of the cache by its path in it. */
type Named = FetchedKernel | { name: string };

interface Selection {
  text: string;
  matches: (thing: Named) => boolean;
}

function selectionOf(text: string, repositories: readonly Repository[]): Selection {
  if (!text.includes(':')) {
    return { text, matches: (thing) => 'name' in thing && matchesGlob(thing.name, text) };
  }
  const ref = parseKernelRef(text.includes('/') ? text : `${text}/*`, repositories);
  if (ref.provider !== 'repository' || ref.selector.latest) {
    throw new KbuildError(
      'KERNEL_REF',
      `'${text}' does not name fetched kernels`,
      "Write debian:<suite> for all of a suite, a release, a glob or a range: 'debian:bookworm/*-cloud-*'.",
    );
  }
  const { selector } = ref;
  const ids = ref.repositories.map(repositoryId);
  const isOf = (kernel: FetchedKernel) => ids.some((id) => kernel.ref.startsWith(`${id}/`));
  return {
    text,
    matches: (thing) =>
      'ref' in thing && isOf(thing) && selects(selector, thing.release, thing.stock),
  };
}

function nothingCalled(text: string): KbuildError {
  return new KbuildError(
    'KERNEL_UNKNOWN',
    `nothing in the cache is called '${text}'`,
    "'kbuild-ts kernel prune --dry-run --unused-for 1s' shows all that there is.",
  );
}

/** What was marked while the clock was ahead is as good as used now, and ages from now on. */
function lastUse(path: string, dryRun: boolean): number {
  const { mtimeMs } = statSync(path);
  if (mtimeMs <= Date.now() + markGrain) return mtimeMs;
  if (!dryRun) markUsed(path);
  return Date.now();
}

/** What belongs to all that lies beside it. */
const notes = new Set(['sources/hashes', 'kernels/source/logs']);

/** What a killed run had not finished: no other runs now. */
const isLeftover = (path: string): boolean => basename(path).startsWith('.');

/** Every record of a fetched kernel. */
function fetchedRecords(cache: string) {
  const root = join(cache, 'kernels');
  const records: { path: string; kernel: FetchedKernel }[] = [];
  for (const distribution of namesIn(root)) {
    if (distribution === 'source') continue;
    for (const name of namesIn(join(root, distribution))) {
      const directory = join(root, distribution, name);
      for (const file of namesIn(directory).filter((entry) => entry.endsWith('.json'))) {
        const path = join(directory, file);
        const kernel = readRecord(cache, path);
        if (kernel !== undefined) records.push({ path, kernel });
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
    .filter(({ name }) => !notes.has(name))
    .filter(({ path }) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
}

function inUse(running: readonly number[]): KbuildError {
  return new KbuildError(
    'CACHE_IN_USE',
    `another kbuild-ts is running (PID ${running.join(', ')}), and may need what would be removed`,
    'Wait until it has ended, then run it again; --dry-run shows what would go.',
  );
}
