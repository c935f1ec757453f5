import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, link, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceDirectory } from '../../storage/atomic.js';
import { entryGrain, markUsed } from '../../storage/mark-used.js';
import type { EntryCondition } from '../check-entry.js';
import type { Job } from '../../plan/job.js';
import { recipeVersion } from '../../plan/recipe.js';
import { commandPath, type CompiledObject } from './compiled-objects.js';

/** An object that lies in the store. */
export interface KeptObject {
  /** Relative to the build directory. */
  path: string;
  /** The staged files that it was made of, relative to the build directory. */
  read: string[];
  /** Of the object and of its `.cmd` file. */
  sha256: [object: string, command: string];
}

/** What a build of a job left for the next one. */
export interface KeptBuild {
  directory: string;
  /** Every staged file with the hash over its content and mode. */
  files: Record<string, string>;
  /** The files that a compiler read, be it for an object that is not kept. */
  told: string[];
  objects: KeptObject[];
}

const recordName = 'record.json';
const formatVersion = 1;

/**
 * The objects of the last build of each job, whatever its sources were then. Each lies as it lay in the
 * build; the entry of a job is replaced as a whole.
 */
export class ObjectStore {
  constructor(
    readonly root: string,
    /** True: nothing is taken from it, and what is saved replaces what it has. */
    readonly replaces = false,
  ) {}

  /** The same, for a build of everything. */
  anew(): ObjectStore {
    return new ObjectStore(this.root, true);
  }

  #directory(key: string): string {
    return join(this.root, key.slice(0, 2), key);
  }

  /** What the last build left; undefined for nothing, or for what cannot be read. */
  load(key: string): KeptBuild | undefined {
    if (this.replaces) return undefined;
    const directory = this.#directory(key);
    // Before it is read: 'cache prune' leaves alone what was marked since this run began.
    markUsed(directory, entryGrain);
    try {
      const file = join(directory, recordName);
      const record = JSON.parse(readFileSync(file, 'utf8')) as KeptBuild & {
        formatVersion: number;
      };
      if (record.formatVersion !== formatVersion) return undefined;
      return { ...record, directory };
    } catch {
      return undefined; // as if it never was: all is compiled
    }
  }

  /** Lays objects where a build can take them from; those that are damaged are left out. */
  async layOut(
    kept: KeptBuild,
    objects: readonly KeptObject[],
    target: string,
  ): Promise<KeptObject[]> {
    await makeReadable(target);
    const laid: KeptObject[] = [];
    for (const object of objects) {
      const files = [object.path, commandPath(object.path)];
      const isWhole = files.every(
        (path, i) => hashOf(join(kept.directory, path)) === object.sha256[i],
      );
      if (!isWhole) continue;
      try {
        await linkAll(kept.directory, files, target);
      } catch {
        continue; // another run has replaced it meanwhile
      }
      laid.push(object);
    }
    return laid;
  }

  /**
   * Keeps what a build left: what it compiled, and what it took over of the build before.
   * @param reused and where these are laid out
   */
  async save(
    key: string,
    files: Readonly<Record<string, string>>,
    compiled: readonly CompiledObject[],
    reused: { from: string; objects: readonly KeptObject[] },
  ): Promise<void> {
    const directory = this.#directory(key);
    await mkdir(dirname(directory), { recursive: true });
    await replaceDirectory(directory, async (temporary) => {
      const objects: KeptObject[] = [...reused.objects];
      for (const { path } of objects) {
        await linkAll(reused.from, [path, commandPath(path)], temporary);
      }
      for (const { path, bytes, command, read, isKept } of compiled) {
        if (!isKept) continue;
        const contents = [bytes, Buffer.from(command)] as const;
        for (const [i, name] of [path, commandPath(path)].entries()) {
          const file = join(temporary, name);
          await makeReadable(dirname(file), temporary);
          await writeFile(file, contents[i] ?? '');
          await chmod(file, 0o644);
        }
        objects.push({ path, read, sha256: [sha256(contents[0]), sha256(contents[1])] });
      }
      const told = [...new Set([...compiled, ...objects].flatMap(({ read }) => read))];
      await writeFile(
        join(temporary, recordName),
        JSON.stringify({ formatVersion, files, told, objects }),
      );
    });
  }
}

/** Reads all of an entry and holds it against its hashes; changes nothing. */
export function checkObjectEntry(directory: string): Promise<EntryCondition> {
  const damaged = (reason: string): EntryCondition => ({ state: 'damaged', reason });
  let kept: KeptBuild & { formatVersion: number };
  try {
    kept = JSON.parse(readFileSync(join(directory, recordName), 'utf8')) as typeof kept;
  } catch (error) {
    const isGone = !existsSync(directory); // a run has replaced it meanwhile
    return Promise.resolve(isGone ? { state: 'gone' } : damaged((error as Error).message));
  }
  if (kept.formatVersion !== formatVersion) return Promise.resolve({ state: 'outdated' });
  const wrong = kept.objects.find(({ path, sha256 }) =>
    [path, commandPath(path)].some((file, i) => hashOf(join(directory, file)) !== sha256[i]),
  );
  return Promise.resolve(
    wrong === undefined ? { state: 'whole' } : damaged(`${wrong.path} is not what its record says`),
  );
}

/**
 * Names what must be the same for an object to serve again: all that compiles it, but for the sources.
 * Where they lie counts, so that each tree that somebody works on has its own.
 */
export function objectsKey(job: Job, imageId: string): string {
  const projects = [job.source, ...job.dependencies];
  return sha256(
    JSON.stringify([
      formatVersion,
      recipeVersion,
      job.kdir.path,
      job.kdir.identity,
      imageId,
      job.make,
      job.env,
      projects.map(({ project, placement }) => [project.directory, placement]),
    ]),
  );
}

async function linkAll(from: string, paths: readonly string[], target: string): Promise<void> {
  for (const path of paths) {
    await makeReadable(dirname(join(target, path)), target);
    await link(join(from, path), join(target, path));
  }
}

/** Makes a directory, and those between it and `root`, that builds can read: whatever the umask. */
async function makeReadable(directory: string, root = directory): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (let at = directory; ; at = dirname(at)) {
    await chmod(at, 0o755);
    if (at === root) return;
  }
}

function hashOf(file: string): string | undefined {
  try {
    return sha256(readFileSync(file));
  } catch {
    return undefined;
  }
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
