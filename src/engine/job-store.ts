import { hash } from 'node:crypto';
import { accessSync, existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../events/event.js';
import type { DkmsMeaning } from './dkms/record.js';
import { makeDirectoryAtomic, replaceDirectory } from '../storage/atomic.js';
import { breathe } from '../storage/breathe.js';
import { entryGrain, markUsed } from '../storage/mark-used.js';

/** What a job left: enough to give its modules again without building. */
export interface StoredJob {
  directory: string;
  /** `name`: what the module calls itself, where its file is called otherwise. */
  modules: { path: string; sha256: string; name?: string }[];
  /** The SHA-256 of its Module.symvers, which the build wrote: for the compilers of other jobs alone. */
  symversSha256: string;
  /** In the paths that a container has: the sources may lie elsewhere when they are read again. */
  diagnostics: Diagnostic[];
  imageId: string;
  /** How long the build took. */
  milliseconds: number;
  /** What its dkms.conf means, for a DKMS source. */
  dkms?: DkmsMeaning;
  /** It came out of a shared cache: another machine built it, with its own image of the same recipe. */
  imported?: true;
}

/** What goes into the store. Paths of modules are relative to the project. */
export interface JobFiles {
  modules: readonly { path: string; bytes: Uint8Array; name?: string }[];
  symvers: string;
  /** Its path, or its content. */
  log: string | Uint8Array;
  /** In the paths that a container has. */
  diagnostics: Diagnostic[];
  imageId: string;
  milliseconds: number;
  dkms?: DkmsMeaning;
  imported?: true;
}

export const recordName = 'record.json';
export const storeVersion = 3;

export const moduleFile = (job: StoredJob, path: string): string =>
  join(job.directory, 'modules', path);
export const symversFile = (directory: string): string => join(directory, 'Module.symvers');
export const logFile = (job: StoredJob): string => join(job.directory, 'log');

/** What was read of modules when they were checked. */
const contentsOf = new WeakMap<StoredJob, ReadonlyMap<string, Buffer>>();

/** The bytes of a module: each file is read once, where its job was loaded just now. */
export const moduleBytes = (job: StoredJob, path: string): Buffer =>
  contentsOf.get(job)?.get(path) ?? readFileSync(moduleFile(job, path));

/** Results of jobs by their keys, in a directory; entries appear whole or not at all. */
export class JobStore {
  constructor(
    readonly root: string,
    /** True: what is saved takes the place of what has its key. */
    readonly replaces = false,
  ) {}

  #directory(key: string): string {
    return join(this.root, key.slice(0, 2), key);
  }

  /** Whether there is an entry of a key, which may be damaged: to say what is likely. */
  seemsToHave(key: string): boolean {
    return existsSync(join(this.#directory(key), recordName));
  }

  /** The entry of a key, its files checked against their hashes; a damaged one is removed. */
  async load(key: string): Promise<StoredJob | undefined> {
    const directory = this.#directory(key);
    // Before it is read: 'cache prune' leaves alone what was marked since this run began.
    markUsed(directory, entryGrain);
    await breathe();
    try {
      // Small files, and thousands of them: reading them one after the other is by far the quickest.
      const text = readFileSync(join(directory, recordName), 'utf8');
      const record = JSON.parse(text) as StoredJob & { formatVersion: number };
      if (record.formatVersion !== storeVersion) throw new Error('another format');
      const job = { ...record, directory };
      const contents = new Map<string, Buffer>();
      for (const { path, sha256: expected } of record.modules) {
        contents.set(path, readChecked(moduleFile(job, path), expected));
      }
      readChecked(symversFile(directory), record.symversSha256);
      accessSync(logFile(job));
      contentsOf.set(job, contents);
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
      modules: files.modules.map(({ path, bytes, name }) => ({
        path,
        sha256: sha256(bytes),
        ...(name !== undefined && { name }),
      })),
      symversSha256: sha256(files.symvers),
      diagnostics: files.diagnostics,
      imageId: files.imageId,
      milliseconds: files.milliseconds,
      ...(files.dkms !== undefined && { dkms: files.dkms }),
      ...(files.imported && { imported: true }),
    };
    await mkdir(dirname(directory), { recursive: true });
    const make = this.replaces ? replaceDirectory : makeDirectoryAtomic;
    await make(directory, async (temporary) => {
      const stored = { ...record, directory: temporary };
      for (const { path, bytes } of files.modules) {
        const target = moduleFile(stored, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, bytes);
      }
      // Mounted into the builds of other jobs, whose user is another: whatever the umask says.
      await chmod(temporary, 0o755);
      await writeFile(symversFile(temporary), files.symvers);
      await chmod(symversFile(temporary), 0o644);
      if (typeof files.log === 'string') await copyFile(files.log, logFile(stored));
      else await writeFile(logFile(stored), files.log);
      const text = JSON.stringify({ formatVersion: storeVersion, ...record });
      await writeFile(join(temporary, recordName), text);
    });
    return { ...record, directory };
  }

  async drop(key: string): Promise<void> {
    await rm(this.#directory(key), { recursive: true, force: true });
  }
}

function readChecked(file: string, expected: string): Buffer {
  const bytes = readFileSync(file);
  if (sha256(bytes) !== expected) throw new Error('damaged');
  return bytes;
}

function sha256(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}
