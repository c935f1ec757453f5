import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archByName, hostArch } from '../../arch/arch.js';
import { aptIndexText, bookwormKernel, metaPackages } from '../../../test/support/apt-stanza.js';
import { fakeApt, type Archive } from '../../../test/support/fake-apt.js';
import { debianHeaders, kdirFiles, under } from '../../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import type { FileTree } from '../../../test/support/temporary-directory.js';
import { debianProvider } from './debian.js';

const arm64 = archByName('arm64');
const machine = hostArch().debian;

/** The packages of one release for arm64, each in one directory, as a mirror offers them. */
function packagesOf(abi: string, version: string): Record<string, FileTree> {
  const release = `${abi}-arm64`;
  const kdir: FileTree = {
    ...kdirFiles(),
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
  };
  return {
    [`linux-headers-${release}:arm64=${version}`]: under(`usr/src/linux-headers-${release}`, kdir),
    [`linux-headers-${abi}-common=${version}`]: { 'usr/src/common': '' },
    [`linux-kbuild-6.1:${machine}=${version}`]: debianHeaders.kbuild,
  };
}

const newest = { abi: '6.1.0-56', version: '6.1.192-2' };
const older = { abi: '6.1.0-50', version: '6.1.176-1' };

const bookworm = (): Archive => ({
  index: aptIndexText(
    ...metaPackages(newest.abi, newest.version),
    ...metaPackages(older.abi, older.version),
    ...bookwormKernel(newest.abi, newest.version),
    ...bookwormKernel(older.abi, older.version),
  ),
  packages: {
    ...packagesOf(newest.abi, newest.version),
    ...packagesOf(older.abi, older.version),
  },
});

const ref = { provider: 'debian', suite: 'bookworm' } as const;

/** Makes the index in a cache older than it may be believed. */
function age(cache: string): void {
  utimesSync(join(cache, 'apt/bookworm/index'), 1, 1);
}

