import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptIndexText, bookwormKernel } from '../../../test/support/apt-stanza.js';
import { bookwormArchive, packagesOf } from '../../../test/support/bookworm-archive.js';
import { bookwormRepository, fakeApt, type Archive } from '../../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { archByName } from '../../arch/arch.js';
import { interrupted, KbuildError } from '../../errors/kbuild-error.js';
import { parseKernelRef } from '../ref.js';
import { shippedRepositories, type AptRepository, type Repository } from '../repository.js';
import { recordFetched } from './fetched-kernel.js';
import type { ProviderContext, RefOf } from './port.js';
import { repositoryProvider } from './repository.js';

const [arm64, x86] = [archByName('arm64'), archByName('x86_64')];

const refOf = (text: string, { repositories }: ProviderContext) =>
  parseKernelRef(text, repositories) as RefOf<'repository'>;

const resolve = (text: string, context: ProviderContext, archs = [arm64]) =>
  repositoryProvider.resolve(refOf(text, context), archs, context);

const list = (text: string, context: ProviderContext, archs = [arm64]) =>
  repositoryProvider.list(refOf(text, context), archs, context);

describe('resolving debian:<suite>', () => {
  it('gives the newest kernel of each arch', async () => {
    const { context } = fakeApt(bookwormArchive());
    expect(await resolve('debian:bookworm', context)).toMatchObject([
      { ref: 'debian:bookworm/6.1.0-56-arm64', kdir: { release: '6.1.0-56-arm64' } },
    ]);
  });

  it('says so where the suite has no kernel for an arch', async () => {
    const index = aptIndexText(...bookwormKernel('6.1.0-56', '6.1.192-2'));
    const { context } = fakeApt({ ...bookwormArchive(), index });
    const error = await kbuildErrorOf(() => resolve('debian:bookworm', context));
    expect(error.code).toBe('KERNEL_ARCH_UNSUPPORTED');
    expect(error.message).toBe('debian:bookworm has no kernel headers for arm64');
    expect(error.hint).toContain('kernel list debian:bookworm');
  });

  it('asks every repository that a glob names', async () => {
    const { context, runs } = fakeApt(bookwormArchive());
    const [...resolutions] = await resolve('debian:b*', context);
    const refs = resolutions.map(({ ref }) => ref.split('/')[0]);
    expect(refs).toEqual(['debian:bookworm-backports', 'debian:bookworm', 'debian:bullseye']);
    const indexes = runs.filter(({ script }) => script.includes('cat-file'));
    expect(indexes.map(({ image }) => image)).toEqual(['bookworm', 'bookworm', 'bullseye']);
  });
});

describe('resolving debian:<suite>/<release>', () => {
  it('gives that release, of whatever arch it is', async () => {
    const { context } = fakeApt(bookwormArchive());
    expect(await resolve('debian:bookworm/6.1.0-50-arm64', context, [x86])).toMatchObject([
      { kdir: { release: '6.1.0-50-arm64', arch: 'arm64' } },
    ]);
  });

  it('needs no index for a release that is there, nor an image', async () => {
    const archive = bookwormArchive();
    const { context, runs } = fakeApt(archive);
    const [first] = await resolve('debian:bookworm/6.1.0-50-arm64', context);
    expect(first).toHaveProperty('kdir.release', '6.1.0-50-arm64');
    archive.index = undefined;
    rmSync(join(context.cache, 'repositories'), { recursive: true });
    const count = runs.length;
    for (const offline of [false, true]) {
      const again = { ...context, offline };
      const [kernel, ...others] = await resolve('debian:bookworm/6.1.0-50-arm64', again, [x86]);
      expect({ ...kernel, survey: undefined }).toEqual({ ...first, survey: undefined });
      expect(others).toEqual([]);
    }
    expect(runs).toHaveLength(count);
  });

  it('reads the index anew for a release that it does not name', async () => {
    const archive = bookwormArchive();
    const { context, updates } = fakeApt(archive);
    await list('debian:bookworm', context);
    const [abi, version] = ['6.1.0-57', '6.1.195-1'];
    archive.index = `${archive.index}\n${aptIndexText(...bookwormKernel(abi, version))}`;
    Object.assign(archive.packages, packagesOf({ abi, version }));
    expect(await resolve('debian:bookworm/6.1.0-57-arm64', context)).toMatchObject([
      { kdir: { release: '6.1.0-57-arm64' } },
    ]);
    expect(updates()).toBe(2);
  });

  it('refuses a release that the suite does not have, with the nearest', async () => {
    const { context } = fakeApt(bookwormArchive());
    const error = await kbuildErrorOf(() => resolve('debian:bookworm/6.1.0-65-arm64', context));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.message).toBe('debian:bookworm has no kernel 6.1.0-65-arm64');
    expect(error.hint).toMatch(/Did you mean '6\.1\.0-5[06]-arm64'\?/);
  });

  it.each(['6.1.0-56-common', '6.1.0-56-common-rt', 'arm64'])(
    'does not take linux-headers-%s for a kernel',
    async (release) => {
      const { context } = fakeApt(bookwormArchive());
      const error = await kbuildErrorOf(() => resolve(`debian:bookworm/${release}`, context));
      expect(error.code).toBe('KERNEL_UNKNOWN');
    },
  );

  it('does not ask offline for a release that the index does not name', async () => {
    const { context, updates } = fakeApt(bookwormArchive());
    await list('debian:bookworm', context);
    const offline = { ...context, offline: true };
    const error = await kbuildErrorOf(() => resolve('debian:bookworm/6.1.0-65-arm64', offline));
    expect([error.code, updates()]).toEqual(['FETCH_FAILED', 1]);
    expect(error.message).toContain('--offline');
  });
});

