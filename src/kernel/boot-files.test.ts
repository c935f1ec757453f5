import {
  existsSync,
  rmSync,
  utimesSync,
  writeFileSync,
  readFileSync,
  mkdirSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptIndexText, fileOf, type Stanza } from '../../test/support/apt-stanza.js';
import { bookwormArchive, newest } from '../../test/support/bookworm-archive.js';
import { bookwormRepository, fakeApt, type Archive } from '../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { kdirFiles, release as pathRelease } from '../../test/support/kdir-tree.js';
import { bzImage, rawImage, uncompressedKernel, vmlinux } from '../../test/support/kernel-image.js';
import { compress } from '../../test/support/compressors.js';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { bootFiles, givenBootFiles } from './boot-files.js';
import { installedImage } from './boot/in-place.js';
import { readKdir, type Kdir } from './kdir.js';
import { indexDirectory } from './providers/index-cache.js';
import { kdirPath } from './providers/source/scripts.js';
import { resolveKernels } from './resolve.js';

const { version } = newest;
const release = `${newest.abi}-arm64`;
const packageOf = (name: string, more: Partial<Stanza> = {}): Stanza => ({
  ...{ name, version, arch: 'arm64' },
  ...more,
});
const signed = packageOf(`linux-image-${release}`, { depends: 'kmod, linux-base (>= 4.3~)' });
const unsigned = packageOf(`linux-image-${release}-unsigned`);
const content = (word: string) => ({
  [`boot/vmlinuz-${release}`]: word,
  [`lib/modules/${release}/kernel/a.ko`]: 'a',
});

/** Debian 12's mirror, and the KDIR of its newest kernel. */
async function withKernel(change: (archive: Archive) => void = () => undefined) {
  const archive = bookwormArchive();
  change(archive);
  const apt = fakeApt(archive);
  const ref = `debian:bookworm/${release}`;
  const [kdir] = await resolveKernels([ref], [archByName('arm64')], undefined, apt.context);
  return { ...apt, archive, kdir: kdir! };
}

function add(archive: Archive, ...stanzas: Stanza[]): void {
  archive.index = `${archive.index ?? ''}${aptIndexText(...stanzas)}`;
}

