import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { currentOwner, formatOwner } from '../../storage/owner.js';
import { layerKey, layerOf, type Layer } from './layer-store.js';

const key = layerKey('a KDIR');

const context = (cache = temporaryDirectory()) => ({
  cache,
  signal: new AbortController().signal,
});

const make = (root: string) => {
  writeFileSync(join(root, 'program'), 'made');
  return Promise.resolve({ done: ['made a program'], passed: [] });
};
const check = ({ root }: Layer) => {
  if (readFileSync(join(root, 'program'), 'utf8') !== 'made') throw new Error('not as made');
};
const entries = (cache: string) =>
  existsSync(join(cache, 'layers')) ? readdirSync(join(cache, 'layers')) : [];

describe('the store of layers', () => {
  it('makes a layer once, and gives it again', async () => {
    const own = context();
    const first = await layerOf(key, own, make, check);
    const directory = join(own.cache, 'layers', key);
    utimesSync(directory, 0, 0);
    const never = () => Promise.reject(new Error('made again'));
    const second = await layerOf(key, context(own.cache), never, check);
    expect([first.fromCache, second.fromCache]).toEqual([false, true]);
    expect(second.layer).toEqual(first.layer);
    expect(Date.now() - statSync(directory).mtimeMs).toBeLessThan(60_000);
    expect(second.layer.record.done).toEqual(['made a program']);
    expect(entries(own.cache)).toEqual([key]);
  });

  it('is locked beside the other things of the cache, not among the layers', async () => {
    const own = context();
    let during: string[][] = [];
    const look = (root: string) => {
      during = [readdirSync(join(own.cache, 'locks')), entries(own.cache)];
      return make(root);
    };
    await layerOf(key, own, look, check);
    expect(during[0]).toEqual([`layer-${key}`]);
    expect(during[1]).toEqual([expect.stringMatching(/^\./)]);
    expect(readdirSync(join(own.cache, 'locks'))).toEqual([]);
  });

  it('makes it once for several who want it at once', async () => {
    const own = context();
    let made = 0;
    const slow = async (root: string) => {
      made++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return make(root);
    };
    const all = await Promise.all(
      [1, 2, 3].map(() => layerOf(key, context(own.cache), slow, check)),
    );
    expect(made).toBe(1);
    expect(all.filter(({ fromCache }) => fromCache)).toHaveLength(2);
  });

  it('keeps nothing of one that could not be made, or is not what it should be', async () => {
    const own = context();
    const broken = (root: string) => {
      writeFileSync(join(root, 'program'), 'half');
      return Promise.reject(new Error('no more disk'));
    };
    await expect(layerOf(key, own, broken, check)).rejects.toThrow('no more disk');
    const other = (root: string) => {
      writeFileSync(join(root, 'program'), 'of another machine');
      return Promise.resolve({ done: [], passed: [] });
    };
    await expect(layerOf(key, own, other, check)).rejects.toThrow('not as made');
    expect(entries(own.cache)).toEqual([]);
  });

  it.each([
    [
      'has lost its record',
      (path: string) => {
        rmSync(join(path, 'layer.json'));
      },
    ],
    [
      'has no readable record',
      (path: string) => {
        writeFileSync(join(path, 'layer.json'), '{"do');
      },
    ],
    [
      'has another program',
      (path: string) => {
        writeFileSync(join(path, 'root/program'), 'x');
      },
    ],
  ])('makes one again that %s', async (_, spoil) => {
    const own = context();
    await layerOf(key, own, make, check);
    spoil(join(own.cache, 'layers', key));
    const { fromCache, layer } = await layerOf(key, own, make, check);
    expect(fromCache).toBe(false);
    check(layer);
  });

  it('clears what a killed run left of any layer', async () => {
    const own = context();
    const left = join(own.cache, 'layers', `.${layerKey('another')}.1-abcd`);
    mkdirSync(join(left, 'root'), { recursive: true });
    const dead = spawnSync('true');
    writeFileSync(
      join(left, 'owner'),
      formatOwner({ ...currentOwner(), pid: dead.pid, started: '1' }),
    );
    await layerOf(key, own, make, check);
    expect(entries(own.cache)).toEqual([key]);
  });

  it('has another key for other inputs', () => {
    expect(layerKey(['a', 1])).toBe(layerKey(['a', 1]));
    expect(layerKey(['a', 1])).not.toBe(layerKey(['a', 2]));
  });
});