describe('resolving debian:<suite>/<glob or range>', () => {
  it('gives all that match, whether they can be had or not', async () => {
    const { context } = fakeApt(bookwormArchive());
    const resolutions = await resolve('debian:bookworm/6.1.0-56..', context);
    expect(resolutions.map((one) => [one.ref.split('/')[1], 'kdir' in one])).toEqual(
      expect.arrayContaining([
        ['6.1.0-56-arm64', true],
        ['6.1.0-56-rt-arm64', false], // the mirror has no packages of it
      ]),
    );
  });

  it.each(['5.*', '7.0..', '*-cloud-*/latest'])('refuses %s, which matches none', async (text) => {
    const { context, updates } = fakeApt(bookwormArchive());
    const error = await kbuildErrorOf(() => resolve(`debian:bookworm/${text}`, context));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.message).toContain(`no kernel '${text.replace('/latest', '')}' for arm64`);
    expect(updates()).toBe(1);
  });
});

describe('resolving where a repository does not answer', () => {
  /** Debian 12 answers; sid does not. */
  function withSilentSid() {
    const apt = fakeApt(bookwormArchive());
    const { runInSuite } = apt.context;
    apt.context.runInSuite = (suite, run) => {
      if (suite.name === 'bookworm') return runInSuite(suite, run);
      return Promise.reject(new KbuildError('FETCH_FAILED', `${suite.name} is silent`, 'Wait.'));
    };
    apt.context.repositories = shippedRepositories().filter(
      ({ distribution, name }) => distribution === 'debian' && /^(bookworm|sid)$/.test(name),
    );
    return apt.context;
  }

  it('gives the kernels of the others, and why it has none of that one', async () => {
    const resolutions = await resolve('debian:*', withSilentSid());
    expect(resolutions).toHaveLength(2);
    expect(resolutions).toContainEqual(
      expect.objectContaining({ ref: 'debian:bookworm/6.1.0-56-arm64' }),
    );
    expect(resolutions).toContainEqual({
      ref: 'debian:sid/latest',
      error: expect.objectContaining({ code: 'FETCH_FAILED', message: 'sid is silent' }) as unknown,
    });
  });

  it('names in it what was wanted of that one', async () => {
    const resolutions = await resolve('debian:*/6.1.0-56-arm*', withSilentSid());
    expect(resolutions.map(({ ref }) => ref).sort()).toEqual([
      'debian:bookworm/6.1.0-56-arm64',
      'debian:sid/6.1.0-56-arm*',
    ]);
  });

  it('says nothing of it where a release was found elsewhere', async () => {
    const resolutions = await resolve('debian:*/6.1.0-56-arm64', withSilentSid());
    expect(resolutions.map(({ ref }) => ref)).toEqual(['debian:bookworm/6.1.0-56-arm64']);
  });

  it('does not say that there is no such release where not all have answered', async () => {
    const resolutions = await resolve('debian:*/6.1.0-99-arm64', withSilentSid());
    expect(resolutions).toEqual([
      {
        ref: 'debian:sid/6.1.0-99-arm64',
        error: expect.objectContaining({ message: 'sid is silent' }) as unknown,
      },
    ]);
  });

  it('ends where it is interrupted, and for a fault of its own', async () => {
    for (const error of [interrupted(), new TypeError('a fault')]) {
      const context = withSilentSid();
      context.runInSuite = () => Promise.reject(error);
      await expect(resolve('debian:*', context)).rejects.toBe(error);
    }
  });
});