describe('the image of a fetched kernel', () => {
  it('is of the package of the headers’ version, with its modules', async () => {
    const older = { ...signed, version: '6.1.1-1' };
    const { kdir, context, downloads } = await withKernel((archive) => {
      add(archive, older, unsigned, signed);
      archive.packages[fileOf(signed)] = content('signed');
    });
    const { image, modules } = await bootFiles(kdir, context);
    expect(readFileSync(image, 'utf8')).toBe('signed');
    expect(modules).toMatch(new RegExp(`lib/modules/${release}$`));
    expect(downloads.at(-1)).toBe(fileOf(signed));
  });

  it('needs neither the index nor the network once it was fetched', async () => {
    const { kdir, context, runs } = await withKernel((archive) => {
      add(archive, signed);
      archive.packages[fileOf(signed)] = content('signed');
    });
    const offline = { ...context, offline: true };
    const error = await kbuildErrorOf(() => bootFiles(kdir, offline));
    expect([error.code, error.hint]).toEqual([
      'FETCH_FAILED',
      expect.stringContaining('once without --offline'),
    ]);
    const first = await bootFiles(kdir, context);
    rmSync(indexDirectory(bookwormRepository, context), { recursive: true });
    const before = runs.length;
    expect(await bootFiles(kdir, offline)).toEqual(first);
    expect(runs).toHaveLength(before);
    // What was removed by hand is fetched anew.
    rmSync(dirname(dirname(dirname(first.image))), { recursive: true });
    expect(await bootFiles(kdir, context)).toEqual(first);
  });

  it('is of the next package where the mirror has not the first', async () => {
    const { kdir, context } = await withKernel((archive) => {
      add(archive, signed, unsigned);
      archive.packages[fileOf(unsigned)] = content('unsigned');
    });
    expect(readFileSync((await bootFiles(kdir, context)).image, 'utf8')).toBe('unsigned');
  });

  it('may be spread over several packages, whose modules are laid together', async () => {
    const part = (name: string) => packageOf(`linux-${name}-${release}`);
    const depends = ['base', 'binary', 'modules'].map(
      (name) => `linux-${name}-${release} (= ${version})`,
    );
    const whole = { ...signed, depends: ['dracut | x', ...depends].join(', ') };
    const at = `usr/lib/modules/${release}`;
    const { kdir, context } = await withKernel((archive) => {
      add(archive, whole, part('base'), part('binary'), part('modules'));
      archive.packages[fileOf(whole)] = { 'usr/share/doc/x': '' };
      archive.packages[fileOf(part('base'))] = { [`${at}/modules.builtin`]: 'builtin' };
      archive.packages[fileOf(part('binary'))] = { [`${at}/vmlinuz`]: 'the kernel' };
      archive.packages[fileOf(part('modules'))] = { [`${at}/kernel/fs/a.ko`]: 'a' };
    });
    const { image, modules = '' } = await bootFiles(kdir, context);
    expect(readFileSync(image, 'utf8')).toBe('the kernel');
    expect(readFileSync(join(modules, 'modules.builtin'), 'utf8')).toBe('builtin');
    expect(readFileSync(join(modules, 'kernel/fs/a.ko'), 'utf8')).toBe('a');
    expect(await bootFiles(kdir, { ...context, offline: true })).toEqual({ image, modules });
  });

  it('is looked for once more in an index that was read before this process began', async () => {
    const { kdir, context, archive, updates } = await withKernel();
    const missing = await kbuildErrorOf(() => bootFiles(kdir, context));
    expect(missing.code).toBe('KERNEL_IMAGE_MISSING');
    expect(missing.message).toContain(
      `debian:bookworm has no linux-image-${release} or linux-image-${release}-unsigned of the headers' version ${version}`,
    );
    expect(missing.hint).toContain('--kernel-image FILE');
    expect(updates()).toBe(1);
    add(archive, signed);
    archive.packages[fileOf(signed)] = content('signed');
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(indexDirectory(bookwormRepository, context), 'index'), hourAgo, hourAgo);
    expect(existsSync((await bootFiles(kdir, context)).image)).toBe(true);
    expect(updates()).toBe(2);
  });

  it('is nobody’s to find where the repository’s description does not name it', async () => {
    const { kdir, context } = await withKernel();
    const nameless = structuredClone(bookwormRepository);
    delete nameless.kernels.image;
    // A description that was changed is another repository: with a kernel fetched of its own.
    const own = { ...context, repositories: [nameless] };
    const [again] = await resolveKernels(
      [`debian:bookworm/${release}`],
      [archByName('arm64')],
      undefined,
      own,
    );
    expect(again?.identity).toBe(kdir.identity);
    const error = await kbuildErrorOf(() => bootFiles(again!, own));
    expect(error.message).toContain('debian:bookworm names no packages of images');
  });
});

/** A KDIR by its path, with these files besides. */
function kdirAt(files: Record<string, Buffer>): { path: string; kdir: Kdir } {
  const path = temporaryDirectory();
  writeTree(path, kdirFiles());
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return { path, kdir: readKdir(path) };
}

/** An uncompressed kernel that says that it is of this release. */
function kernelOf(name: string): Buffer {
  const text = `Linux version ${name} (build@host) (gcc-12 (Debian) 12.2.0) #1 SMP\n\0`;
  return Buffer.concat([uncompressedKernel([]).subarray(0, 4096), Buffer.from(text)]);
}

describe('the image of a kernel that was made of its source', () => {
  const { context } = fakeApt({ index: '', packages: {} });
  const key = 'ab'.repeat(32);
  const kept = `kernels/source/${key}`;
  const root = join(context.cache, kept, 'root');
  const image = 'arch/arm64/boot/Image.gz';

  /** The KDIR of such a kernel, whose record says this of its image. */
  function made(record: { image?: string }): Kdir {
    rmSync(join(context.cache, kept), { recursive: true, force: true });
    writeTree(join(root, kdirPath(key)), { ...kdirFiles(), [image]: 'the kernel' });
    writeTree(join(context.cache, kept), {
      'kernel.json': JSON.stringify({ release: pathRelease, arch: 'arm64', ...record }),
    });
    return readKdir(kdirPath(key), { roots: [root], identity: key });
  }

  it('is what its build made', async () => {
    const files = { image: join(root, kdirPath(key), image) };
    expect(await bootFiles(made({ image }), context)).toEqual(files);
  });

  it('is missing where there is none, or a link to what is no part of the kernel', async () => {
    const kdir = made({});
    const { message } = await kbuildErrorOf(() => bootFiles(kdir, context));
    expect(message).toContain('build: prepare');
    const linked = made({ image });
    rmSync(join(root, kdirPath(key), image));
    symlinkSync('/etc/hostname', join(root, kdirPath(key), image));
    const { code } = await kbuildErrorOf(() => bootFiles(linked, context));
    expect(code).toBe('KERNEL_IMAGE_MISSING');
  });
});

