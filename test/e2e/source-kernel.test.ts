import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import type { Event } from '../../src/events/event.js';
import type { PreparedKernel } from '../../src/kernel/providers/source/prepare-source.js';
import { boot } from '../support/boot.js';
import { artifactsOf, build, examples, root } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { bootArm64 } from '../support/source-kernel-boot.js';
import { describedKernel, reporter } from '../support/source-kernel-described.js';
import { fakeKernel } from '../support/source-kernel-fake.js';
import { makeKernel } from '../support/source-kernel-run.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { temporaryDirectory, writeTree, type FileTree } from '../support/temporary-directory.js';

/** The source of the fake kernel, in `linux-6.1.99`, and a description of it: `kernel.yaml`. */
function fake(lines = '', changes: FileTree = {}): { directory: string; file: string } {
  const directory = temporaryDirectory();
  writeTree(join(directory, 'linux-6.1.99'), fakeKernel(changes));
  return { directory, file: describeIn(directory, lines) };
}

function describeIn(directory: string, lines: string, source = 'linux-6.1.99'): string {
  return join(
    writeTree(directory, { 'kernel.yaml': `source: ${source}\n${lines}` }),
    'kernel.yaml',
  );
}

const newCache = (): string => temporaryDirectory();

const errorOf = (file: string, cache = newCache(), arch = 'x86_64') =>
  kbuildErrorOf(() => makeKernel(file, arch, cache));

/** What lies in a directory of the cache, unfinished things included, logs and hashes apart. */
function kept(cache: string, below: string): string[] {
  const path = join(cache, below);
  if (!existsSync(path)) return [];
  return readdirSync(path).filter((name) => name !== 'logs' && name !== 'hashes');
}

const text = (kernel: PreparedKernel, name: string): string =>
  readFileSync(join(kernel.directory, name), 'utf8');

function git(directory: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  const all = [...identity, '-c', 'commit.gpgsign=false', '-C', directory, ...args];
  execFileSync('git', all, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tar(directory: string, archive: string, ...args: string[]): string {
  execFileSync('tar', ['-C', directory, '-cf', join(directory, archive), ...args]);
  return join(directory, archive);
}

/** All files of a tree with their sizes, modes and times. */
const stateOf = (directory: string): unknown =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode, ctimeMs } = statSync(join(directory, name));
      return [name, size, mtimeMs, ctimeMs, mode];
    });

