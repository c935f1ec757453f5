import { hash } from 'node:crypto';
import { accessSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../events/event.js';
import type { DkmsMeaning } from './dkms/record.js';
import { makeDirectoryAtomic } from '../storage/atomic.js';
import { breathe } from '../storage/breathe.js';

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
  /** The modules by their paths, where their bytes were read and checked just now. */
  contents?: ReadonlyMap<string, Buffer>;
}

/** What goes into the store. Paths of modules are relative to the project. */
export interface JobFiles {
  modules: readonly { path: string; bytes: Uint8Array; name?: string }[];
  symvers: string;
  log: string;
  /** In the paths that a container has. */
  diagnostics: Diagnostic[];
  imageId: string;
  milliseconds: number;
  dkms?: DkmsMeaning;
}

const recordName = 'record.json';
const formatVersion = 3;

export const moduleFile = (job: StoredJob, path: string): string =>
  join(job.directory, 'modules', path);
const symversFile = (directory: string): string => join(directory, 'Module.symvers');
export const logFile = (job: StoredJob): string => join(job.directory, 'log');

/** Results of jobs by their keys, in a directory; entries appear whole or not at all. */
export class JobStore {
  constructor(readonly root: string) {}

  #directory(key: string): string {
    return join(this.root, key.slice(0, 2), key);
  }

  /** The entry of a key, its files checked against their hashes; a damaged one is removed. */
  async load(key: string): Promise<StoredJob | undefined> {
    const directory = this.#directory(key);
    await breathe();
    try {
      // Small files, and thousands of them: reading them one after the other is by far the quickest.
      const text = readFileSync(join(directory, recordName), 'utf8');
      const record = JSON.parse(text) as StoredJob & { formatVersion: number };
      if (record.formatVersion !== formatVersion) throw new Error('another format');
      const job = { ...record, directory };
      const contents = new Map<string, Buffer>();
      for (const { path, sha256: expected } of record.modules) {
        contents.set(path, readChecked(moduleFile(job, path), expected));
      }
      readChecked(symversFile(directory), record.symversSha256);
      accessSync(logFile(job));
      return { ...job, contents };
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
    };
    await mkdir(dirname(directory), { recursive: true });
    await makeDirectoryAtomic(directory, async (temporary) => {
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
      await copyFile(files.log, logFile(stored));
      await writeFile(join(temporary, recordName), JSON.stringify({ formatVersion, ...record }));
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
