import { join } from 'node:path';
import type { BuiltFile } from '../../artifact/collect.js';
import type { Diagnostic } from '../../events/event.js';
import type { Job } from '../../plan/job.js';
import { changedSources, compiledObjects } from './compiled-objects.js';
import { objectsKey, type KeptObject, type ObjectStore } from './object-store.js';
import { reusableObjects } from './reusable.js';

/** How many objects a build compiled, and how many it took over of an earlier one. */
export interface ObjectCounts {
  compiled: number;
  reused: number;
}

/** A build that begins with the objects of the one before. */
export interface IncrementalBuild {
  /** Where they lie for the container; undefined if there is none that serves. */
  directory: string | undefined;
  /**
   * Counts and keeps what came out. Also of a build that failed: its other files need not be compiled again.
   * @returns undefined if the build wrote to a source that a reused object was made of: all must be compiled
   */
  end(
    files: readonly BuiltFile[],
    diagnostics: readonly Diagnostic[],
  ): Promise<ObjectCounts | undefined>;
}

/** An error of the file system is none of the build. */
function onlyStorage(error: unknown): void {
  if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
}

/**
 * Makes ready what an earlier build of a job left that its inputs still allow. make decides by itself:
 * an object is taken if nothing that it depends on is newer and Kbuild would give the same command.
 * @param files every staged file, relative to the build directory, with its hash
 */
export async function beginIncremental(
  job: Job,
  imageId: string,
  files: Record<string, string>,
  store: ObjectStore,
  scratch: string,
): Promise<IncrementalBuild> {
  const key = objectsKey(job, imageId);
  const kept = store.load(key);
  const reusable = kept === undefined ? [] : reusableObjects(kept, files);
  const target = join(scratch, 'objects', job.id);
  let laid: KeptObject[] = [];
  if (kept !== undefined && reusable.length > 0) laid = await store.layOut(kept, reusable, target);
  return {
    directory: laid.length > 0 ? target : undefined,
    async end(built, diagnostics) {
      const build = { files: built, sources: files, diagnostics };
      const compiled = compiledObjects(job, build);
      const anew = new Set(compiled.map(({ path }) => path));
      const reused = laid.filter(({ path }) => !anew.has(path));
      const changed = changedSources(job, build);
      if (reused.some(({ read }) => read.some((path) => changed.has(path)))) return undefined;
      if (compiled.length > 0) {
        // Without room for it, the next build compiles all.
        await store
          .save(key, files, compiled, { from: target, objects: reused })
          .catch(onlyStorage);
      }
      return { compiled: compiled.length, reused: reused.length };
    },
  };
}
