import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bookwormRepository as debian,
  fakeApt,
  type Archive,
} from '../../../test/support/fake-apt.js';
import {
  archiveWithout,
  bookwormArchive,
  filesOf,
  newest,
  older,
} from '../../../test/support/bookworm-archive.js';
import { archByName } from '../../arch/arch.js';
import type { Kdir } from '../kdir.js';
import { parseSelector } from '../selector.js';
import { aptManager } from './apt/apt.js';
import { obtainKernels } from './obtain-kernels.js';
import type { ProviderContext, Resolution } from './port.js';
import { selectKernels } from './select.js';

const arm64 = archByName('arm64');

/** What becomes of the kernels of Debian 12 for arm64 that a selector names. */
async function obtain(context: ProviderContext, selector = 'latest'): Promise<Resolution[]> {
  const kernels = await aptManager.kernels(debian, context);
  const wanted = selectKernels(kernels, parseSelector(selector, selector), [arm64]);
  return obtainKernels(debian, wanted, context);
}

const only = (resolutions: Resolution[]): Kdir => {
  const [one, ...others] = resolutions;
  if (one === undefined || others.length > 0 || 'error' in one) throw new Error('not one KDIR');
  return one.kdir;
};

const failures = (resolutions: Resolution[]) =>
  resolutions.flatMap((one) => ('error' in one ? [one] : []));

const warnings = ({ events }: ReturnType<typeof fakeApt>) =>
  events.filter((event) => event.type === 'warning');

const unrefreshed = (context: ProviderContext) =>
  join(context.cache, 'repositories/debian/bookworm/index');