describe('a kernel of its source', () => {
  it.each<[string, (directory: string) => string]>([
    ['a .tar.xz', (d) => tar(d, 'linux-6.1.99.tar.xz', '-J', 'linux-6.1.99')],
    ['a .tar.gz', (d) => tar(d, 'linux-6.1.99.tar.gz', '-z', 'linux-6.1.99')],
    ['a .tar.zst', (d) => tar(d, 'linux.tar.zst', '--zstd', 'linux-6.1.99')],
    ['a .tar without a directory', (d) => tar(d, 'x.tar', '-C', join(d, 'linux-6.1.99'), '.')],
    ['a directory', (d) => join(d, 'linux-6.1.99')],
    [
      'a git tree',
      (d) => {
        const tree = join(d, 'linux-6.1.99');
        git(tree, 'init', '-q');
        git(tree, 'add', '.');
        git(tree, 'commit', '-q', '-m', 'x');
        return tree;
      },
    ],
  ])('is made of %s, and the second time taken from the cache', async (_, pack) => {
    const { directory } = fake();
    const packed = pack(directory);
    const before = stateOf(directory);
    const cache = newCache();
    const kernel = await makeKernel(packed, 'x86_64', cache);
    expect(stateOf(directory)).toEqual(before);
    expect(kernel).toMatchObject({
      ...{ release: '6.1.99', arch: 'x86_64', toolchain: 'gcc-12', fromCache: false },
      path: expect.stringMatching(/^\/usr\/src\/kbuild-ts\/[\da-f]{12}$/),
    });
    expect(kernel.kdir).toMatchObject({
      ...{ release: '6.1.99', arch: 'x86_64', inPlace: false, path: kernel.path },
      compiler: { family: 'gcc', major: 12 },
      vermagic: '6.1.99 ',
    });
    const targets = kernel.kdir!.mounts.map(({ target }) => target);
    expect(targets).toEqual([
      kernel.path,
      expect.stringMatching(/^\/usr\/src\/kbuild-ts\/linux-[\da-f]{12}$/),
    ]);
    for (const path of [kernel.image, kernel.vmlinux, kernel.symvers, kernel.systemMap]) {
      expect(statSync(path!).isFile()).toBe(true);
    }
    expect(readFileSync(kernel.image!, 'utf8')).toBe('image\n');
    expect(readFileSync(kernel.config, 'utf8')).toContain('# defconfig');
    // Made as the caller, with what makes it the same everywhere.
    expect(text(kernel, 'System.map')).toBe(`${process.getuid!()}\n`);
    expect(text(kernel, 'environment').trim().split('\n')).toEqual([
      ...[
        'KBUILD_BUILD_HOST=kbuild-ts',
        'KBUILD_BUILD_TIMESTAMP=@0',
        'KBUILD_BUILD_USER=kbuild-ts',
      ],
      ...['LC_ALL=C', 'SOURCE_DATE_EPOCH=0', 'TZ=UTC'],
    ]);
    // What no build of a module needs is gone; what modules_prepare made, and keys, are as they were.
    expect(
      ['init/main.o', 'init/.main.o.cmd', 'needed.o'].filter((name) =>
        existsSync(join(kernel.directory, name)),
      ),
    ).toEqual(['needed.o']);
    expect(statSync(join(kernel.directory, 'certs/signing_key.pem')).mode & 0o777).toBe(0o600);

    const events: Event[] = [];
    const again = await makeKernel(packed, 'x86_64', cache, {
      emit: (event) => events.push(event),
    });
    expect(again).toEqual({ ...kernel, fromCache: true, milliseconds: again.milliseconds });
    expect(events).toEqual([]);
    expect(kept(cache, 'kernels/source')).toHaveLength(1);
    expect(kept(cache, 'sources')).toHaveLength(1);
    expect(kept(cache, 'locks')).toEqual([]);
  });

  it('is another one for each arch, toolchain, configuration and file, of one unpacked source', async () => {
    const { directory } = fake();
    writeTree(directory, {
      'x.config': 'CONFIG_X=y\n',
      'base.config': 'CONFIG_X86_64=y\nCONFIG_MODULES=y\n',
    });
    const cache = newCache();
    const variants: [string, string][] = [
      ['x86_64', ''],
      ['arm64', ''],
      ['arm64', 'toolchain: clang-14'],
      ['x86_64', 'fragments: [x.config]'],
      ['x86_64', 'set: { X: m }'],
      ['x86_64', 'config: base.config'],
      ['x86_64', 'make: { KCFLAGS: -O1 }'],
      ['x86_64', 'localversion: -acme'],
    ];
    const kernels = [];
    for (const [arch, lines] of variants) {
      kernels.push(await makeKernel(describeIn(directory, lines), arch, cache));
    }
    const identities = kernels.map(({ kdir }) => kdir!.identity);
    expect(new Set(identities).size).toBe(variants.length);
    expect(
      kernels.map(({ release, arch, toolchain }) => `${release} ${arch} ${toolchain}`),
    ).toEqual([
      '6.1.99 x86_64 gcc-12',
      '6.1.99 arm64 gcc-12',
      '6.1.99 arm64 clang-14',
      '6.1.99 x86_64 gcc-12',
      '6.1.99 x86_64 gcc-12',
      '6.1.99 x86_64 gcc-12',
      '6.1.99 x86_64 gcc-12',
      '6.1.99-acme x86_64 gcc-12',
    ]);
    expect(new Set(kernels.map((kernel) => kernel.source)).size).toBe(1);
    expect(kernels[3]!.kdir!.compiler).toMatchObject({ family: 'gcc' });
    expect(text(kernels[3]!, '.config')).toContain('CONFIG_X=y');
    expect(text(kernels[5]!, '.config')).toContain('CONFIG_X86_64=y');
  });

  it('takes fragments as the exceptions of allnoconfig', async () => {
    const { file, directory } = fake(
      'config: allnoconfig\nfragments: [a.config]\nset: { A: n, B: m }',
    );
    writeTree(directory, { 'a.config': 'CONFIG_A=y\nCONFIG_MODULES=y\n' });
    const config = text(await makeKernel(file, 'arm64', newCache()), '.config');
    expect(config).toMatch(/^# allnoconfig\nCONFIG_ARM64=y\n/);
    expect(config).toMatch(/CONFIG_MODULES=y\n# CONFIG_A is not set\nCONFIG_B=m\n$/);
  });

  it('is of the arch that the description names', async () => {
    const { file } = fake('arch: arm64');
    expect((await makeKernel(file, 'x86_64', newCache())).kdir!.arch).toBe('arm64');
  });

  it('has the changes of a git tree, unless a revision is named', async () => {
    const { directory } = fake('', { '.gitignore': '*.o\n' });
    const tree = join(directory, 'linux-6.1.99');
    git(tree, 'init', '-q');
    git(tree, 'add', '.');
    git(tree, 'commit', '-q', '-m', 'x');
    git(tree, 'tag', 'v1');
    writeTree(tree, { 'init/main.c': 'changed\n', 'init/new.c': 'new\n', 'init/old.o': 'ignored' });
    const cache = newCache();
    const dirty = await makeKernel(tree, 'x86_64', cache);
    expect(text(dirty, 'vmlinux')).toBe('changed\n');
    expect(readdirSync(join(dirty.source, 'init')).sort()).toEqual(['main.c', 'new.c']);
    expect(existsSync(join(dirty.source, '.git'))).toBe(false);
    const tagged = await makeKernel(`${tree}#v1`, 'x86_64', cache);
    expect(text(tagged, 'vmlinux')).toContain('int main');
    expect(readdirSync(join(tagged.source, 'init'))).toEqual(['main.c']);
    const error = await errorOf(`${tree}#v2`, cache);
    expect(error.code).toBe('KERNEL_SOURCE_GIT');
  });

  it('gets files of the description, which leave the unpacked source as it is', async () => {
    const { directory } = fake();
    writeTree(directory, { 'key.pem': 'a key\n', 'main.c': 'mine\n' });
    const cache = newCache();
    const plain = await makeKernel(describeIn(directory, ''), 'x86_64', cache);
    const lines = 'files: { certs/new/vendor.pem: key.pem, init/main.c: main.c }';
    const other = await makeKernel(describeIn(directory, lines), 'x86_64', cache);
    expect(text(other, 'vmlinux')).toBe('mine\n');
    expect(readFileSync(join(other.source, 'certs/new/vendor.pem'), 'utf8')).toBe('a key\n');
    expect(readFileSync(join(plain.source, 'init/main.c'), 'utf8')).toContain('int main');
    expect(existsSync(join(plain.source, 'certs/new'))).toBe(false);
    // A link of the source is not followed to wherever it leads.
    const victim = temporaryDirectory();
    const hostile = fake('files: { certs/x: kernel.yaml }', {
      'certs/README': '',
      link: { link: victim },
    });
    const file = describeIn(hostile.directory, 'files: { link/x: kernel.yaml }');
    const error = await errorOf(file);
    expect(error.code).toBe('KERNEL_SOURCE_INVALID');
    expect(error.message).toContain('behind a link');
    expect(readdirSync(victim)).toEqual([]);
  });

  it('can be prepared only: then it has no Module.symvers, and so no KDIR to build for', async () => {
    const { file } = fake('build: prepare');
    const kernel = await makeKernel(file, 'x86_64', newCache());
    expect(kernel.release).toBe('6.1.99');
    expect([kernel.kdir, kernel.image, kernel.vmlinux, kernel.symvers]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(existsSync(join(kernel.directory, 'scripts/mod/modpost'))).toBe(true);
  });

  it('says what did not take effect, and keeps nothing', async () => {
    const { file } = fake('set: { NEVER_A: y, NEVER_B: "text", FINE: m }');
    const cache = newCache();
    const error = await errorOf(file, cache);
    expect(error.code).toBe('KERNEL_SOURCE_CONFIG');
    expect(error.message).toContain('CONFIG_NEVER_A: wanted y, is not set');
    expect(error.message).toContain('CONFIG_NEVER_B: wanted "text", is not set');
    expect(error.message).not.toContain('CONFIG_FINE');
    expect(kept(cache, 'kernels/source')).toEqual([]);
  });

  it('is refused where it could load no module, before it is built', async () => {
    const { file } = fake('config: tinyconfig');
    const error = await errorOf(file);
    expect(error.code).toBe('KDIR_MODULES_DISABLED');
    expect(error.hint).toContain('MODULES: y');
  });

  it('fails with what the compiler said and where the log is, and is built once that is mended', async () => {
    const { directory, file } = fake('make: { BROKEN: "1" }');
    const cache = newCache();
    const error = await errorOf(file, cache);
    expect(error).toMatchObject({ code: 'KERNEL_SOURCE_BUILD_FAILED', exitStatus: 1 });
    expect(error.message).toMatch(/\ninit\/main\.c:1:5: error: 'frob' undeclared$/);
    const [, log = ''] = /log is (\/\S+\.log)/.exec(error.hint) ?? [];
    expect(readFileSync(log, 'utf8')).toMatch(/defconfig[^]*'frob' undeclared/);
    expect(kept(cache, 'kernels/source')).toEqual([]);
    expect(kept(cache, 'runs')).toEqual([]);
    const mended = await makeKernel(describeIn(directory, ''), 'x86_64', cache);
    expect(mended.fromCache).toBe(false);
  });

  it('follows no link that a build leaves in its result', async () => {
    const { file } = fake('make: { EVIL: "1" }');
    expect((await makeKernel(file, 'x86_64', newCache())).systemMap).toBeUndefined();
  });

  it('notices a changed file of a directory, and a configured one', async () => {
    const { directory, file } = fake();
    const cache = newCache();
    const first = await makeKernel(file, 'x86_64', cache);
    writeFileSync(join(directory, 'linux-6.1.99/init/main.c'), 'changed\n');
    const second = await makeKernel(file, 'x86_64', cache);
    expect(second.fromCache).toBe(false);
    expect(second.kdir!.identity).not.toBe(first.kdir!.identity);
    expect(text(second, 'vmlinux')).toBe('changed\n');
    writeFileSync(join(directory, 'linux-6.1.99/.config'), '');
    const error = await errorOf(file, cache);
    expect(error).toMatchObject({
      code: 'KERNEL_SOURCE_INVALID',
      hint: expect.stringMatching(/--kdir.*make mrproper/),
    });
  });
});

describe('a tarball that is no kernel', () => {
  const hostile: [string, RegExp, (directory: string) => string][] = [
    [
      'garbage',
      /cannot be unpacked/,
      (d) => join(writeTree(d, { 'x.tar.xz': 'x'.repeat(2000) }), 'x.tar.xz'),
    ],
    [
      'an empty file',
      /holds no kernel|cannot be unpacked/,
      (d) => join(writeTree(d, { 'x.tar': '' }), 'x.tar'),
    ],
    [
      'a truncated one',
      /cannot be unpacked/,
      (d) => {
        const path = tar(d, 'x.tar.gz', '-z', 'linux-6.1.99');
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.subarray(0, bytes.length / 2));
        return path;
      },
    ],
    ['one of something else', /holds no kernel/, (d) => tar(d, 'x.tar', 'linux-6.1.99/init')],
    [
      'one with a way out',
      /cannot be unpacked: [^]*contains '\.\.'/,
      (d) =>
        tar(join(d, 'linux-6.1.99'), '../x.tar', '-P', '../kernel.yaml', '.').replace(
          'linux-6.1.99/../',
          '',
        ),
    ],
    [
      'one of absolute names',
      /holds no kernel/,
      (d) => tar(d, 'x.tar', '-P', '--transform', 's,^,/etc/,', 'linux-6.1.99'),
    ],
    [
      'one whose directory is a link',
      /holds no kernel/,
      (d) => tar(writeTree(d, { top: { link: '/' } }), 'x.tar', 'top'),
    ],
    [
      'one that was configured',
      /configured in .* itself/,
      (d) => tar(writeTree(d, { 'linux-6.1.99/.config': '' }), 'x.tar', 'linux-6.1.99'),
    ],
    [
      'one with a pipe for its Makefile',
      /holds no kernel/,
      (d) => {
        rmSync(join(d, 'linux-6.1.99/Makefile'));
        execFileSync('mkfifo', [join(d, 'linux-6.1.99/Makefile')]);
        return tar(d, 'x.tar', 'linux-6.1.99');
      },
    ],
  ];
  it.each(hostile)('is refused and leaves nothing: %s', async (_, message, pack) => {
    const { directory } = fake();
    const cache = newCache();
    const error = await errorOf(pack(directory), cache);
    expect(error.message).toMatch(message);
    expect(error.code).toBe('KERNEL_SOURCE_INVALID');
    expect(kept(cache, 'sources')).toEqual([]);
    expect(kept(cache, 'kernels/source')).toEqual([]);
  });
});

/** Makes a kernel in a process of its own; `lines` are what it prints: events, then what came out. */
function maker(file: string, cache: string) {
  const program = join(root, 'test/support/source-kernel-run.ts');
  const args = [join(root, 'node_modules/.bin/jiti'), program, file, 'x86_64', cache];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: (Event | PreparedKernel | { error: ErrorReport })[] = [];
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => lines.push(JSON.parse(line) as Event));
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]);
  /** Waits until make has said something of this kind. */
  const said = (words: RegExp) =>
    new Promise<void>((resolve, reject) => {
      reader.on('line', (line) => {
        if (words.test(line)) resolve();
      });
      reader.on('close', () => {
        reject(new Error(`it ended with ${JSON.stringify(lines.at(-1))}`));
      });
    });
  return { child, lines, ended, said };
}

