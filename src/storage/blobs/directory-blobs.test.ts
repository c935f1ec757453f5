import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { BlobError } from './blob-store.js';
import { DirectoryBlobs } from './directory-blobs.js';

const name = `ac/${'cd'.repeat(32)}` as const;
const forever = new AbortController().signal;

const faultOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof BlobError)) throw new Error('it did not fail');
  return `${error.fault}: ${error.message}`;
};

describe('DirectoryBlobs', () => {
  it('puts, finds and gets; the last that is put stays', async () => {
    const root = temporaryDirectory();
    const blobs = new DirectoryBlobs(root);
    expect(await blobs.has(name, forever)).toBe(false);
    expect(await blobs.get(name, 100, forever)).toBeUndefined();
    for (const text of ['one', 'another']) {
      await blobs.put(name, Buffer.from(text), forever);
      expect((await blobs.get(name, 100, forever))?.toString()).toBe(text);
    }
    expect(await blobs.has(name, forever)).toBe(true);
    expect(readdirSync(join(root, 'ac'))).toHaveLength(1);
  });

  it('shows a reader whole files alone, however many write', async () => {
    const root = temporaryDirectory();
    const writers = Array.from({ length: 4 }, (_, i) => ({
      blobs: new DirectoryBlobs(root),
      bytes: Buffer.alloc(3_000_000, i + 1),
    }));
    await writers[0]!.blobs.put(name, writers[0]!.bytes, forever);
    const state = { isOver: false };
    const writing = Promise.all(
      writers.map(async ({ blobs, bytes }) => {
        for (let i = 0; i < 10; i++) await blobs.put(name, bytes, forever);
      }),
    ).finally(() => (state.isOver = true));
    const seen = new Set<number>();
    while (!state.isOver) {
      const bytes = await new DirectoryBlobs(root).get(name, 1e7, forever);
      expect(bytes?.length).toBe(3_000_000);
      expect(bytes?.equals(Buffer.alloc(3_000_000, bytes[0]))).toBe(true);
      seen.add(bytes![0]!);
    }
    await writing;
    expect(seen.size).toBeGreaterThan(0);
    expect(readdirSync(join(root, 'ac'))).toHaveLength(1);
  });

  it('refuses what is longer than it may be, and what is no file', async () => {
    const root = temporaryDirectory({ [name]: 'x'.repeat(11) });
    const blobs = new DirectoryBlobs(root);
    expect(await faultOf(blobs.get(name, 10, forever))).toMatch(/^strange: .*11 bytes/);
    rmSync(join(root, name));
    execFileSync('mkfifo', [join(root, name)]);
    expect(await faultOf(blobs.get(name, 10, forever))).toMatch(/^strange: .*no file/);
    rmSync(join(root, name));
    mkdirSync(join(root, name));
    expect(await faultOf(blobs.get(name, 10, forever))).toMatch(/^strange: .*no file/);
  });

  it('makes no directory where the share is gone', async () => {
    const root = temporaryDirectory();
    rmSync(root, { recursive: true });
    const blobs = new DirectoryBlobs(root);
    expect(await blobs.get(name, 10, forever)).toBeUndefined();
    expect(await faultOf(blobs.put(name, Buffer.from('x'), forever))).toMatch(/^failed: .*ENOENT/);
    expect(() => statSync(root)).toThrow('ENOENT');
  });

  it('leaves nothing of what could not be put', async () => {
    const root = temporaryDirectory({ [`${name}/in-the-way`]: '' });
    const blobs = new DirectoryBlobs(root);
    expect(await faultOf(blobs.put(name, Buffer.from('x'), forever))).toMatch(/^failed: /);
    expect(readdirSync(join(root, 'ac'))).toEqual([name.slice(3)]);
  });

  it.each([-2, 26])('notes that it is used, though its time be %i h ago', async (hours) => {
    const root = temporaryDirectory({ [name]: 'x' });
    const time = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(root, name), time, time);
    await new DirectoryBlobs(root).get(name, 10, forever);
    expect(Math.abs(statSync(join(root, name)).mtimeMs - Date.now())).toBeLessThan(60_000);
  });

  it('does nothing for a run that has ended', async () => {
    const root = temporaryDirectory();
    const blobs = new DirectoryBlobs(root);
    const work = blobs.put(name, Buffer.from('x'), AbortSignal.abort());
    expect(await faultOf(work)).toMatch(/^aborted/);
    writeFileSync(join(root, 'witness'), '');
    expect(await blobs.has(name, forever)).toBe(false);
  });
});