describe('a release that was fetched for one arch', () => {
  const release = '6.8.0-45-generic';
  const apt: AptRepository = {
    ...bookwormRepository,
    distribution: 'acme',
    name: 'stable',
    kernels: {
      package: '^linux-headers-(\\d.*-generic)$',
      latest: 'linux-headers-generic',
      kdir: '/usr/src/linux-headers-{release}',
    },
  };
  const dnf: Repository = {
    distribution: 'acme',
    name: '9',
    manager: 'dnf',
    image: 'acme/dnf:9',
    kernels: [
      {
        package: 'kernel-devel',
        uname: '{version}-{release}',
        kdir: '/usr/src/kernels/{uname}',
        stock: true,
      },
    ],
  };
  const stanzas = ['arm64', 'amd64'].map((arch) => ({
    ...{ name: `linux-headers-${release}`, version: '1', arch },
  }));
  const nothing = { index: undefined, packages: {} };

  async function fetchedFor(arch: string, repository: Repository, archive = nothing as Archive) {
    const { context, runs } = fakeApt(archive);
    context.repositories = [repository];
    const kdir = `/usr/src/linux-headers-${release}`;
    const kernel = { release, arch, stock: true, sets: [], kdir };
    await recordFetched(context.cache, repository, kernel, []);
    return { context, runs };
  }

  it('needs no index for that arch', async () => {
    for (const repository of [apt, dnf]) {
      const { context, runs } = await fetchedFor('arm64', repository);
      const ref = `acme:${repository.name}/${release}`;
      expect(await resolve(ref, context, [arm64])).toMatchObject([{ ref, arch: 'arm64' }]);
      expect(runs).toEqual([]);
    }
  });

  it.each([[[x86]], [[arm64, x86]]])(
    'is not taken for another, of which its name says nothing (apt)',
    async (archs) => {
      const archive = { index: aptIndexText(...stanzas), packages: {} };
      const { context, runs } = await fetchedFor('arm64', apt, archive);
      const resolutions = await resolve(`acme:stable/${release}`, context, archs);
      const found = resolutions.map((one) => ('kdir' in one ? one.kdir.arch : one.arch));
      expect(found.sort()).toEqual(archs.map(({ name }) => name).sort());
      expect(runs[0]?.title).toBe('apt for acme:stable');
    },
  );

  it('is not taken for another, of which its name says nothing (dnf)', async () => {
    const { context } = await fetchedFor('arm64', dnf);
    context.runInImage = () => Promise.reject(new KbuildError('FETCH_FAILED', 'dnf is asked', ''));
    expect(await resolve(`acme:9/${release}`, context, [x86])).toMatchObject([
      { error: { message: 'dnf is asked' } },
    ]);
  });
});

describe('listing', () => {
  it('names the kernels of each arch as --kernel takes them, and what is there', async () => {
    const { context } = fakeApt(bookwormArchive());
    await resolve('debian:bookworm', context);
    const listed = await list('debian:bookworm/*', context, [arm64, x86]);
    expect(listed).toHaveLength(8);
    expect(listed).toContainEqual({
      ref: 'debian:bookworm/6.1.0-56-arm64',
      release: '6.1.0-56-arm64',
      arch: 'arm64',
      stock: true,
      fetched: true,
    });
    expect(listed).toContainEqual({
      ref: 'debian:bookworm/6.1.0-56-rt-amd64',
      release: '6.1.0-56-rt-amd64',
      arch: 'x86_64',
      stock: false,
      fetched: false,
    });
  });

  it('lists what a selector names, and fetches none of it', async () => {
    const { context, downloads } = fakeApt(bookwormArchive());
    const releases = (await list('debian:bookworm/*-rt-*', context)).map(({ release }) => release);
    expect(releases.sort()).toEqual(['6.1.0-50-rt-arm64', '6.1.0-56-rt-arm64']);
    expect(await list('debian:bookworm/7.*', context)).toEqual([]);
    expect(downloads).toEqual([]);
  });
});