const builds = (lines: unknown[]): unknown[] =>
  lines.filter((line) => {
    const { type, id } = line as { type?: string; id?: string };
    return type === 'prepare-start' && id?.startsWith('kernel ');
  });

describe('processes that make a kernel', () => {
  it('make it once if they want it at once', async () => {
    const { file } = fake('make: { SLOW: "2" }');
    const cache = newCache();
    const makers = [maker(file, cache), maker(file, cache)];
    await Promise.all(makers.map(({ ended }) => ended));
    const kernels = makers.map(({ lines }) => lines.at(-1) as PreparedKernel);
    expect(kernels[0]!.kdir).toBeDefined();
    expect(kernels[1]!.kdir).toEqual(kernels[0]!.kdir);
    expect(makers.flatMap(({ lines }) => builds(lines))).toHaveLength(1);
    expect(kept(cache, 'kernels/source')).toHaveLength(1);
    expect(kept(cache, 'sources')).toHaveLength(1);
  });

  it('leave nothing half-made when they are killed: the next one makes it', async () => {
    const { directory, file } = fake('make: { SLOW: "600" }');
    const cache = newCache();
    const { child, ended, said } = maker(file, cache);
    await said(/sleep 600/);
    child.kill('SIGKILL');
    await ended;
    const [unfinished = ''] = kept(cache, 'kernels/source');
    expect(unfinished).toMatch(/^\./);
    const kernel = await makeKernel(describeIn(directory, ''), 'x86_64', cache);
    expect(kernel.fromCache).toBe(false);
    expect(kernel.kdir).toBeDefined();
    expect(kept(cache, 'kernels/source')).toEqual([kernel.kdir!.identity]);
    expect(kept(cache, 'locks').filter((name) => name.includes(kernel.kdir!.identity))).toEqual([]);
    expect(await containersOf('kernel linux')).toEqual([]);
  });

  it('leave nothing when they are interrupted', async () => {
    const { file } = fake('make: { SLOW: "600" }');
    const cache = newCache();
    const aborting = new AbortController();
    const emit = (event: Event) => {
      if (event.type === 'prepare-line' && event.line.includes('sleep 600')) aborting.abort();
    };
    const { signal } = aborting;
    const error = await kbuildErrorOf(() => makeKernel(file, 'x86_64', cache, { signal, emit }));
    expect(error.code).toBe('INTERRUPTED');
    expect(kept(cache, 'kernels/source')).toEqual([]);
    expect(kept(cache, 'locks')).toEqual([]);
    expect(await containersOf('kernel linux')).toEqual([]);
  });
});

