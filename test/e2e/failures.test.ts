import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors/codes.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import { build, examples, kbuild, root } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { fetchedKdir, placeOf } from '../support/kdir.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const hello = join(examples, 'hello');

/** Expects a run that could not be made: nothing is built, and the error stands on both streams. */
async function refused(
  args: string[],
  code: ErrorCode,
  exit: number,
  said: RegExp,
  hint: RegExp,
  options: Parameters<typeof build>[1] = {},
): Promise<void> {
  const { exitCode, document, stderr } = await build(args, options);
  expect(document.error, stderr).toEqual({
    code,
    message: expect.stringMatching(said),
    hint: expect.stringMatching(hint),
  });
  expect(exitCode).toBe(exit);
  expect(stderr).toMatch(said);
  expect(stderr).toMatch(hint);
}

/** Expects a job that failed, in a run that was made. */
async function failed(
  files: Record<string, string>,
  code: ErrorCode,
  exit: number,
  said: RegExp,
  args: string[] = [],
): Promise<Manifest> {
  const project = temporaryDirectory(files);
  const { exitCode, document } = await build([project, '--arch', 'arm64', ...args]);
  const [job] = document.jobs;
  expect(job?.error).toMatchObject({ code, message: expect.stringMatching(said) });
  expect(job?.error?.hint).not.toBe('');
  expect(job?.status).toBe('failed');
  expect(job?.artifacts).toEqual([]);
  expect(exitCode).toBe(exit);
  expect(readdirSync(join(project, 'dist')).sort()).toEqual([
    '.kbuild-ts.json',
    'logs',
    'manifest.json',
  ]);
  expect(await containersOf(job!.id)).toEqual([]);
  return document;
}

describe('an engine that is not there', () => {
  const lost = { env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } };

  it('is named, with what to do', async () => {
    const args = [hello, '--arch', 'arm64', '--no-cache'];
    const { exitCode, document } = await build(args, lost);
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'ENGINE_NOT_FOUND',
      hint: expect.stringContaining('doctor --fix'),
    });
    expect(exitCode).toBe(4);
  });

  it('is not missed where everything is cached', async () => {
    const out = temporaryDirectory();
    const args = [hello, '--arch', 'arm64', '--out', out];
    await build(args);
    const { exitCode, document } = await build(args, lost);
    expect(document.jobs.map(({ status }) => status)).toEqual(['cached']);
    expect(exitCode).toBe(0);
  });

  it('is found by doctor, which names the remedy', async () => {
    const { exitCode, stdout } = await kbuild(['doctor'], lost);
    expect(stdout).toMatch(/problem\s+engine\s+no container engine found/);
    expect(stdout).toContain('doctor --fix');
    expect(exitCode).toBe(4);
  });

  it('is told apart from one that refuses the connection', async () => {
    const socket = join(temporaryDirectory(), 'dead.sock');
    // A socket file without a listener: what a killed engine leaves.
    const listen = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await execa(process.execPath, ['-e', listen, socket], { reject: false });
    expect(existsSync(socket)).toBe(true);
    const { exitCode, document } = await build([hello, '--arch', 'arm64', '--no-cache'], {
      env: { DOCKER_HOST: `unix://${socket}` },
    });
    expect(document.jobs[0]?.error?.code).toBe('ENGINE_NOT_RUNNING');
    expect(exitCode).toBe(4);
  });
});

describe('an engine without permission', () => {
  let forbidden: string;
  const server = createServer();

  beforeAll(async () => {
    forbidden = join(temporaryDirectory(), 'docker.sock');
    await new Promise<void>((resolve) => server.listen(forbidden, resolve));
    await chmod(forbidden, 0o600);
    await chown(forbidden, 65534, 65534);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is named, and how to get it', async () => {
    const args = [hello, '--arch', 'arm64', '--no-cache', '--out', temporaryDirectory()];
    const env = { DOCKER_HOST: `unix://${forbidden}` };
    const { exitCode, document } = await build(args, { powerless: true, env });
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'ENGINE_PERMISSION',
      message: expect.stringContaining(
        `no permission to use the container engine at unix://${forbidden}`,
      ),
      hint: expect.stringContaining('usermod -aG docker'),
    });
    expect(exitCode).toBe(4);
  });

  it('is passed by for one that may be used', () => {
    const script = `import { chooseSocket } from ${JSON.stringify(join(root, 'lib/runtime/docker/connect.js'))};
console.log(chooseSocket(process.argv.slice(1)));`;
    const drop = [
      '--inh-caps=-all',
      '--bounding-set=-all',
      process.execPath,
      '--input-type=module',
    ];
    const { stdout } = execaSync('setpriv', [
      ...drop,
      '-e',
      script,
      forbidden,
      '/var/run/docker.sock',
    ]);
    expect(stdout).toBe('/var/run/docker.sock');
  });
});