describe('resolving debian:<suite>', () => {
  it('fetches the newest kernel of each arch, and reads its KDIR from the packages', async () => {
    const { context, downloads } = fakeApt(bookworm());
    const [kdir, ...others] = await debianProvider.resolve(ref, [arm64], context);
    expect(others).toEqual([]);
    expect(kdir).toMatchObject({
      path: '/usr/src/linux-headers-6.1.0-56-arm64',
      release: '6.1.0-56-arm64',
      arch: 'arm64',
      suite: 'bookworm',
      inPlace: false,
    });
    expect(kdir?.symversPath.startsWith(context.cache)).toBe(true);
    expect(downloads).toEqual(Object.keys(packagesOf(newest.abi, newest.version)));
  });

  it('fetches nothing twice', async () => {
    const { context, downloads, updates } = fakeApt(bookworm());
    const first = await debianProvider.resolve(ref, [arm64], context);
    const count = downloads.length;
    expect(await debianProvider.resolve(ref, [arm64], context)).toEqual(first);
    expect([downloads.length, updates()]).toEqual([count, 1]);
  });

  it('fetches again what was cleared from the cache', async () => {
    const { context, downloads } = fakeApt(bookworm());
    const [first] = await debianProvider.resolve(ref, [arm64], context);
    const packages = join(context.cache, 'packages');
    const kbuild = readdirSync(packages).find((name) => name.startsWith('linux-kbuild'));
    rmSync(join(packages, kbuild ?? ''), { recursive: true });
    expect(await debianProvider.resolve(ref, [arm64], context)).toEqual([first]);
    expect(downloads.at(-1)).toContain('linux-kbuild');
    expect(downloads).toHaveLength(4);
  });

  it('has an identity that is that of the packages, whatever machine they are on', async () => {
    const [one] = await debianProvider.resolve(ref, [arm64], fakeApt(bookworm()).context);
    const [other] = await debianProvider.resolve(ref, [arm64], fakeApt(bookworm()).context);
    expect(one?.identity).toBe(other?.identity);
    expect(one?.symversPath).not.toBe(other?.symversPath);
  });

  it('takes the kernel before, and says so, while the mirror lacks the newest', async () => {
    const archive = bookworm();
    Reflect.deleteProperty(
      archive.packages,
      `linux-headers-6.1.0-56-arm64:arm64=${newest.version}`,
    );
    const { context, events } = fakeApt(archive);
    const [kdir] = await debianProvider.resolve(ref, [arm64], context);
    expect(kdir?.release).toBe('6.1.0-50-arm64');
    const warning = events.find((event) => event.type === 'warning');
    expect(warning?.message).toContain('6.1.0-56-arm64 is the newest kernel of bookworm');
    expect(warning?.hint).toContain('404');
  });

  it('does not ask the mirror for the same absent package at every run', async () => {
    const archive = bookworm();
    Reflect.deleteProperty(
      archive.packages,
      `linux-headers-6.1.0-56-arm64:arm64=${newest.version}`,
    );
    const { context, downloads } = fakeApt(archive);
    await debianProvider.resolve(ref, [arm64], context);
    const count = downloads.length;
    await debianProvider.resolve(ref, [arm64], context);
    expect(downloads).toHaveLength(count);
  });

  it('fails with what apt said when no kernel of the suite can be fetched', async () => {
    const { context } = fakeApt({ ...bookworm(), packages: {} });
    const error = await kbuildErrorOf(() => debianProvider.resolve(ref, [arm64], context));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toContain('E: Failed to fetch http://mirror/debian/');
  });

  it('says so where the suite has no kernel for an arch', async () => {
    const archive = bookworm();
    archive.index = aptIndexText(...bookwormKernel('6.1.0-56', '6.1.192-2'));
    const error = await kbuildErrorOf(() =>
      debianProvider.resolve(ref, [arm64], fakeApt(archive).context),
    );
    expect(error.code).toBe('KERNEL_ARCH_UNSUPPORTED');
  });

  it('leaves nothing half fetched behind', async () => {
    const archive = bookworm();
    Reflect.deleteProperty(archive.packages, `linux-kbuild-6.1:${machine}=${newest.version}`);
    Reflect.deleteProperty(archive.packages, `linux-kbuild-6.1:${machine}=${older.version}`);
    const { context } = fakeApt(archive);
    await kbuildErrorOf(() => debianProvider.resolve(ref, [arm64], context));
    expect(readdirSync(context.cache)).not.toContain('packages');
    expect(readdirSync(context.scratch)).toEqual(['.keep']);
  });
});

