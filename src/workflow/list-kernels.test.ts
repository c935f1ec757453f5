import { describe, expect, it } from 'vitest';
import { bookwormArchive } from '../../test/support/bookworm-archive.js';
import { fakeApt } from '../../test/support/fake-apt.js';
import { kdirFiles, release } from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { interrupted, KbuildError } from '../errors/kbuild-error.js';
import { repositoryId } from '../kernel/repository.js';
import { listKernels } from './list-kernels.js';
import type { Session } from './session.js';

const arm64 = archByName('arm64');

/** Lists kernels in a session of which only the provider is there. */
const list = (apt: ReturnType<typeof fakeApt>, name?: string, filter?: string) =>
  listKernels(name, [arm64], filter, { provider: apt.context } as Session);

const mirror = () => fakeApt(bookwormArchive());
const suites = ({ context }: ReturnType<typeof fakeApt>) =>
  context.repositories.map(repositoryId).filter((id) => id.startsWith('debian:'));

/** The repositories that kernels are listed of. */
const repositories = (listed: { ref: string }[]) => [
  ...new Set(listed.map(({ ref }) => ref.split('/')[0] ?? '')),
];

describe('listKernels', () => {
  it('lists all kernels of a suite, not the newest alone', async () => {
    const releases = (await list(mirror(), 'debian:bookworm')).map((one) => one.release);
    expect(releases.toSorted()).toEqual([
      ...['6.1.0-50-arm64', '6.1.0-50-rt-arm64', '6.1.0-56-arm64', '6.1.0-56-rt-arm64'],
    ]);
  });

  it('lists what a whole reference names', async () => {
    const listed = await list(mirror(), 'debian:bookworm/latest');
    expect(listed.map(({ ref }) => ref)).toEqual(['debian:bookworm/6.1.0-56-arm64']);
  });

  it.each(['debian', 'debian:*'])('lists of %s every suite', async (name) => {
    const apt = mirror();
    expect(repositories(await list(apt, name)).sort()).toEqual(suites(apt).sort());
  });

  it('lists without a name those of Debian and of this machine', async () => {
    const apt = mirror();
    const listed = await list(apt);
    expect(repositories(listed)).toEqual(expect.arrayContaining(suites(apt)));
    const others = repositories(listed).filter((id) => !suites(apt).includes(id));
    for (const id of others) expect(id).toBe('host');
  });

  it('lists the KDIR at a path', async () => {
    const path = temporaryDirectory(kdirFiles());
    expect(await list(mirror(), path)).toMatchObject([{ ref: path, release, fetched: true }]);
  });

  it.each([
    ['*-rt-*', 2],
    ['debian:*/6.1.0-56-*', 2],
    ['6.1.0-56-arm64', 1],
    ['6.1', 0],
    ['[', 0],
    ['(.*)', 0],
  ])('keeps of them those that match %s, by release or reference', async (filter, count) => {
    expect(await list(mirror(), 'debian:bookworm', filter)).toHaveLength(count);
  });

  it('tells of several what cannot be asked, and lists the others', async () => {
    const apt = mirror();
    const { runInSuite } = apt.context;
    apt.context.runInSuite = (suite, run) => {
      if (suite.name !== 'sid') return runInSuite(suite, run);
      throw new KbuildError('FETCH_FAILED', 'it has expired', 'Give --allow-expired.');
    };
    const listed = await list(apt, 'debian');
    expect(repositories(listed)).toContain('debian:bookworm');
    expect(repositories(listed)).not.toContain('debian:sid');
    expect(apt.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: 'debian:sid/*: it has expired',
        hint: 'Give --allow-expired.',
      },
    ]);
  });

  it('fails where what cannot be asked was named alone', async () => {
    const apt = fakeApt({ index: undefined, packages: {} });
    const error = await kbuildErrorOf(() => list(apt, 'debian:bookworm'));
    expect(error.code).toBe('FETCH_FAILED');
  });

  it('ends when it is interrupted', async () => {
    const apt = mirror();
    apt.context.runInSuite = () => Promise.reject(interrupted());
    const error = await kbuildErrorOf(() => list(apt, 'debian'));
    expect(error.code).toBe('INTERRUPTED');
  });

  it.each([
    ['debain', 'KERNEL_REF'],
    ['debian:trixy', 'KERNEL_UNKNOWN'],
    ['debian:bookworm/a b', 'KERNEL_REF'],
    ['', 'KERNEL_REF'],
  ])('refuses %j', async (name, code) => {
    expect((await kbuildErrorOf(() => list(mirror(), name))).code).toBe(code);
  });

  it('fails where none of several can be asked, with what the first said', async () => {
    const apt = mirror();
    const [first = ''] = suites(apt);
    apt.context.runInSuite = (_, { title }) => {
      throw new KbuildError('FETCH_FAILED', title, '');
    };
    const error = await kbuildErrorOf(() => list(apt, 'debian'));
    expect([error.code, error.message]).toEqual(['FETCH_FAILED', `apt for ${first}`]);
  });
});
