import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bookwormRepository } from '../../../test/support/fake-apt.js';
import { kdirFiles, release, under } from '../../../test/support/kdir-tree.js';
import { temporaryDirectory, writeTree } from '../../../test/support/temporary-directory.js';
import type { Kdir } from '../kdir.js';
import {
  fetchedKernels,
  readRecord,
  recordFetched,
  recordPath,
  resolutionOf,
} from './fetched-kernel.js';
import type { Package } from './package-manager.js';

const item: Package = { name: 'headers', version: '1', architecture: 'all', sha256: 'ab12' };
const kernel = {
  release,
  arch: 'arm64',
  stock: true,
  sets: [[item]],
  kdir: `/usr/src/linux-headers-${release}`,
};

/** A cache with a package in it that holds a whole KDIR. */
function cacheWith(path = kernel.kdir) {
  const cache = temporaryDirectory();
  const directory = join(cache, 'packages/headers');
  writeTree(directory, under(`root${path}`, kdirFiles()));
  return { cache, directory };
}

describe('a record of a fetched kernel', () => {
  it('is found again', async () => {
    const { cache, directory } = cacheWith();
    expect(fetchedKernels(cache, bookwormRepository)).toEqual([]);
    const fetched = await recordFetched(cache, bookwormRepository, kernel, [{ item, directory }]);
    expect(fetchedKernels(cache, bookwormRepository)).toEqual([fetched]);
    expect(fetched).toEqual({
      ...{
        ref: `debian:bookworm/${release}`,
        release,
        arch: 'arm64',
        stock: kernel.stock,
        kdir: kernel.kdir,
      },
      packages: [{ directory, sha256: 'ab12' }],
    });
    expect(fetchedKernels(cache, { ...bookwormRepository, name: 'sid' })).toEqual([]);
  });

  it('is none once a package of it is gone', async () => {
    const { cache, directory } = cacheWith();
    await recordFetched(cache, bookwormRepository, kernel, [{ item, directory }]);
    rmSync(directory, { recursive: true });
    expect(fetchedKernels(cache, bookwormRepository)).toEqual([]);
  });

  it('is found in a cache that was moved, or that a link leads to', async () => {
    const { cache, directory } = cacheWith();
    await recordFetched(cache, bookwormRepository, kernel, [{ item, directory }]);
    const record = readFileSync(recordPath(cache, bookwormRepository, kernel), 'utf8');
    expect(record).not.toContain(cache);
    const parent = temporaryDirectory();
    const [moved, link] = [join(parent, 'moved'), join(parent, 'link')];
    renameSync(cache, moved);
    symlinkSync(moved, link);
    for (const place of [moved, link]) {
      const [found, ...others] = fetchedKernels(place, bookwormRepository);
      expect(others).toEqual([]);
      expect(found?.packages).toEqual([
        { directory: join(place, 'packages/headers'), sha256: 'ab12' },
      ]);
      const one = found && resolutionOf(place, bookwormRepository, found);
      expect(one).toMatchObject({ kdir: { release, path: kernel.kdir } });
    }
  });

  it.each(['/etc', '../../../etc', 'packages/../../x'])(
    'leads nowhere but to packages of its cache, whatever it says: %s',
    async (hostile) => {
      const { cache, directory } = cacheWith();
      await recordFetched(cache, bookwormRepository, kernel, [{ item, directory }]);
      const path = recordPath(cache, bookwormRepository, kernel);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"headers"', JSON.stringify(hostile)));
      expect(readRecord(cache, path)?.packages.map((one) => dirname(one.directory))).toEqual([
        join(cache, 'packages'),
      ]);
    },
  );

  it('is one for each arch of a release', () => {
    const paths = ['arm64', 'x86_64'].map((arch) =>
      recordPath('/cache', bookwormRepository, { release: '6.4.0-default', arch }),
    );
    expect(new Set(paths).size).toBe(2);
  });

  it.each(['../../../../etc/x', '/etc/x', 'a/b', '..'])(
    'lies where records lie, for the release %s too',
    async (hostile) => {
      const cache = temporaryDirectory();
      const path = recordPath(cache, bookwormRepository, { release: hostile, arch: 'arm64' });
      expect(dirname(path)).toBe(join(cache, 'kernels/debian/bookworm'));
      await recordFetched(cache, bookwormRepository, { ...kernel, release: hostile }, []);
      expect(fetchedKernels(cache, bookwormRepository)).toMatchObject([{ release: hostile }]);
    },
  );

  it.each([
    ['of an earlier version', '{"release":"6.1.0-56-arm64","arch":"arm64","packages":[]}'],
    ['cut short', '{"release":"6.1.0-5'],
    ['empty', ''],
    ['of another shape', '{"ref":"a:b/x","release":"x","arch":"arm64","kdir":"/","packages":{}}'],
    ['no object', 'null'],
  ])('counts for nothing where it is %s', (_, text) => {
    const cache = temporaryDirectory();
    const path = recordPath(cache, bookwormRepository, kernel);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    writeFileSync(`${path}.absent`, '{}');
    expect(readdirSync(dirname(path))).toHaveLength(2);
    expect(fetchedKernels(cache, bookwormRepository)).toEqual([]);
  });
});

