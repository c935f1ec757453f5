import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { entryPaths, listEntries, reapEntries, removeUnused } from './entries.js';
import { currentOwner, formatOwner } from './owner.js';
import { openRunDirectory, runStarts } from './run-directory.js';

const hour = 3_600_000; // milliseconds
const keyOf = (digits: string): string => digits.repeat(64 / digits.length);

function setTime(path: string, hoursAgo: number): void {
  const time = new Date(Date.now() - hoursAgo * hour);
  utimesSync(path, time, time);
}

/** A cache with entries by key, used so many hours ago. */
function cacheOf(entries: Record<string, number>) {
  const cache = temporaryDirectory();
  const root = join(cache, 'jobs');
  const pathOf = (key: string) => join(root, key.slice(0, 2), key);
  for (const [key, hours] of Object.entries(entries)) {
    mkdirSync(pathOf(key), { recursive: true });
    writeFileSync(join(pathOf(key), 'file'), Buffer.alloc(10_000));
    setTime(pathOf(key), hours);
  }
  return { cache, root, pathOf };
}

/** Notes a run of a process in a cache. */
function noteRun(cache: string, owner: string, hoursAgo: number): void {
  const path = join(cache, 'runs', 'run');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'owner'), owner);
  setTime(join(path, 'owner'), hoursAgo);
}

const [old, recent] = [keyOf('ab'), keyOf('cd')];

describe('listEntries', () => {
  it('lists what is kept under keys, with its size and its use, and nothing else', async () => {
    const { root } = cacheOf({ [old]: 50, [recent]: 2 });
    mkdirSync(join(root, 'ab', `.${old}.1-2`));
    mkdirSync(join(root, 'ab', 'other'));
    mkdirSync(join(root, 'ab', recent)); // not where it belongs
    writeFileSync(join(root, 'file'), '');
    const entries = await listEntries(root);
    expect(entries.map(({ key }) => key)).toEqual([old, recent]);
    for (const { size } of entries) expect(size).toBeGreaterThanOrEqual(10_000);
    expect(Math.round((Date.now() - entries[0]!.used) / hour)).toBe(50);
  });

  it('knows nothing of a use in the future', async () => {
    const { root } = cacheOf({ [old]: -50 });
    expect((await listEntries(root))[0]?.used).toBe(0);
  });

  it('lists nothing where nothing was ever kept', async () => {
    expect(await listEntries('/no/such/cache')).toEqual([]);
    for await (const path of entryPaths('/dev/null')) expect(path).toBeUndefined();
  });
});

describe('removeUnused', () => {
  it('removes an entry whole, and the directory that held it last', async () => {
    const { cache, root, pathOf } = cacheOf({ [old]: 0 });
    expect(await removeUnused({ path: pathOf(old) }, cache)).toBe('removed');
    expect(readdirSync(root)).toEqual([]);
    expect(await removeUnused({ path: pathOf(old) }, cache)).toBe('gone');
  });

  it('lets be what a run has used since it began, be its mark an hour old', async () => {
    const { cache, pathOf } = cacheOf({ [old]: 5, [recent]: 2.9 });
    noteRun(cache, formatOwner(currentOwner()), 2);
    expect(await removeUnused({ path: pathOf(recent) }, cache)).toBe('in use');
    expect(await removeUnused({ path: pathOf(old) }, cache)).toBe('removed');
    expect(existsSync(join(pathOf(recent), 'file'))).toBe(true);
    expect(readdirSync(join(cache, 'jobs', recent.slice(0, 2)))).toEqual([recent]);
  });

  it('is not kept from it by a run that is over', async () => {
    const { cache, pathOf } = cacheOf({ [recent]: 0 });
    noteRun(cache, formatOwner({ ...currentOwner(), pid: deadProcess() }), 0);
    expect(await removeUnused({ path: pathOf(recent) }, cache)).toBe('removed');
  });

  it('removes nothing beside a run that began in the future: the clock says nothing then', async () => {
    const { cache, pathOf } = cacheOf({ [old]: 5000 });
    noteRun(cache, formatOwner(currentOwner()), -3);
    expect(await removeUnused({ path: pathOf(old) }, cache)).toBe('in use');
    expect(existsSync(pathOf(old))).toBe(true);
  });
});

describe('reapEntries', () => {
  it('removes what a killed run left half done, and nothing that is being made', async () => {
    const { root, pathOf } = cacheOf({ [old]: 0 });
    const [left, made] = ['1-2', '3-4'].map((id) => join(root, 'ab', `.${old}.${id}`));
    mkdirSync(left!);
    setTime(left!, 2);
    mkdirSync(made!);
    await reapEntries(root);
    expect([left, made, pathOf(old)].map((path) => existsSync(path!))).toEqual([false, true, true]);
  });
});

describe('runStarts', () => {
  it('says when those began that are running', async () => {
    const cache = temporaryDirectory();
    expect(await runStarts(cache)).toEqual([]);
    const run = await openRunDirectory(cache);
    const [start] = await runStarts(cache);
    expect(Math.abs(start! - Date.now())).toBeLessThan(10_000);
    await run.remove();
    expect(await runStarts(cache)).toEqual([]);
  });
});
