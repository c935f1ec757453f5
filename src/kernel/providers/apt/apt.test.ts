import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptIndexText, bookwormKernel, fileOf } from '../../../../test/support/apt-stanza.js';
import { bookwormRepository, fakeApt } from '../../../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import type { Progress } from '../../../events/prepare.js';
import type { AptRepository } from '../../repository.js';
import type { ScriptRun } from '../port.js';
import { aptIndex, aptManager } from './apt.js';

const stanzas = bookwormKernel('6.1.0-56', '6.1.192-2');
const index = aptIndexText(...stanzas);
const files = stanzas.slice(0, 3).map(fileOf);
const everything = Object.fromEntries(files.map((name) => [name, { 'usr/src/x': name }]));

/** Downloads the first three packages of the index. */
async function download(apt: ReturnType<typeof fakeApt>) {
  const packages = (await aptIndex(bookwormRepository, apt.context)).slice(0, 3);
  const work = join(apt.context.scratch, 'work');
  mkdirSync(work);
  const progress: Progress[] = [];
  const downloads = await aptManager.download(
    bookwormRepository,
    packages,
    work,
    apt.context,
    (one) => progress.push(one),
  );
  return { downloads, work, progress };
}

describe('the index of an apt repository', () => {
  it('is read by apt in the image of the suite, which sees no more than its own directory', async () => {
    const { context, runs } = fakeApt({ index, packages: {} });
    expect(await aptManager.kernels(bookwormRepository, context)).toHaveLength(4);
    expect(runs.map(({ image, title }) => [image, title])).toEqual([
      ['bookworm', 'apt for debian:bookworm'],
    ]);
    expect(runs[0]?.mounts).toEqual([
      {
        source: join(context.cache, 'repositories/debian/bookworm'),
        target: '/apt',
        writable: true,
      },
    ]);
  });

  it('is read in the image that the repository names, with its keys', async () => {
    const directory = temporaryDirectory({
      'vendor key!.asc': '-----BEGIN PGP PUBLIC KEY BLOCK-----\n',
      'vendor.pgp': Buffer.from([0x99, 1]),
    });
    const keys = ['vendor key!.asc', 'vendor.pgp'].map((name) => join(directory, name));
    const image = 'vendor/apt:1';
    const own: AptRepository = { ...bookwormRepository, image, sources: 'Types: deb', keys };
    const { context, runs } = fakeApt({ index, packages: {} });
    await aptManager.kernels(own, context);
    expect(runs[0]?.image).toBe(image);
    // apt tells the formats of keys from each other by the names.
    expect(runs[0]?.mounts.slice(1)).toEqual([
      { source: keys[0], target: '/keys/0/0-vendor_key__asc.asc' },
      { source: keys[1], target: '/keys/1/1-vendor_pgp.gpg' },
    ]);
  });

  it('fails with what apt said', async () => {
    const { context } = fakeApt({ index: undefined, packages: {} });
    const error = await kbuildErrorOf(() => aptManager.kernels(bookwormRepository, context));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toContain('the package index of debian:bookworm could not be fetched');
    expect(error.message).toContain('Temporary failure resolving');
    expect(error.message).not.toContain('Some index files failed');
    expect(error.hint).toContain('network');
  });

  it('is not believed when apt printed nothing, as it does with an empty mirror', async () => {
    const { context } = fakeApt({ index: '\n\n', packages: {} });
    const error = await kbuildErrorOf(() => aptManager.kernels(bookwormRepository, context));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toContain('debian:bookworm has no packages of kernels for');
  });

  it.each(['timeout', 'out-of-memory', 'too-much-output'] as const)(
    'is not believed when apt ended by %s',
    async (end) => {
      const { context } = fakeApt({ index, packages: {} });
      const runInSuite = () =>
        Promise.resolve({ end, exitCode: 0, stdout: Buffer.from(index.slice(0, 500)) });
      const error = await kbuildErrorOf(() =>
        aptManager.kernels(bookwormRepository, { ...context, runInSuite }),
      );
      expect(error.code).toBe('FETCH_FAILED');
    },
  );

  it('that has expired is refused with the option that takes it', async () => {
    const { context } = fakeApt({ index, packages: {} });
    const runInSuite = (_: unknown, { onLine }: ScriptRun) => {
      onLine('E: Release file for http://mirror/InRelease is expired (invalid since 3d 2h 1min).');
      return Promise.resolve({ end: 'exited' as const, exitCode: 100, stdout: Buffer.from('') });
    };
    const error = await kbuildErrorOf(() =>
      aptManager.kernels(bookwormRepository, { ...context, runInSuite }),
    );
    expect(error.message).toContain('is expired (invalid since 3d 2h 1min)');
    expect(error.hint).toContain('--allow-expired');
  });
});

