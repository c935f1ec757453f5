import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { aptIndexText, bookwormKernel } from '../../test/support/apt-stanza.js';
import { fakeApt, type Archive } from '../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { refreshIndex } from './refresh.js';
import { listKernels } from './resolve.js';

const archs = [archByName('arm64')];

const archive = (...abis: string[]): Archive => ({
  index: aptIndexText(...abis.flatMap((abi) => bookwormKernel(abi, '6.1.192-2'))),
  packages: {},
});

describe('refreshIndex', () => {
  it('makes kernels known that came since the index was read', async () => {
    const mirror = archive('6.1.0-50');
    const { context } = fakeApt(mirror);
    const releases = async () =>
      (await listKernels('debian:bookworm/*-arm64', archs, context))
        .map(({ release }) => release)
        .sort();
    const before = await releases();
    mirror.index = archive('6.1.0-50', '6.1.0-56').index;
    expect(await releases()).toEqual(before);
    await refreshIndex(['debian:bookworm'], context);
    expect(await releases()).toEqual([...before, '6.1.0-56-arm64', '6.1.0-56-rt-arm64']);
  });

  it('reads the index of each suite once, and none for what has no index', async () => {
    const { context, updates } = fakeApt(archive('6.1.0-50'));
    await refreshIndex(['host', '/usr/src/linux'], context);
    expect(updates()).toBe(0);
    const refs = ['debian:bookworm', 'debian:bookworm/6.1.0-50-arm64', 'debian:trixie'];
    await refreshIndex(refs, context);
    expect(updates()).toBe(2);
  });

  it('reads the index of every suite that a glob names', async () => {
    const { context, runs } = fakeApt(archive('6.1.0-50'));
    await refreshIndex(['debian:*/latest', 'debian:bookworm'], context);
    const debian = context.repositories.filter(({ distribution }) => distribution === 'debian');
    expect(runs.map(({ title }) => title).sort()).toEqual(
      debian.map(({ name }) => `apt for debian:${name}`).sort(),
    );
  });

  it('fails where an index cannot be had, though there is an old one', async () => {
    const mirror = archive('6.1.0-50');
    const { context } = fakeApt(mirror);
    await refreshIndex(['debian:bookworm'], context);
    mirror.index = undefined;
    const error = await kbuildErrorOf(() => refreshIndex(['debian:bookworm'], context));
    expect(error.code).toBe('FETCH_FAILED');
  });

  it('refuses what is no reference before it reads any index', async () => {
    const { context, updates } = fakeApt(archive('6.1.0-50'));
    const error = await kbuildErrorOf(() => refreshIndex(['debian:bookworm', 'x'], context));
    expect(error.code).toBe('KERNEL_REF');
    expect(updates()).toBe(0);
  });
});