describe('obtainKernels', () => {
  it('fetches a kernel, and reads its KDIR from the packages', async () => {
    const { context, downloads } = fakeApt(bookwormArchive());
    const resolutions = await obtain(context);
    expect(resolutions).toMatchObject([{ ref: 'debian:bookworm/6.1.0-56-arm64' }]);
    expect(only(resolutions)).toMatchObject({
      path: '/usr/src/linux-headers-6.1.0-56-arm64',
      release: '6.1.0-56-arm64',
      arch: 'arm64',
      suite: 'bookworm',
      inPlace: false,
    });
    expect(only(resolutions).symversPath.startsWith(context.cache)).toBe(true);
    expect(downloads).toEqual(Object.values(filesOf(newest)));
  });

  it('fetches several in one go, and what they share once', async () => {
    const { context, downloads, runs } = fakeApt(bookwormArchive());
    const resolutions = await obtain(context, '6.1.0-5?-arm64');
    expect(failures(resolutions)).toEqual([]);
    expect(resolutions).toHaveLength(2);
    expect(new Set(downloads).size).toBe(downloads.length);
    expect(runs).toHaveLength(2); // one of the index, one of all packages
  });

  it('fetches nothing twice', async () => {
    const apt = fakeApt(bookwormArchive());
    const first = only(await obtain(apt.context));
    const count = apt.downloads.length;
    expect(only(await obtain(apt.context))).toEqual(first);
    expect([apt.downloads.length, apt.updates()]).toEqual([count, 1]);
  });

  it('fetches again what was cleared from the cache', async () => {
    const { context, downloads } = fakeApt(bookwormArchive());
    const first = only(await obtain(context));
    const packages = join(context.cache, 'packages');
    const kbuild = readdirSync(packages).find((name) => name.startsWith('linux-kbuild'));
    rmSync(join(packages, kbuild ?? ''), { recursive: true });
    expect(only(await obtain(context))).toEqual(first);
    expect(downloads.slice(3)).toEqual([filesOf(newest).kbuild]);
  });

  it('gives a KDIR whose identity is that of the packages, whatever machine they are on', async () => {
    const [one, other] = [fakeApt(bookwormArchive()), fakeApt(bookwormArchive())];
    const kdirs = [only(await obtain(one.context)), only(await obtain(other.context))];
    expect(kdirs[0]?.identity).toBe(kdirs[1]?.identity);
    expect(kdirs[0]?.symversPath).not.toBe(kdirs[1]?.symversPath);
  });

  it.each(['headers', 'common', 'kbuild'] as const)(
    'takes the kernel before, and says so, while the mirror lacks the %s of the newest',
    async (part) => {
      const apt = fakeApt(archiveWithout(filesOf(newest)[part]));
      expect(only(await obtain(apt.context)).release).toBe('6.1.0-50-arm64');
      expect(warnings(apt)).toHaveLength(1);
      const [warning] = warnings(apt);
      expect(warning?.message).toMatch(/debian:bookworm for arm64.*; 6\.1\.0-50-arm64 is used/);
      expect(warning?.hint).toContain('404');
      expect(warning?.hint).toContain(`6.1.192-2`);
    },
  );

  it('does not ask the mirror for what it lacks again, until the index is read anew', async () => {
    const apt = fakeApt(archiveWithout(filesOf(newest).headers));
    await obtain(apt.context);
    const count = apt.downloads.length;
    expect(only(await obtain(apt.context)).release).toBe('6.1.0-50-arm64');
    expect(apt.downloads).toHaveLength(count);
    expect(warnings(apt)).toHaveLength(2);
    const future = Date.now() / 1000 + 60;
    utimesSync(unrefreshed(apt.context), future, future);
    await obtain(apt.context);
    expect(apt.downloads.slice(count)).toContain(filesOf(newest).headers);
  });

  it('does not take an older kernel for any other reason', async () => {
    const archive: Archive = {
      ...bookwormArchive(),
      refused: { [filesOf(newest).headers]: 'Hash Sum mismatch' },
    };
    const apt = fakeApt(archive);
    expect(failures(await obtain(apt.context))).toMatchObject([
      { ref: 'debian:bookworm/6.1.0-56-arm64', release: '6.1.0-56-arm64', arch: 'arm64' },
    ]);
    expect(warnings(apt)).toEqual([]);
    archive.refused = {};
    expect(only(await obtain(apt.context)).release).toBe('6.1.0-56-arm64');
  });

  it('takes newer host tools where those of its own version cannot be had', async () => {
    const apt = fakeApt(archiveWithout(filesOf(older).kbuild));
    const kdir = only(await obtain(apt.context, '6.1.0-50-arm64'));
    expect(kdir.release).toBe('6.1.0-50-arm64');
    expect(apt.downloads).toContain(filesOf(newest).kbuild);
  });

  it('says of a kernel that was named why it cannot be had, and takes no other', async () => {
    const apt = fakeApt(archiveWithout(filesOf(newest).headers));
    const [failure] = failures(await obtain(apt.context, '6.1.0-56-arm64'));
    expect(failure?.error.code).toBe('FETCH_FAILED');
    expect(failure?.error.message).toContain(
      'linux-headers-6.1.0-56-arm64 6.1.192-2 (arm64) could not be fetched from debian:bookworm: 404',
    );
  });

  it('gives of several kernels those that can be had, and why the others cannot', async () => {
    const apt = fakeApt(archiveWithout(filesOf(newest).headers));
    const resolutions = await obtain(apt.context, '6.1.0-5?-arm64');
    expect(failures(resolutions)).toMatchObject([{ release: '6.1.0-56-arm64', arch: 'arm64' }]);
    expect(resolutions.flatMap((one) => ('kdir' in one ? [one.kdir.release] : []))).toEqual([
      '6.1.0-50-arm64',
    ]);
  });

  it('fails with what apt said of the newest when none can be fetched, and leaves nothing', async () => {
    const { context } = fakeApt({ ...bookwormArchive(), packages: {} });
    const [failure, ...others] = failures(await obtain(context));
    expect(others).toEqual([]);
    expect(failure?.error.message).toContain('6.1.0-56-arm64 6.1.192-2');
    expect(failure?.error.message).toContain('404');
    expect(readdirSync(context.cache)).not.toContain('packages');
    expect(readdirSync(context.scratch)).toEqual(['.keep']);
  });

  it('records nothing of a kernel of which a part is missing', async () => {
    const { context } = fakeApt(archiveWithout(filesOf(newest).kbuild, filesOf(older).kbuild));
    expect(failures(await obtain(context))).toHaveLength(1);
    const records = readdirSync(join(context.cache, 'kernels/debian/bookworm'));
    expect(records.filter((name) => !name.endsWith('.absent'))).toEqual([]);
  });

  it('tells of a KDIR that cannot build modules as of one that cannot be had', async () => {
    const archive = bookwormArchive();
    archive.packages[filesOf(newest).headers] = { 'usr/src/nothing': '' };
    const apt = fakeApt(archive);
    expect(failures(await obtain(apt.context))).toMatchObject([
      { release: '6.1.0-56-arm64', error: { code: 'KDIR_NOT_FOUND' } },
    ]);
  });

  it('names a few of the kernels that it fetches, not dozens', async () => {
    const { context, events } = fakeApt(bookwormArchive());
    await obtain(context, '*');
    const titles = events.flatMap((event) => (event.type === 'prepare-start' ? [event.title] : []));
    expect(titles[1]).toMatch(/^kernel headers \S+, \S+, \S+ and 1 more$/);
  });

  it('wants nothing where nothing is wanted', async () => {
    const { context, runs } = fakeApt(bookwormArchive());
    expect(await obtainKernels(debian, [], context)).toEqual([]);
    expect(runs).toEqual([]);
  });
});