describe('a KDIR that cannot be used', () => {
  let clean: Kdir;

  beforeAll(async () => {
    clean = await fetchedKdir('debian:bookworm', 'arm64');
  });

  const broken = async (spoil: (kdir: string) => Promise<void>): Promise<string> => {
    const kdir = join(temporaryDirectory(), 'kdir');
    await mkdir(kdir);
    for (const name of ['.config', 'Makefile', 'Module.symvers', 'include']) {
      await cp(join(placeOf(clean, clean.path), name), join(kdir, name), { recursive: true });
    }
    await cp(placeOf(clean, '/scripts'), join(kdir, 'scripts'), { recursive: true });
    await spoil(kdir);
    return kdir;
  };

  const cases: [string, (kdir: string) => Promise<void>, ErrorCode, RegExp, RegExp][] = [
    [
      'does not exist',
      (k) => rm(k, { recursive: true }),
      'KDIR_NOT_FOUND',
      /there is no KDIR/,
      /--kernel debian/,
    ],
    [
      'is not configured',
      (k) => rm(join(k, '.config')),
      'KDIR_NOT_CONFIGURED',
      /no \.config/,
      /modules_prepare/,
    ],
    [
      'was cleaned',
      (k) => rm(join(k, 'include/generated'), { recursive: true }),
      'KDIR_NOT_PREPARED',
      /not prepared/,
      /modules_prepare/,
    ],
    [
      'has no host tools',
      (k) => rm(join(k, 'scripts/mod/modpost')),
      'KDIR_NOT_PREPARED',
      /modpost/,
      /modules_prepare/,
    ],
    [
      'lacks Module.symvers',
      (k) => rm(join(k, 'Module.symvers')),
      'KDIR_NO_SYMVERS',
      /no Module\.symvers/,
      /whole kernel/,
    ],
  ];
  for (const [what, spoil, code, said, hint] of cases) {
    it(`because it ${what}`, async () => {
      await refused([hello, '--kdir', await broken(spoil)], code, 2, said, hint);
    });
  }

  it('because it is of another arch than asked', async () => {
    const kdir = await broken(() => Promise.resolve());
    await refused(
      [hello, '--kdir', kdir, '--arch', 'x86_64'],
      'KDIR_ARCH_MISMATCH',
      2,
      /is for arm64, and x86_64 was asked/,
      /Leave --arch out/,
    );
  });

  it('because its host tools are for another machine', async () => {
    const kdir = await broken(async (path) => {
      const modpost = join(path, 'scripts/mod/modpost');
      for (const program of [modpost, join(path, 'scripts/basic/fixdep')]) {
        const bytes = await readFile(program);
        bytes.writeUInt16LE(183, 18); // e_machine: EM_AARCH64
        await chmod(program, 0o755);
        await writeFile(program, bytes);
      }
    });
    await refused(
      [hello, '--kdir', kdir],
      'KDIR_HOST_TOOLS',
      2,
      /another machine/,
      /modules_prepare/,
    );
  });

  it('with a compiler of the other family', async () => {
    await refused(
      [hello, '--kernel', 'debian:bookworm', '--arch', 'arm64', '--toolchain', 'clang-14'],
      'TOOLCHAIN_MISMATCH',
      2,
      /clang-14 cannot build modules for .* gcc-12/,
      /--toolchain gcc-12/,
    );
  });
});

describe('a name that is not known', () => {
  const cases: [string, string[], ErrorCode, RegExp][] = [
    ['toolchain', ['--toolchain', 'gcc-21'], 'TOOLCHAIN_UNKNOWN', /Did you mean 'gcc-1\d'/],
    ['arch', ['--arch', 'arm46'], 'ARCH_UNKNOWN', /Did you mean 'arm64'/],
    ['suite', ['--kernel', 'debian:bookwrom'], 'KERNEL_UNKNOWN', /Did you mean 'debian:bookworm'/],
    [
      'release',
      ['--kernel', 'debian:bookworm/6.1.0-99-arm64'],
      'KERNEL_UNKNOWN',
      /Did you mean '6\.1\.0-\d+-arm64'/,
    ],
    ['kind of kernel', ['--kernel', 'bookworm'], 'KERNEL_REF', /debian:<suite>/],
    ['option', ['--archs', 'arm64'], 'USAGE', /--help/],
  ];
  for (const [what, args, code, hint] of cases) {
    it(`is answered with the nearest: ${what}`, async () => {
      await refused([hello, ...args], code, 2, /./, hint);
    });
  }
});