describe('resolutionOf', () => {
  const resolve = async (kdir: string, path = kernel.kdir, sha256 = 'ab12') => {
    const { cache, directory } = cacheWith(path);
    const parts = [{ item: { ...item, sha256 }, directory }];
    const fetched = await recordFetched(cache, bookwormRepository, { ...kernel, kdir }, parts);
    return { cache, fetched, one: resolutionOf(cache, bookwormRepository, fetched) };
  };

  /** The KDIR that a record is resolved to. */
  async function read(...args: Parameters<typeof resolve>): Promise<Kdir> {
    const { one } = await resolve(...args);
    if ('error' in one) throw one.error;
    return one.kdir;
  }

  it('reads the KDIR in the packages', async () => {
    expect(await read(kernel.kdir)).toMatchObject({
      ...{ path: kernel.kdir, release, arch: 'arm64', suite: 'bookworm', inPlace: false },
    });
  });

  it('has an identity that is that of the packages, wherever they are', async () => {
    const { identity } = await read(kernel.kdir);
    expect((await read(kernel.kdir)).identity).toBe(identity);
    expect((await read(kernel.kdir, kernel.kdir, 'cd34')).identity).not.toBe(identity);
  });

  it.each(['/usr/src/linux-*-obj/*/default', '/usr/src/linux-6.4.[0-9]-obj/arm64/default'])(
    'finds the KDIR that %s names',
    async (glob) => {
      const path = '/usr/src/linux-6.4.0-obj/arm64/default';
      expect((await read(glob, path)).path).toBe(path);
    },
  );

  it('notes that a kernel was used', async () => {
    const { cache, fetched } = await resolve(kernel.kdir);
    const record = recordPath(cache, bookwormRepository, fetched);
    utimesSync(record, 1, 1);
    resolutionOf(cache, bookwormRepository, fetched);
    expect(statSync(record).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('says which glob the packages have nothing of, and whose it is', async () => {
    const { one } = await resolve('/usr/src/kernels/*', '/usr/src/other/x');
    expect(one).toMatchObject({
      ...{ ref: `debian:bookworm/${release}`, release, arch: 'arm64' },
      error: {
        code: 'KDIR_NOT_FOUND',
        message: `the packages of debian:bookworm for ${release} hold no /usr/src/kernels/*`,
      },
    });
  });

  it('says what a KDIR lacks', async () => {
    const { one } = await resolve('/usr/src/elsewhere');
    expect(one).toMatchObject({ error: { code: 'KDIR_NOT_FOUND' } });
  });
});
