import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bookwormRepository as debian, fakeApt } from '../../../test/support/fake-apt.js';
import { writeTree } from '../../../test/support/temporary-directory.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { fetchPackages, packageDirectory } from './fetch-packages.js';
import type { Package, PackageManager } from './package-manager.js';
import type { ProviderContext } from './port.js';

const item = (name: string, changes: Partial<Package> = {}): Package => ({
  ...{ name, version: '1.0-1', architecture: 'amd64', sha256: 'ab'.repeat(32) },
  ...changes,
});

/** A manager that has every package but those called `bad…`, and how often it was asked. */
function manager(milliseconds = 0) {
  const asked: string[][] = [];
  const places: string[] = [];
  const download: PackageManager['download'] = async (_, packages, work) => {
    asked.push(packages.map(({ name }) => name));
    places.push(work);
    await sleep(milliseconds);
    return packages.map(({ name }, i) => {
      const directory = join(work, String(i), 'root');
      mkdirSync(directory, { recursive: true });
      if (name.startsWith('bad')) return { error: new KbuildError('FETCH_FAILED', name, '') };
      writeTree(directory, { name });
      return { directory };
    });
  };
  return { asked, places, download, kernels: () => Promise.resolve([]) };
}

const fetch = (packages: Package[], from: PackageManager, context: ProviderContext) =>
  fetchPackages(debian, from, packages, 'a title', context);

const setUp = () => fakeApt({ index: undefined, packages: {} });
const leftOver = ({ scratch }: ProviderContext) => readdirSync(scratch);
const kept = ({ cache }: ProviderContext) => readdirSync(join(cache, 'packages')).sort();

describe('packageDirectory', () => {
  it('names all that the content depends on', () => {
    const directory = packageDirectory('/cache', item('linux-headers-6.12+deb13'));
    expect(directory).toBe('/cache/packages/linux-headers-6.12+deb13_1.0-1_amd64_abababababab');
    const others = [
      item('b'),
      item('linux-headers-6.12+deb13', { version: '1:1.0-1' }),
      item('linux-headers-6.12+deb13', { architecture: 'arm64' }),
      item('linux-headers-6.12+deb13', { sha256: 'cd'.repeat(32) }),
    ];
    const directories = new Set(others.map((other) => packageDirectory('/cache', other)));
    expect(directories.add(directory).size).toBe(5);
  });

  it.each([
    { name: '../../../etc' },
    { name: '/etc/passwd' },
    { name: 'a/../../..' },
    { version: '../../x' },
    { architecture: '../../../x' },
    { sha256: '../../../../x' },
    { name: '..', version: '', architecture: '' },
  ])('never leaves the directory of packages: %j', (hostile) => {
    const directory = packageDirectory('/cache', item('x', hostile));
    expect(dirname(directory)).toBe('/cache/packages');
    expect(basename(directory)).toMatch(/^[^/]{4,}$/);
  });
});