describe('the image of a KDIR by its path', () => {
  const { context } = fakeApt({ index: '', packages: {} });

  it('is what its build has left, if it is of the same release', async () => {
    const name = 'arch/arm64/boot/Image';
    const { path, kdir } = kdirAt({ [name]: rawImage(kernelOf(pathRelease)) });
    expect(await bootFiles(kdir, context)).toEqual({ image: join(path, name) });
  });

  it('is missing with all that was looked for', async () => {
    const name = 'arch/arm64/boot/Image';
    const { path, kdir } = kdirAt({
      [name]: rawImage(kernelOf('6.1.0-1-other')),
      [`${name}.gz`]: Buffer.from('no kernel at all'),
    });
    const { code, message } = await kbuildErrorOf(() => bootFiles(kdir, context));
    expect(code).toBe('KERNEL_IMAGE_MISSING');
    expect(message).toContain(`${join(path, name)} (of 6.1.0-1-other)`);
    expect(message).toContain(`${join(path, name)}.gz (unreadable kernel image`);
    const { message: none } = await kbuildErrorOf(() => bootFiles(kdirAt({}).kdir, context));
    expect(none).toContain('Image (missing)');
  });

  it('is the installed kernel’s, if the KDIR is what its build link leads to', () => {
    const { path, kdir } = kdirAt({});
    const root = temporaryDirectory();
    expect(installedImage(kdir, root)).toBeUndefined();
    const modules = join(root, 'lib/modules', pathRelease);
    writeTree(modules, { build: { link: path } });
    expect(installedImage(kdir, root)).toEqual({
      looked: [
        `${join(root, 'boot', `vmlinuz-${pathRelease}`)} (missing)`,
        `${join(modules, 'vmlinuz')} (missing)`,
      ],
    });
    const image = join(root, 'boot', `vmlinuz-${pathRelease}`);
    writeTree(root, { [`boot/vmlinuz-${pathRelease}`]: 'a kernel' });
    expect(installedImage(kdir, root)).toEqual({ files: { image, modules } });
    expect(installedImage(kdirAt({}).kdir, root)).toBeUndefined();
  });
});

describe('givenBootFiles', () => {
  const { kdir } = kdirAt({});
  const file = join(temporaryDirectory(), 'image');
  const given = (bytes: Buffer) => {
    writeFileSync(file, bytes);
    return givenBootFiles(file, kdir);
  };

  it('takes an image of the KDIR’s release', async () => {
    expect(await given(rawImage(kernelOf(pathRelease)))).toEqual({ image: file });
    expect(await given(compress('gzip', rawImage(kernelOf(pathRelease))))).toEqual({ image: file });
  });

  it.each([
    [
      'of another release',
      () => rawImage(kernelOf('6.1.0-1-other')),
      /is the image of 6\.1\.0-1-o/,
    ],
    ['for x86', () => bzImage(compress('gzip', kernelOf(pathRelease))), /format bzImage; .*arm64/],
    ['that no machine boots', () => vmlinux(kernelOf(pathRelease)), /format vmlinux/],
  ])('refuses one %s', async (_, bytes, message) => {
    const error = await kbuildErrorOf(() => given(bytes()));
    expect([error.code, error.message]).toEqual([
      'KERNEL_IMAGE_MISMATCH',
      expect.stringMatching(message),
    ]);
  });

  it('refuses what is no image, and what is not there', async () => {
    expect((await kbuildErrorOf(() => given(Buffer.from('x')))).code).toBe('KERNEL_IMAGE_FORMAT');
    rmSync(file);
    const error = await kbuildErrorOf(() => givenBootFiles(file, kdir));
    expect(error.code).toBe('FILE_UNREADABLE');
  });
});
