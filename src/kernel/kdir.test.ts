import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  arm64Config,
  debianHeaders,
  kdirFiles,
  machines,
  release,
  without,
} from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { isDirectory, readKdir } from './kdir.js';

const kdirWith = (config: string) => readKdir(temporaryDirectory(kdirFiles(config)));

/** The error of a KDIR with these files. */
const errorOf = (files: FileTree) => kbuildErrorOf(() => readKdir(temporaryDirectory(files)));

describe('readKdir', () => {
  it('reads what a kernel build directory is', () => {
    const path = temporaryDirectory(kdirFiles());
    expect(readKdir(path)).toEqual({
      path,
      inPlace: true,
      release,
      arch: 'arm64',
      compiler: { family: 'gcc', major: 12, text: 'gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0' },
      vermagic: '6.1.0-56-arm64 SMP mod_unload modversions aarch64',
      modversions: true,
      signing: { enabled: true, force: false, hash: 'sha256' },
      compression: 'none',
      hostTools: { machine: machines.x86_64, glibc: '2.36' },
      configPath: join(path, '.config'),
      symversPath: join(path, 'Module.symvers'),
      mounts: [{ source: path, target: path }],
      identity: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it("reads Debian's headers from the packages that they were unpacked from", () => {
    const headers = temporaryDirectory(debianHeaders.headers);
    const common = temporaryDirectory(debianHeaders.common);
    const kbuild = temporaryDirectory(debianHeaders.kbuild);
    const kdir = readKdir(debianHeaders.kdir, {
      roots: [headers, common, kbuild],
      suite: 'bookworm',
      identity: 'the hashes of the packages',
    });
    expect(kdir).toMatchObject({
      path: debianHeaders.kdir,
      inPlace: false,
      release,
      hostTools: { machine: machines.x86_64, glibc: '2.34' },
      symversPath: join(headers, debianHeaders.kdir, 'Module.symvers'),
      suite: 'bookworm',
      identity: 'the hashes of the packages',
    });
    expect(kdir.mounts).toHaveLength(4);
  });

  it('can be written as JSON and read again', () => {
    const kdir = kdirWith(arm64Config);
    expect(JSON.parse(JSON.stringify(kdir))).toEqual(kdir);
  });

  it('is in place on this machine even where its parts are reached through a link', () => {
    const directory = temporaryDirectory({
      ...Object.fromEntries(
        Object.entries(without(kdirFiles(), 'scripts')).map(([k, v]) => [`kdir/${k}`, v]),
      ),
      'kdir/scripts': { link: '../lib/scripts' },
      lib: { link: 'usr-lib' },
    });
    const { 'scripts/basic/fixdep': fixdep, 'scripts/mod/modpost': modpost } = kdirFiles();
    writeTree(directory, {
      'usr-lib/scripts/basic/fixdep': fixdep ?? '',
      'usr-lib/scripts/mod/modpost': modpost ?? '',
    });
    expect(readKdir(join(directory, 'kdir')).inPlace).toBe(true);
  });

  it.each([
    ['XZ', 'xz'],
    ['ZSTD', 'zstd'],
    ['GZIP', 'gzip'],
    ['NONE', 'none'],
  ])('reads CONFIG_MODULE_COMPRESS_%s', (symbol, compression) => {
    const config = arm64Config.replace('COMPRESS_NONE', `COMPRESS_${symbol}`);
    expect(kdirWith(config).compression).toBe(compression);
  });

  it('reads a kernel that takes signed modules only', () => {
    const config = arm64Config
      .replace('# CONFIG_MODULE_SIG_FORCE is not set', 'CONFIG_MODULE_SIG_FORCE=y')
      .replace('"sha256"', '"sha512"');
    expect(kdirWith(config).signing).toEqual({ enabled: true, force: true, hash: 'sha512' });
  });

  it('reads a kernel that knows neither signatures nor symbol versions nor its compiler', () => {
    const kdir = kdirWith('CONFIG_ARM64=y\nCONFIG_MODULES=y\n');
    expect(kdir.signing).toEqual({ enabled: false, force: false });
    expect(kdir.modversions).toBe(false);
    expect(kdir).not.toHaveProperty('compiler');
    expect(kdir.vermagic).toBe(`${release} aarch64`);
  });

  it('leaves out a vermagic that it cannot compute', () => {
    expect(kdirWith(`${arm64Config}CONFIG_RANDSTRUCT=y\n`)).not.toHaveProperty('vermagic');
  });

  it('is for the architecture whose symbol is set', () => {
    const kdir = kdirWith(arm64Config.replace('CONFIG_ARM64=y', 'CONFIG_X86=y\nCONFIG_X86_64=y'));
    expect(kdir.arch).toBe('x86_64');
  });

  it('has an identity that changes with its headers', () => {
    const path = temporaryDirectory(kdirFiles());
    const { identity } = readKdir(path);
    writeTree(path, { 'include/linux/module.h': '/* a change of another length */\n' });
    expect(readKdir(path).identity).not.toBe(identity);
  });
});

describe('readKdir refuses', () => {
  it('a path where there is nothing', async () => {
    const path = join(temporaryDirectory(), 'nothing');
    const error = await kbuildErrorOf(() => readKdir(path));
    expect(error.code).toBe('KDIR_NOT_FOUND');
    expect(error.message).toBe(`there is no KDIR at ${path}`);
  });

  it('a path that is a file', async () => {
    const path = join(temporaryDirectory({ file: '' }), 'file');
    const error = await kbuildErrorOf(() => readKdir(path));
    expect(error.code).toMatch(/^KDIR_NOT_(FOUND|CONFIGURED)$/);
    expect(error.message).toContain(path);
  });

  it('a tree without a configuration', async () => {
    const error = await errorOf(without(kdirFiles(), '.config'));
    expect(error.code).toBe('KDIR_NOT_CONFIGURED');
    expect(error.message).toMatch(/it has no \.config$/);
  });

  it('a directory with a configuration that is no kernel tree', async () => {
    const error = await errorOf(without(kdirFiles(), 'Makefile'));
    expect(error.code).toBe('KDIR_NOT_CONFIGURED');
    expect(error.message).toMatch(/it has no Makefile$/);
  });

  it.each(['', '# CONFIG_MODULES is not set\n', 'CONFIG_MODULES=n\n'])(
    'a kernel that cannot load modules (%j)',
    async (line) => {
      const config = arm64Config.replace('CONFIG_MODULES=y\n', line);
      expect((await errorOf(kdirFiles(config))).code).toBe('KDIR_MODULES_DISABLED');
    },
  );

  it('an architecture that it does not know, and names those that it does', async () => {
    const config = arm64Config.replace('CONFIG_ARM64', 'CONFIG_SPARC64');
    const error = await errorOf(kdirFiles(config));
    expect(error.code).toBe('KDIR_ARCH_UNKNOWN');
    expect(error.hint).toContain('arm64 (CONFIG_ARM64)');
  });

  it.each([
    ['include/generated/autoconf.h', 'autoconf.h'],
    ['include/generated/utsrelease.h', 'utsrelease.h'],
    ['scripts/basic/fixdep', 'fixdep'],
    ['scripts/mod/modpost', 'modpost'],
  ])('a tree that is configured and not prepared: no %s', async (name, words) => {
    const error = await errorOf(without(kdirFiles(), name));
    expect(error.code).toBe('KDIR_NOT_PREPARED');
    expect(error.message).toContain(words);
    expect(error.hint).toContain('make modules_prepare');
  });

  it('a tree that is prepared and was never built', async () => {
    const error = await errorOf(without(kdirFiles(), 'Module.symvers'));
    expect(error.code).toBe('KDIR_NO_SYMVERS');
    expect(error.hint).toContain("'make modules_prepare' does not write Module.symvers");
  });

  it.each(['tools', 'arch', 'scripts'])(
    'headers whose link %s leads to what is not installed, rather than call them unprepared',
    async (name) => {
      const path = temporaryDirectory(without(kdirFiles(), name));
      writeTree(path, { [name]: { link: `../linux-kbuild-6.1/${name}` } });
      const error = await kbuildErrorOf(() => readKdir(path));
      expect(error.code).toBe('KDIR_BROKEN_LINK');
      expect(error.message).toContain(join(path, name));
    },
  );

  it('one thing before another: what comes first in making a kernel comes first', async () => {
    const nothing = { '.config': arm64Config, Makefile: '' };
    expect((await errorOf(nothing)).code).toBe('KDIR_NOT_PREPARED');
    const error = await errorOf({ ...nothing, '.config': 'CONFIG_ARM64=y\n' });
    expect(error.code).toBe('KDIR_MODULES_DISABLED');
  });
});

describe('isDirectory', () => {
  it('is true for directories and links to them, and for nothing else', () => {
    const path = temporaryDirectory({ 'a/file': '', b: { link: 'a' }, c: { link: 'nowhere' } });
    expect(['a', 'b', 'a/file', 'c', 'none'].map((name) => isDirectory(join(path, name)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
