import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { JobStore, logFile, moduleFile, type JobFiles } from './job-store.js';

const key = 'ab'.repeat(32);

function files(changes: Partial<JobFiles> = {}): JobFiles {
  return {
    modules: [
      { path: 'params.ko', bytes: fixtureModule('params-x86_64') },
      { path: 'sub/exporter.ko', bytes: fixtureModule('exporter-x86_64') },
    ],
    symvers: '0x1\tf\texporter\tEXPORT_SYMBOL\t\n',
    log: join(temporaryDirectory({ log: 'all that was said\n' }), 'log'),
    diagnostics: [{ severity: 'warning', message: 'unused', file: '/p/a.c', line: 1 }],
    imageId: 'sha256:1',
    milliseconds: 1234,
    ...changes,
  };
}

const newStore = (): JobStore => new JobStore(join(temporaryDirectory(), 'not/there/yet'));

const everythingIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();

describe('JobStore', () => {
  it('has nothing under a key that was never saved', async () => {
    expect(await newStore().load(key)).toBeUndefined();
  });

  it('gives back what was saved, to another process too', async () => {
    const store = newStore();
    const saved = await store.save(key, files());
    const loaded = await new JobStore(store.root).load(key);
    expect(loaded).toMatchObject({ ...saved });
    expect(loaded).toMatchObject({
      diagnostics: [{ severity: 'warning', message: 'unused', file: '/p/a.c', line: 1 }],
      imageId: 'sha256:1',
      milliseconds: 1234,
    });
    expect(loaded?.modules.map(({ path }) => path)).toEqual(['params.ko', 'sub/exporter.ko']);
    const module = readFileSync(moduleFile(loaded!, 'sub/exporter.ko'));
    expect(module.equals(fixtureModule('exporter-x86_64'))).toBe(true);
    expect(readFileSync(logFile(loaded!), 'utf8')).toBe('all that was said\n');
    expect(readFileSync(join(loaded!.directory, 'Module.symvers'), 'utf8')).toMatch(/^0x1\tf\t/);
  });

  it('keeps jobs apart by their keys, though these begin alike', async () => {
    const store = newStore();
    const other = `${key.slice(0, -1)}0`;
    await store.save(key, files());
    await store.save(other, files({ imageId: 'other' }));
    expect((await store.load(key))?.imageId).toBe('sha256:1');
    expect((await store.load(other))?.imageId).toBe('other');
    await store.drop(key);
    expect(await store.load(key)).toBeUndefined();
    expect(await store.load(other)).toBeDefined();
  });

  it('drops what is not there without a word', async () => {
    await expect(newStore().drop(key)).resolves.toBeUndefined();
  });

  const damages: [string, (directory: string) => void][] = [
    [
      'a module that was changed',
      (directory) => {
        const path = join(directory, 'modules/params.ko');
        const bytes = readFileSync(path);
        bytes[1000]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    [
      'a module that was cut off',
      (d) => {
        writeFileSync(join(d, 'modules/params.ko'), '');
      },
    ],
    [
      'a module that is gone',
      (d) => {
        rmSync(join(d, 'modules/sub/exporter.ko'));
      },
    ],
    [
      'all modules gone',
      (d) => {
        rmSync(join(d, 'modules'), { recursive: true });
      },
    ],
    [
      'symbols that were changed',
      (d) => {
        writeFileSync(join(d, 'Module.symvers'), '0x2\tf\texporter\tEXPORT_SYMBOL\t\n');
      },
    ],
    [
      'no symbols',
      (d) => {
        rmSync(join(d, 'Module.symvers'));
      },
    ],
    [
      'no log',
      (d) => {
        rmSync(join(d, 'log'));
      },
    ],
    [
      'a record that was cut off',
      (d) => {
        writeFileSync(join(d, 'record.json'), '{"formatV');
      },
    ],
    [
      'a record of nothing',
      (d) => {
        writeFileSync(join(d, 'record.json'), 'null');
      },
    ],
    [
      'a record of another format',
      (directory) => {
        const path = join(directory, 'record.json');
        const record = JSON.parse(readFileSync(path, 'utf8')) as object;
        writeFileSync(path, JSON.stringify({ ...record, formatVersion: 0 }));
      },
    ],
  ];

  it.each(damages)('removes a damaged entry, so that it is built again: %s', async (_, damage) => {
    const store = newStore();
    const { directory } = await store.save(key, files());
    damage(directory);
    expect(await store.load(key)).toBeUndefined();
    expect(everythingIn(store.root)).toEqual([key.slice(0, 2)]);
    await store.save(key, files());
    expect(await store.load(key)).toBeDefined();
  });

  it('leaves nothing of an entry that could not be written whole', async () => {
    const store = newStore();
    const log = join(temporaryDirectory(), 'no such log');
    await expect(store.save(key, files({ log }))).rejects.toThrow('ENOENT');
    expect(everythingIn(store.root)).toEqual([key.slice(0, 2)]);
    expect(await store.load(key)).toBeUndefined();
  });

  it('lets several runs save the same job at once', async () => {
    const store = newStore();
    const saved = await Promise.all(Array.from({ length: 5 }, () => store.save(key, files())));
    expect(new Set(saved.map(({ directory }) => directory)).size).toBe(1);
    expect(await store.load(key)).toBeDefined();
    const names = everythingIn(store.root);
    expect(names.filter((name) => name.split('/').length === 2)).toEqual([
      join(key.slice(0, 2), key),
    ]);
  });

  it('lets the user of a build read the symbols, whatever the umask', async () => {
    const store = newStore();
    const before = process.umask(0o077);
    const { directory } = await store.save(key, files()).finally(() => process.umask(before));
    expect(statSync(directory).mode & 0o777).toBe(0o755);
    expect(statSync(join(directory, 'Module.symvers')).mode & 0o777).toBe(0o644);
  });

  it('keeps a job that has no modules', async () => {
    const store = newStore();
    await store.save(key, files({ modules: [], symvers: '' }));
    expect((await store.load(key))?.modules).toEqual([]);
  });
});