describe('downloading with apt', () => {
  it('gives the directory of each package, in order, and tells how far it is', async () => {
    const apt = fakeApt({ index, packages: everything });
    const { downloads, work, progress } = await download(apt);
    expect(downloads).toEqual([0, 1, 2].map((i) => ({ directory: join(work, `${i}/root`) })));
    expect(apt.downloads).toEqual(files);
    expect(progress).toContainEqual({ fraction: 0.02, text: `Retrieving file ${files[1]}` });
    expect(JSON.stringify(progress)).not.toContain('dlstatus');
  });

  it('says of each package that could not be had which it is and why, and keeps the others', async () => {
    const packages = { ...everything };
    Reflect.deleteProperty(packages, files[0] ?? '');
    const refused = { [files[2] ?? '']: 'Hash Sum mismatch' };
    const { downloads, work } = await download(fakeApt({ index, packages, refused }));
    const [missing, good, corrupted] = downloads;
    expect(good).toEqual({ directory: join(work, '1/root') });
    for (const [one, name, why] of [
      [missing, 'linux-headers-6.1.0-56-arm64 6.1.192-2 (arm64)', '404  Not Found'],
      [corrupted, 'linux-kbuild-6.1 6.1.192-2 (arm64)', 'Hash Sum mismatch'],
    ] as const) {
      const error = one !== undefined && 'error' in one ? one.error : undefined;
      expect(error?.code).toBe('FETCH_FAILED');
      expect(error?.message).toBe(`${name} could not be fetched from debian:bookworm: ${why}`);
    }
  });

  it('does not blame one package for what befell another', async () => {
    const apt = fakeApt({ index, packages: everything });
    const runInSuite = (_: unknown, { script, onLine }: ScriptRun) => {
      const uri = /'?(http\S+?)'? \/fetch\/0\.deb/.exec(script)?.[1] ?? '';
      onLine(`E: Failed to fetch ${uri}  404  Not Found`);
      onLine('tar: ./usr/x: Cannot write: No space left on device');
      return Promise.resolve({ end: 'exited' as const, exitCode: 0, stdout: Buffer.from('2\n') });
    };
    await aptIndex(bookwormRepository, apt.context);
    const { downloads } = await download({ ...apt, context: { ...apt.context, runInSuite } });
    const reasons = downloads.map((one) => ('error' in one ? one.error.message : undefined));
    expect(reasons[0]).toMatch(/: 404  Not Found$/);
    expect(reasons[1]).toMatch(/No space left on device$/);
    expect(reasons[1]).not.toContain('404');
    expect(reasons[2]).toBeUndefined();
  });

  it('believes no number that it did not ask for', async () => {
    const apt = fakeApt({ index, packages: everything });
    const stdout = Buffer.from('7\n1 \n../0\n00\n');
    const runInSuite = () => Promise.resolve({ end: 'exited' as const, exitCode: 0, stdout });
    await aptIndex(bookwormRepository, apt.context);
    const { downloads } = await download({ ...apt, context: { ...apt.context, runInSuite } });
    expect(downloads.map((one) => 'error' in one)).toEqual([true, true, true]);
  });
});