describe('a project that cannot be read', () => {
  it('because its directory does not exist', async () => {
    await refused(
      ['/nonexistent'],
      'PROJECT_NOT_FOUND',
      2,
      /no directory \/nonexistent/,
      /Name the directory/,
    );
  });

  it('because it has no module', async () => {
    const empty = temporaryDirectory({ 'README.md': 'nothing here' });
    await refused([empty], 'PROJECT_NO_MODULES', 2, /no kernel module/, /kbuild\.config\.yaml/);
  });

  it('because its configuration is broken, by file, line and column', async () => {
    const project = temporaryDirectory({
      'kbuild.config.yaml': 'name: x\nmodules:\n  - name: x\n    source: [x.c]\n',
      'x.c': moduleSource(),
    });
    await refused(
      [project],
      'CONFIG_INVALID',
      2,
      /kbuild\.config\.yaml:4:5: unknown key 'source' in modules\.0/,
      /Did you mean 'sources'/,
    );
  });

  it('because make cannot name one of its sources', async () => {
    const project = temporaryDirectory({
      'kbuild.config.yaml': `name: x\nmodules:\n  - name: x\n    sources: ['my driver.c']\n`,
      'my driver.c': moduleSource(),
    });
    await refused(
      [project],
      'CONFIG_SOURCE_NAME',
      2,
      /'my driver\.c': it contains a space/,
      /Rename/,
    );
  });
});

it('an output directory that cannot be written is found before anything is built', async () => {
  await refused(
    [hello, '--arch', 'arm64', '--out', '/proc/nope'],
    'STORAGE_FAILED',
    4,
    /output directory \/proc\/nope cannot be written/,
    /--out/,
  );
});

