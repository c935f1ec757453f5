import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { logFile, moduleFile, symversFile, storeVersion } from '../job-store.js';
import type { JobFiles, StoredJob } from '../job-store.js';

/**
 * A stored job as one piece of bytes:
 *
 * - the line `kbuild-ts pack`
 * - the length of the header, 4 bytes, big-endian
 * - the header, JSON: `record`, the text of the record, and `sizes`
 * - the files, one after the other and nothing else: the modules in the record's order, Module.symvers,
 *   the log
 */
const magic = Buffer.from('kbuild-ts pack\n');

/** The header of a job with the most diagnostics that are kept is some megabytes. Bytes. */
const longestHeader = 16 * 2 ** 20;

/**
 * Makes the pack of a job in the store.
 * @throws Error if its files are no longer what its record says
 */
export async function makePack(job: StoredJob): Promise<Buffer> {
  const { directory, ...stored } = job;
  const record = { formatVersion: storeVersion, ...stored, imported: undefined };
  const modules = await Promise.all(
    job.modules.map(async ({ path, sha256 }) => readChecked(moduleFile(job, path), sha256)),
  );
  const symvers = await readChecked(symversFile(directory), job.symversSha256);
  const files = [...modules, symvers, await readFile(logFile(job))];
  const header = Buffer.from(
    JSON.stringify({
      record: JSON.stringify(record),
      sizes: files.map(({ length }) => length),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([magic, length, header, ...files]);
}

/** @throws Error if a pack is not the one that a record names */
export function checkPack(pack: Buffer, named: { sha256: string; size: number }): void {
  if (pack.length !== named.size) {
    throw new Error(`its pack has ${pack.length} bytes, not ${named.size}`);
  }
  if (sha256(pack) !== named.sha256) throw new Error('its pack is not what its record says');
}

/**
 * Takes a pack apart that anyone may have made.
 * @throws Error that says what is wrong with it
 */
export async function readPack(pack: Buffer): Promise<JobFiles> {
  const [{ parseStoredRecord, parseWith }, { z }] = await Promise.all([
    import('../stored-record.js'),
    import('zod'),
  ]);
  if (!pack.subarray(0, magic.length).equals(magic)) throw new Error('it is no pack');
  const begin = magic.length + 4;
  const headerLength = pack.length < begin ? 0 : pack.readUInt32BE(magic.length);
  if (headerLength > longestHeader) throw new Error(`it has a header of ${headerLength} bytes`);
  if (pack.length < begin + headerLength) throw new Error('it ends within its header');
  const header = pack.subarray(begin, begin + headerLength).toString('utf8');
  const shape = z.strictObject({ record: z.string(), sizes: z.array(z.int().nonnegative()) });
  const { record: text, sizes } = parseWith(shape, header);
  const record = parseStoredRecord(text);
  const files = split(pack.subarray(begin + headerLength), sizes);
  if (files.length !== record.modules.length + 2) {
    throw new Error(`it has ${files.length} files for ${record.modules.length} modules`);
  }
  const modules = record.modules.map(({ path, sha256: hash, name }, i) => {
    const bytes = files[i] ?? Buffer.alloc(0);
    if (sha256(bytes) !== hash) throw new Error(`its ${path} is not what its record says`);
    return { path, bytes, ...(name !== undefined && { name }) };
  });
  const [symvers = '', log = Buffer.alloc(0)] = [files.at(-2)?.toString('utf8'), files.at(-1)];
  if (sha256(symvers) !== record.symversSha256) {
    throw new Error('its Module.symvers is not what its record says');
  }
  const { diagnostics, imageId, milliseconds, dkms } = record;
  return {
    ...{ modules, symvers, log, diagnostics, imageId, milliseconds },
    ...(dkms !== undefined && { dkms }),
  };
}

function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const files: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    files.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at !== bytes.length) throw new Error(`it has ${bytes.length} bytes of files, not ${at}`);
  return files;
}

async function readChecked(file: string, hash: string): Promise<Buffer> {
  const bytes = await readFile(file);
  if (sha256(bytes) !== hash) throw new Error(`${file} is not what its record says`);
  return bytes;
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