describe.each([
  ['arm64', 'clang-14', 'arm64/boot/Image.gz', bootArm64],
  [
    ...(['x86_64', 'gcc-12', 'x86/boot/bzImage'] as const),
    (kernel: string, module: string) => {
      const script = `insmod /${basename(module)} && rmmod hello\ndmesg | grep hello:`;
      return boot(kernel, [module], script);
    },
  ],
] as const)('Linux 6.1 of Debian, for %s by %s', (arch, toolchain, image, bootWith) => {
  let file: string;
  let kernel: PreparedKernel;

  beforeAll(async () => {
    file = await describedKernel(arch, toolchain);
    kernel = await makeKernel(file, arch, cacheDirectory(), { emit: reporter() });
  });

  it('gets a module by one command, which the booted kernel loads', async () => {
    const out = temporaryDirectory();
    const { exitCode, document, stderr } = await build([
      ...[join(examples, 'hello'), '--kernel', `source:${file}`, '--no-cache', '--out', out],
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(document.jobs).toMatchObject([
      { arch, toolchain, release: kernel.release, status: 'built' },
    ]);
    const [module] = artifactsOf(document);
    expect(module!.modinfo.vermagic).toEqual([kernel.kdir!.vermagic]);
    expect(kernel.image).toBe(join(kernel.directory, 'arch', image));
    const said = await bootWith(kernel.image!, join(out, module!.path));
    expect(said).toContain('hello: hello, world');
    expect(said).toContain('hello: goodbye, world');
  });

  it('is taken from the cache at once, without the engine', async () => {
    const events: Event[] = [];
    const again = await makeKernel(file, arch, cacheDirectory(), {
      emit: (event) => events.push(event),
    });
    expect(again).toEqual({ ...kernel, fromCache: true, milliseconds: again.milliseconds });
    expect(again.milliseconds).toBeLessThan(5000);
    expect(events).toEqual([]);
  });

  it('has what a kernel is made for, and none of what it is made of', () => {
    for (const path of [kernel.vmlinux, kernel.symvers, kernel.systemMap, kernel.config]) {
      expect(statSync(path!).size).toBeGreaterThan(1000);
    }
    const objects = readdirSync(kernel.directory, { recursive: true, encoding: 'utf8' }).filter(
      (name) => /\.[oa]$/.test(name) && !/^(scripts|tools)\//.test(name),
    );
    expect(objects.length).toBeLessThan(30);
  });
});
