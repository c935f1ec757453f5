import { symlinkSync } from 'node:fs';
import { release as runningRelease } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archByName, type Arch } from '../arch/arch.js';
import {
  archiveWithout,
  bookwormArchive,
  filesOf,
  newest,
} from '../../test/support/bookworm-archive.js';
import { fakeApt } from '../../test/support/fake-apt.js';
import { arm64Config, kdirFiles, release } from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { isDirectory } from './kdir.js';
import { listKernels, resolveEach, resolveKernels } from './resolve.js';

const { context } = fakeApt({ index: undefined, packages: {} });
const [arm64, x86] = [archByName('arm64'), archByName('x86_64')];

const arm64Kdir = () => temporaryDirectory(kdirFiles());
const x86Kdir = () =>
  temporaryDirectory(
    kdirFiles(arm64Config.replace('CONFIG_ARM64=y', 'CONFIG_X86_64=y').replaceAll('arm64', 'x86')),
  );

describe('resolveKernels', () => {
  it('reads the KDIRs at paths, each for its own arch, whatever is the default', async () => {
    const paths = [arm64Kdir(), x86Kdir()];
    const kdirs = await resolveKernels(paths, [x86], undefined, context);
    expect(kdirs.map(({ path, arch }) => [path, arch])).toEqual([
      [paths[0], 'arm64'],
      [paths[1], 'x86_64'],
    ]);
  });

  it('names a KDIR once, by whatever paths it is named', async () => {
    const path = arm64Kdir();
    const link = join(temporaryDirectory(), 'build');
    symlinkSync(path, link);
    const kdirs = await resolveKernels([path, link, `${path}/`, path], [arm64], undefined, context);
    expect(kdirs.map((kdir) => kdir.path)).toEqual([path]);
  });

  it('takes of several KDIRs those of the archs that are asked', async () => {
    const paths = [arm64Kdir(), x86Kdir()];
    const kdirs = await resolveKernels(paths, [arm64], [arm64], context);
    expect(kdirs.map(({ arch }) => arch)).toEqual(['arm64']);
  });

  it('refuses an arch that is asked and that the KDIR is not for', async () => {
    const path = arm64Kdir();
    const error = await kbuildErrorOf(() => resolveKernels([path], [x86], [x86], context));
    expect(error.code).toBe('KDIR_ARCH_MISMATCH');
    expect(error.message).toBe(`the KDIR ${path} is for arm64, and x86_64 was asked`);
  });

  it('refuses an arch that is asked and that no KDIR is for, though another one is met', async () => {
    const path = arm64Kdir();
    const error = await kbuildErrorOf(() =>
      resolveKernels([path], [arm64, x86], [arm64, x86], context),
    );
    expect(error.message).toContain('x86_64');
  });

  it('reads a path relative to the working directory', async () => {
    const path = arm64Kdir();
    const near = `./${relative(process.cwd(), path)}`;
    const [kdir] = await resolveKernels([near], [arm64], undefined, context);
    expect(kdir?.path).toBe(path);
  });

  it("reads a path below the user's home", async () => {
    const path = arm64Kdir();
    const home = process.env.HOME;
    process.env.HOME = dirname(path);
    try {
      const [kdir] = await resolveKernels([`~/${basename(path)}`], [arm64], undefined, context);
      expect(kdir?.path).toBe(path);
    } finally {
      process.env.HOME = home;
    }
  });

  it('says what a path lacks', async () => {
    const path = temporaryDirectory();
    const error = await kbuildErrorOf(() => resolveKernels([path], [arm64], undefined, context));
    expect(error.code).toBe('KDIR_NOT_CONFIGURED');
    const nowhere = await kbuildErrorOf(() =>
      resolveKernels([`${path}/nothing`], [arm64], undefined, context),
    );
    expect(nowhere.code).toBe('KDIR_NOT_FOUND');
  });

  it("names the running kernel's headers where they are not installed", async () => {
    const build = `/lib/modules/${runningRelease()}/build`;
    if (isDirectory(build)) {
      const [kdir] = await resolveKernels(['host'], [arm64], undefined, context);
      expect(kdir?.inPlace).toBe(true);
    } else {
      const error = await kbuildErrorOf(() =>
        resolveKernels(['host'], [arm64], undefined, context),
      );
      expect(error.code).toBe('KDIR_NOT_FOUND');
      expect(error.message).toContain(build);
    }
  });

  it('refuses what is no reference before it reads any', async () => {
    const error = await kbuildErrorOf(() => resolveKernels(['6.1'], [arm64], undefined, context));
    expect(error.code).toBe('KERNEL_REF');
  });
});