describe('fetchPackages', () => {
  it('gives the directory of each, and leaves nothing else', async () => {
    const { context, events } = setUp();
    const [a, b] = [item('a'), item('b')];
    const results = await fetch([a, b], manager(), context);
    for (const one of [a, b]) {
      const directory = packageDirectory(context.cache, one);
      expect(results.get(one)).toEqual({ directory });
      expect(readFileSync(join(directory, 'root/name'), 'utf8')).toBe(one.name);
    }
    expect(kept(context)).toHaveLength(2);
    expect(leftOver(context)).toEqual(['.keep']);
    expect(events).toMatchObject([
      { type: 'prepare-start', title: 'a title' },
      { type: 'prepare-end' },
    ]);
  });

  it('asks for what is not there alone, and for nothing if all is', async () => {
    const { context, events } = setUp();
    const from = manager();
    await fetch([item('a')], from, context);
    await fetch([item('a'), item('b')], from, context);
    events.length = 0;
    const all = await fetch([item('a'), item('b')], from, context);
    expect(from.asked).toEqual([['a'], ['b']]);
    expect([all.size, events]).toEqual([2, []]);
  });

  it('asks once for a package that several kernels name, and answers each of them', async () => {
    const { context } = setUp();
    const from = manager();
    const twins = [item('a'), item('a'), item('a')];
    const results = await fetch(twins, from, context);
    expect(from.asked).toEqual([['a']]);
    for (const twin of twins) expect(results.get(twin)).toHaveProperty('directory');
    const offline = { ...context, offline: true };
    const missing = [item('b'), item('b')];
    const refused = await fetch(missing, from, offline);
    for (const twin of missing) expect(refused.get(twin)).toHaveProperty('error');
  });

  it('keeps what could be had where something else could not', async () => {
    const { context } = setUp();
    const [good, bad] = [item('good'), item('bad')];
    const results = await fetch([bad, good], manager(), context);
    expect(results.get(bad)).toMatchObject({ error: { code: 'FETCH_FAILED', message: 'bad' } });
    expect(results.get(good)).toHaveProperty('directory');
    expect(kept(context)).toEqual([basename(packageDirectory(context.cache, good))]);
    expect(leftOver(context)).toEqual(['.keep']);
  });

  it('leaves nothing where the manager itself fails', async () => {
    const { context, events } = setUp();
    const broken = { ...manager(), download: () => Promise.reject(new Error('broken')) };
    await expect(fetch([item('a')], broken, context)).rejects.toThrow('broken');
    expect(leftOver(context)).toEqual(['.keep']);
    expect(readdirSync(context.cache).sort()).toEqual(['.keep', 'locks']);
    expect(readdirSync(join(context.cache, 'locks'))).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'prepare-end', error: { code: 'INTERNAL' } });
  });

  it('works in the scratch directory, whatever a package is called', async () => {
    const { context } = setUp();
    const from = manager();
    await fetch([item('../../victim')], from, context);
    expect(from.places.map((place) => dirname(place))).toEqual([context.scratch]);
    expect(leftOver(context)).toEqual(['.keep']);
  });

  it('downloads once what two want at once, though each wants others too', async () => {
    const { context } = setUp();
    const from = manager(150);
    const lists = [
      [item('a'), item('b')],
      [item('b'), item('a')],
      [item('b'), item('c')],
    ];
    const all = await Promise.all(lists.map((packages) => fetch(packages, from, context)));
    expect(from.asked.flat().sort()).toEqual(['a', 'b', 'c']);
    for (const [i, results] of all.entries()) {
      for (const one of lists[i] ?? []) expect(results.get(one)).toHaveProperty('directory');
    }
  });

  it('takes offline what is there, and names what is not', async () => {
    const { context } = setUp();
    const from = manager();
    await fetch([item('a')], from, context);
    const [a, b] = [item('a'), item('b')];
    const results = await fetch([a, b], from, { ...context, offline: true });
    expect(results.get(a)).toHaveProperty('directory');
    expect(results.get(b)).toMatchObject({
      error: {
        code: 'FETCH_FAILED',
        message: 'b 1.0-1 is not in the cache, and --offline was given',
      },
    });
    expect(from.asked).toEqual([['a']]);
  });

  it('fetches many in pieces, in places of their own, and tells of it once', async () => {
    const { context, events } = setUp();
    const from = manager();
    const many = Array.from({ length: 70 }, (_, i) => item(`p${i}`));
    const results = await fetch(many, from, context);
    expect(from.asked.map(({ length }) => length)).toEqual([32, 32, 6]);
    expect(from.asked.flat()).toEqual(many.map(({ name }) => name));
    for (const one of many) {
      expect(readFileSync(join(packageDirectory(context.cache, one), 'root/name'), 'utf8')).toBe(
        one.name,
      );
      expect(results.get(one)).toHaveProperty('directory');
    }
    expect(new Set(from.places).size).toBe(3);
    expect(events.map(({ type }) => type)).toEqual(['prepare-start', 'prepare-end']);
    expect(leftOver(context)).toEqual(['.keep']);
  });

  it('keeps what was fetched before a later piece fails, and fetches the rest alone then', async () => {
    const { context, events } = setUp();
    const many = Array.from({ length: 40 }, (_, i) => item(`p${i}`));
    const good = manager();
    const broken: PackageManager = {
      ...good,
      download: (...args) => {
        if (good.asked.length === 1) return Promise.reject(new Error('the disk is full'));
        return good.download(...args);
      },
    };
    await expect(fetch(many, broken, context)).rejects.toThrow('the disk is full');
    expect(kept(context)).toHaveLength(32);
    expect(leftOver(context)).toEqual(['.keep']);
    expect(events.at(-1)).toMatchObject({ type: 'prepare-end', error: { code: 'INTERNAL' } });
    const again = manager();
    await fetch(many, again, context);
    expect(again.asked).toEqual([many.slice(32).map(({ name }) => name)]);
  });

  it('tells at its end why one could not be had, though the others could', async () => {
    const { context, events } = setUp();
    const many = Array.from({ length: 40 }, (_, i) => item(i === 3 ? 'bad' : `p${i}`));
    const from = manager();
    const results = await fetch(many, from, context);
    expect([...results.values()].filter((one) => 'error' in one)).toHaveLength(1);
    expect(from.asked).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({
      type: 'prepare-end',
      error: { code: 'FETCH_FAILED', message: 'bad' },
    });
    await fetch([item('p1'), item('fine')], from, context);
    expect(events.at(-1)).not.toHaveProperty('error');
  });
});