describe('a build that fails', () => {
  it('names the place of a compile error in the user’s own file', async () => {
    const { jobs } = await failed(
      { Kbuild: 'obj-m := bad.o\n', 'bad.c': moduleSource('int f(void) { return missing; }') },
      'BUILD_COMPILE_ERROR',
      1,
      /bad\.c:3:\d+: .*missing/,
    );
    const [diagnostic] = jobs[0]!.diagnostics;
    expect(diagnostic).toMatchObject({ severity: 'error', line: 3, column: 22 });
    expect(diagnostic?.file).toMatch(/kbuild-ts-test-\w+\/bad\.c$/);
    expect(existsSync(diagnostic!.file!)).toBe(true);
  });

  it('names a missing header', async () => {
    await failed(
      { Kbuild: 'obj-m := bad.o\n', 'bad.c': moduleSource('#include "nowhere.h"') },
      'BUILD_COMPILE_ERROR',
      1,
      /bad\.c:3:\d+: nowhere\.h: No such file or directory/,
    );
  });

  it('names an undefined symbol', async () => {
    const extra =
      'extern int nobody_exports_this(void);\nint f(void);\nint f(void) { return nobody_exports_this(); }';
    await failed(
      { Kbuild: 'obj-m := bad.o\n', 'bad.c': moduleSource(extra) },
      'BUILD_UNDEFINED_SYMBOL',
      1,
      /"nobody_exports_this".*undefined/,
    );
  });

  it('is not hidden by KBUILD_MODPOST_WARN', async () => {
    const extra =
      'extern int nobody_exports_this(void);\nint f(void);\nint f(void) { return nobody_exports_this(); }';
    await failed(
      {
        Kbuild: 'obj-m := bad.o\n',
        'bad.c': moduleSource(extra),
        'kbuild.config.yaml': 'name: bad\nmake: { KBUILD_MODPOST_WARN: "1" }\n',
      },
      'VERIFY_FAILED',
      3,
      /'nobody_exports_this' is exported by nothing/,
    );
  });

  it('because its Makefile builds nothing', async () => {
    await failed({ Kbuild: 'obj-m :=\n' }, 'BUILD_NO_MODULES', 1, /no module came out/);
  });

  it('because its own Makefile builds nothing', async () => {
    await failed({ Makefile: 'all:\n\t@true\n' }, 'BUILD_NO_MODULES', 1, /no module came out/);
  });

  it('because an expected module does not come out', async () => {
    await failed(
      {
        Kbuild: 'obj-m := one.o\nobj-$(CONFIG_NO_SUCH_THING) += two.o\n',
        'one.c': moduleSource(),
        'two.c': moduleSource(),
        'kbuild.config.yaml': 'name: pair\nmodules: [{ name: one }, { name: two }]\n',
      },
      'BUILD_MODULE_MISSING',
      1,
      /two\.ko did not come out/,
    );
  });

  it('because it fills the scratch space', async () => {
    await failed(
      { Kbuild: 'obj-m := big.o\n$(obj)/big.c: FORCE\n\tdd if=/dev/zero of=$@ bs=1M\n' },
      'BUILD_DISK_FULL',
      4,
      /scratch space of 0\.02 GiB/,
      ['--disk', '16m'],
    );
  });

  it('because it runs out of memory', async () => {
    await failed(
      { Kbuild: 'obj-m := big.o\n$(obj)/big.c: FORCE\n\ttail /dev/zero > $@\n' },
      'BUILD_OUT_OF_MEMORY',
      4,
      /more memory than its limit of 0\.13 GiB/,
      ['--memory', '128m'],
    );
  });

  it('because it takes too long', async () => {
    await failed(
      { Kbuild: 'obj-m := slow.o\n$(obj)/slow.c: FORCE\n\tsleep 100\n' },
      'BUILD_TIMEOUT',
      1,
      /stopped after 3 s/,
      ['--timeout', '3s'],
    );
  });

  it('does not keep the others from being built, unless asked', async () => {
    const parts = Array.from({ length: 30 }, (_, at) => `part${at}`);
    const workspace = temporaryDirectory({
      'kbuild.config.yaml': 'projects: [bad, good]\n',
      // The longest job begins: more files, each taking longer for all that is known.
      'bad/Kbuild': `obj-m := bad.o\nbad-y := ${parts.map((part) => `${part}.o`).join(' ')}\n`,
      ...Object.fromEntries(parts.map((part) => [`bad/${part}.c`, moduleSource('#error no')])),
      'good/Kbuild': 'obj-m := good.o\n',
      'good/good.c': moduleSource(),
    });
    const args = [workspace, '--arch', 'arm64', '--jobs', '1', '--no-cache'];
    const going = await build(args);
    expect(going.document.jobs.map(({ status }) => status)).toEqual(['failed', 'built']);
    expect(going.exitCode).toBe(1);
    const stopping = await build([...args, '--fail-fast']);
    expect(stopping.document.jobs.map(({ status }) => status)).toEqual(['failed', 'skipped']);
    expect(stopping.exitCode).toBe(1);
    // What the first run built and this one did not is no result of this one.
    expect(existsSync(join(workspace, 'dist', 'manifest.json'))).toBe(true);
    expect(stopping.document.jobs.flatMap(({ artifacts }) => artifacts)).toEqual([]);
  });

  it('shows a person what, where and what next', async () => {
    const project = temporaryDirectory({
      Kbuild: 'obj-m := bad.o\n',
      'bad.c': moduleSource('int f(void) { return missing; }'),
    });
    const { stdout, exitCode } = await kbuild(['build', '--arch', 'arm64'], { cwd: project });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/failed .*\[BUILD_COMPILE_ERROR\]\n\s+bad\.c:3:\d+: error: /);
    expect(stdout).toMatch(/hint /);
    expect(stdout).toMatch(/log {2}dist\/logs\//);
    expect(stdout).toMatch(/1 failed in .*dist\/manifest\.json/);
  });
});

it('a directory with blanks, quotes and unicode in its name is built like any other', async () => {
  const directory = join(temporaryDirectory(), `it's a "drïver", für alle: $HOME`);
  await mkdir(directory);
  await writeFile(join(directory, 'Kbuild'), 'obj-m := fine.o\n');
  await writeFile(join(directory, 'fine.c'), moduleSource());
  await writeFile(join(directory, 'read me "now", größe.txt'), 'not compiled');
  const { exitCode, document, stderr } = await build(
    ['.', '--arch', 'arm64,x86_64', '--no-cache'],
    { cwd: directory },
  );
  expect(exitCode, stderr).toBe(0);
  expect(document.jobs.map(({ status }) => status)).toEqual(['built', 'built']);
});
