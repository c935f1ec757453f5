import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../events/event.js';
import { makeDirectoryAtomic } from '../storage/atomic.js';

/** What a job left: enough to give its modules again without building. */
export interface StoredJob {
  directory: string;
  modules: { path: string; sha256: string }[];
  diagnostics: Diagnostic[];
  imageId: string;
  /** How long the build took. */
  milliseconds: number;
}

/** What goes into the store. Paths of modules are relative to the project. */
export interface JobFiles {
  modules: readonly { path: string; bytes: Uint8Array }[];
  symvers: string;
  log: string;
  diagnostics: Diagnostic[];
  imageId: string;
  milliseconds: number;
}

const recordName = 'record.json';
const formatVersion = 1;

export const moduleFile = (job: StoredJob, path: string): string =>
  join(job.directory, 'modules', path);
export const logFile = (job: StoredJob): string => join(job.directory, 'log');

/** Results of jobs by their keys, in a directory; entries appear whole or not at all. */
export class JobStore {
  constructor(readonly root: string) {}

  #directory(key: string): string {
    return join(this.root, key.slice(0, 2), key);
  }

  /** The entry of a key, its modules checked against their hashes; a damaged one is removed. */
  async load(key: string): Promise<StoredJob | undefined> {
    const directory = this.#directory(key);
    try {
      const text = await readFile(join(directory, recordName), 'utf8');
      const record = JSON.parse(text) as StoredJob & { formatVersion: number };
      if (record.formatVersion !== formatVersion) throw new Error('another format');
      const job = { ...record, directory };
      for (const { path, sha256: expected } of record.modules) {
        if (sha256(await readFile(moduleFile(job, path))) !== expected) throw new Error('damaged');
      }
      return job;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!missing || (error as NodeJS.ErrnoException).path !== join(directory, recordName)) {
        await this.drop(key);
      }
      return undefined;
    }
  }

  async save(key: string, files: JobFiles): Promise<StoredJob> {
    const directory = this.#directory(key);
    const record: Omit<StoredJob, 'directory'> = {
      modules: files.modules.map(({ path, bytes }) => ({ path, sha256: sha256(bytes) })),
      diagnostics: files.diagnostics,
      imageId: files.imageId,
      milliseconds: files.milliseconds,
    };
    await mkdir(dirname(directory), { recursive: true });
    await makeDirectoryAtomic(directory, async (temporary) => {
      const stored = { ...record, directory: temporary };
      for (const { path, bytes } of files.modules) {
        const target = moduleFile(stored, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, bytes);
      }
      await writeFile(join(temporary, 'Module.symvers'), files.symvers);
      await copyFile(files.log, logFile(stored));
      await writeFile(join(temporary, recordName), JSON.stringify({ formatVersion, ...record }));
    });
    return { ...record, directory };
  }

  async drop(key: string): Promise<void> {
    await rm(this.#directory(key), { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