describe('listKernels', () => {
  it('lists the one kernel of a path', async () => {
    const path = arm64Kdir();
    expect(await listKernels(path, [x86], context)).toEqual([
      { ref: path, release, arch: 'arm64', stock: expect.any(Boolean), fetched: true },
    ]);
  });

  it('lists the running kernel where its headers are there', async () => {
    const fetched = isDirectory(`/lib/modules/${runningRelease()}/build`);
    const refs = (await listKernels('host', [], context)).map(({ ref }) => ref);
    expect(refs.includes('host')).toBe(fetched);
  });

  it('lists what a selector names of a repository', async () => {
    const listed = await listKernels('debian:bookworm/6.1.0-56..', [arm64, x86], mirror().context);
    expect(listed.map(({ ref }) => ref).sort()).toEqual(
      ['amd64', 'arm64', 'rt-amd64', 'rt-arm64'].map((f) => `debian:bookworm/6.1.0-56-${f}`),
    );
  });
});

const mirror = () => fakeApt(bookwormArchive());

describe('resolveEach', () => {
  const resolve = (refs: string[], asked?: Arch[], apt = mirror()) =>
    resolveEach(refs, asked ?? [arm64, x86], asked, apt.context);

  it('names a kernel once, by whatever references it is named', async () => {
    const refs = ['debian:bookworm', 'debian:bookworm/6.1.0-56-arm64', 'debian:bookworm/*/latest'];
    const resolutions = await resolve(refs, [arm64]);
    expect(resolutions).toMatchObject([{ kdir: { release: '6.1.0-56-arm64' } }]);
  });

  it('gives what cannot be had or used as a value, once, beside what can', async () => {
    const empty = temporaryDirectory();
    const apt = fakeApt(archiveWithout(filesOf(newest).headers));
    const ref = 'debian:bookworm/6.1.0-56-arm64';
    const refs = [ref, ref, empty, empty, 'debian:bookworm/6.1.0-50-arm64'];
    const resolutions = await resolve(refs, undefined, apt);
    expect(resolutions).toMatchObject([
      { ref, release: '6.1.0-56-arm64', arch: 'arm64', error: { code: 'FETCH_FAILED' } },
      { ref: empty, error: { code: 'KDIR_NOT_CONFIGURED' } },
      { kdir: { release: '6.1.0-50-arm64' } },
    ]);
  });

  it('says which arch that was asked for no kernel is for', async () => {
    const error = await kbuildErrorOf(() => resolve(['debian:bookworm/6.1.0-5?-arm64'], [x86]));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    const both = await kbuildErrorOf(() =>
      resolve(['debian:bookworm/6.1.0-50-arm64'], [arm64, x86]),
    );
    expect(both.code).toBe('KERNEL_ARCH_UNSUPPORTED');
    expect(both.message).toContain('x86_64');
  });

  it('takes a kernel that cannot be had for one that was met', async () => {
    const apt = fakeApt(archiveWithout(filesOf(newest).headers));
    const [failure] = await resolve(['debian:bookworm/6.1.0-56-arm64'], [arm64], apt);
    expect(failure).toMatchObject({ arch: 'arm64', error: { code: 'FETCH_FAILED' } });
  });

  it('refuses what is no reference', async () => {
    expect((await kbuildErrorOf(() => resolve(['debian:bookworm/$(x)']))).code).toBe('KERNEL_REF');
    expect((await kbuildErrorOf(() => resolve(['debian:wheezy']))).code).toBe('KERNEL_UNKNOWN');
  });
});

describe('resolveKernels of a repository', () => {
  it('throws where one kernel cannot be had', async () => {
    const { context } = fakeApt(archiveWithout(filesOf(newest).headers));
    const refs = ['debian:bookworm/6.1.0-5?-arm64'];
    const error = await kbuildErrorOf(() => resolveKernels(refs, [arm64], undefined, context));
    expect(error.code).toBe('FETCH_FAILED');
  });
});