describe('resolving debian:<suite>/<release>', () => {
  it('fetches that release, of whatever arch it is', async () => {
    const { context } = fakeApt(bookworm());
    const asked = { ...ref, release: '6.1.0-50-arm64' };
    const [kdir] = await debianProvider.resolve(asked, [archByName('x86_64')], context);
    expect(kdir).toMatchObject({ release: '6.1.0-50-arm64', arch: 'arm64' });
  });

  it('needs no index for a release that is there', async () => {
    const archive = bookworm();
    const { context } = fakeApt(archive);
    const asked = { ...ref, release: '6.1.0-50-arm64' };
    const first = await debianProvider.resolve(asked, [arm64], context);
    archive.index = undefined;
    rmSync(join(context.cache, 'apt'), { recursive: true });
    expect(await debianProvider.resolve(asked, [arm64], context)).toEqual(first);
  });

  it('reads the index anew for a release that it does not name', async () => {
    const archive = bookworm();
    const { context, updates } = fakeApt(archive);
    await debianProvider.list(ref, [arm64], context);
    const [abi, version] = ['6.1.0-57', '6.1.195-1'];
    archive.index = `${archive.index}\n${aptIndexText(...bookwormKernel(abi, version))}`;
    Object.assign(archive.packages, packagesOf(abi, version));
    const asked = { ...ref, release: '6.1.0-57-arm64' };
    const [kdir] = await debianProvider.resolve(asked, [arm64], context);
    expect(kdir?.release).toBe('6.1.0-57-arm64');
    expect(updates()).toBe(2);
  });

  it('refuses a release that the suite does not have, with the nearest', async () => {
    const { context } = fakeApt(bookworm());
    const asked = { ...ref, release: '6.1.0-65-arm64' };
    const error = await kbuildErrorOf(() => debianProvider.resolve(asked, [arm64], context));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.message).toBe('bookworm has no kernel 6.1.0-65-arm64');
    expect(error.hint).toMatch(/Did you mean '6\.1\.0-5[06]-arm64'\?/);
  });

  it('does not take a part of headers for a kernel', async () => {
    const { context } = fakeApt(bookworm());
    const asked = { ...ref, release: '6.1.0-56-common' };
    const error = await kbuildErrorOf(() => debianProvider.resolve(asked, [arm64], context));
    expect(error.code).toBe('KERNEL_UNKNOWN');
  });

  it('takes older host tools where the newest cannot be had', async () => {
    const archive = bookworm();
    Reflect.deleteProperty(archive.packages, `linux-kbuild-6.1:${machine}=${older.version}`);
    const { context, downloads } = fakeApt(archive);
    const asked = { ...ref, release: '6.1.0-50-arm64' };
    const [kdir] = await debianProvider.resolve(asked, [arm64], context);
    expect(kdir?.release).toBe('6.1.0-50-arm64');
    expect(downloads).toContain(`linux-kbuild-6.1:${machine}=${newest.version}`);
  });
});

describe('the index of a suite', () => {
  it('is read anew after a day', async () => {
    const { context, updates } = fakeApt(bookworm());
    await debianProvider.list(ref, [arm64], context);
    await debianProvider.list(ref, [arm64], context);
    expect(updates()).toBe(1);
    age(context.cache);
    await debianProvider.list(ref, [arm64], context);
    expect(updates()).toBe(2);
  });

  it('serves although it is old, with a warning, while the mirror does not answer', async () => {
    const archive = bookworm();
    const { context, events } = fakeApt(archive);
    const before = await debianProvider.list(ref, [arm64], context);
    age(context.cache);
    archive.index = undefined;
    expect(await debianProvider.list(ref, [arm64], context)).toEqual(before);
    const warning = events.find((event) => event.type === 'warning');
    expect(warning?.message).toContain('the package index of bookworm could not be updated');
    expect(warning?.message).toContain('Temporary failure resolving');
  });

  it('fails with what apt said where there is none yet', async () => {
    const { context } = fakeApt({ index: undefined, packages: {} });
    const error = await kbuildErrorOf(() => debianProvider.list(ref, [arm64], context));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toContain('Temporary failure resolving');
  });

  it('is not believed when apt printed nothing, as it does with an empty mirror', async () => {
    const { context } = fakeApt({ index: '\n\n', packages: {} });
    const error = await kbuildErrorOf(() => debianProvider.list(ref, [arm64], context));
    expect(error.code).toBe('FETCH_FAILED');
  });
});

describe('listing debian:<suite>', () => {
  it('names the releases of each arch as --kernel takes them, and what is there', async () => {
    const { context } = fakeApt(bookworm());
    await debianProvider.resolve(ref, [arm64], context);
    const listed = await debianProvider.list(ref, [arm64, archByName('x86_64')], context);
    expect(listed).toContainEqual({
      ref: 'debian:bookworm/6.1.0-56-arm64',
      release: '6.1.0-56-arm64',
      arch: 'arm64',
      fetched: true,
    });
    expect(listed).toContainEqual({
      ref: 'debian:bookworm/6.1.0-56-amd64',
      release: '6.1.0-56-amd64',
      arch: 'x86_64',
      fetched: false,
    });
    expect(listed).toHaveLength(8);
  });
});
