import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { ModuleReport } from '../../src/artifact/module-report.js';
import type { Check } from '../../src/workflow/doctor.js';
import { artifactsOf, build, examples, kbuild, kbuildJson, root } from '../support/cli.js';
import { fetchedKdir, placeOf } from '../support/kdir.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function copyOf(example: string): Promise<string> {
  const path = join(temporaryDirectory(), example);
  await cp(join(examples, example), path, { recursive: true });
  await rm(join(path, 'dist'), { recursive: true, force: true });
  return path;
}

describe('build', () => {
  it('needs no configuration: it finds the module, takes a kernel, builds', async () => {
    const project = temporaryDirectory({ 'blink.c': moduleSource() });
    const { exitCode, stdout } = await kbuild(['build', '--arch', 'arm64'], { cwd: project });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^kernel +arch +toolchain +module +size +vermagic +signature +time$/m);
    expect(stdout).toMatch(
      /^6\.1\.0-\d+-arm64 +arm64 +gcc-12 +blink\.ko +[\d.]+ KiB +ok +unsigned/m,
    );
    expect(readdirSync(project).sort()).toEqual(['blink.c', 'dist']);
  });

  it('prints a manifest that its published schema describes', async () => {
    const { document } = await build([examples, '--arch', 'arm64', '--out', temporaryDirectory()]);
    const schema: object = JSON.parse(
      await readFile(join(root, 'schemas/manifest.schema.json'), 'utf8'),
    );
    const ajv = new Ajv2020({ strict: true });
    addFormats.default(ajv);
    const validate = ajv.compile(schema);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...document, schemaVersion: 2 })).toBe(false);
  });

  it('gives the same bytes from another directory with another name', async () => {
    const first = await copyOf('chardev');
    const second = join(temporaryDirectory(), 'elsewhere');
    await cp(first, second, { recursive: true });
    const args = ['--arch', 'arm64,x86_64', '--no-cache'];
    const results = [await build([first, ...args]), await build([second, ...args, '--jobs', '1'])];
    const [one, two] = results.map(({ document }) =>
      artifactsOf(document).map(({ sha256 }) => sha256),
    );
    expect(one).toHaveLength(2);
    expect(one).toEqual(two);
  });

  it('does not take for a source what an earlier make left in the tree', async () => {
    const project = await copyOf('hello');
    const kdir = await fetchedKdir('debian:bookworm', 'x86_64');
    const clean = await build([project, '--arch', 'arm64', '--no-cache']);
    // A make in the tree itself, for another architecture, as a developer would run it.
    const { stdout } = await kbuild(['plan', project, '--arch', 'x86_64', '--json']);
    const { jobs } = JSON.parse(stdout) as { jobs: { image: string }[] };
    const mounts = kdir.mounts.flatMap(({ source, target }) => ['-v', `${source}:${target}:ro`]);
    const make = `make -C ${kdir.path} M=/w CC=gcc-12 modules`;
    await execa('docker', [
      'run',
      '--rm',
      '-u0',
      ...mounts,
      '-v',
      `${project}:/w`,
      jobs[0]!.image,
      'sh',
      '-c',
      make,
    ]);
    expect(existsSync(join(project, 'hello.o'))).toBe(true);
    const dirty = await build([project, '--arch', 'arm64', '--no-cache']);
    expect(artifactsOf(dirty.document).map(({ sha256 }) => sha256)).toEqual(
      artifactsOf(clean.document).map(({ sha256 }) => sha256),
    );
  });

  it('takes an unchanged job from the cache, and builds a changed one', async () => {
    const project = await copyOf('params');
    const args = [project, '--arch', 'arm64'];
    await writeFile(
      join(project, 'params.c'),
      `${readFileSync(join(project, 'params.c'), 'utf8')}\n/* ${project} */\n`,
    );
    const status = async () => (await build(args)).document.jobs.map((job) => job.status);
    expect(await status()).toEqual(['built']);
    expect(await status()).toEqual(['cached']);
    await writeFile(
      join(project, 'params.c'),
      `${readFileSync(join(project, 'params.c'), 'utf8')}\n/* changed */\n`,
    );
    expect(await status()).toEqual(['built']);
  });

  it('removes a module of an earlier run that it could not make again', async () => {
    const project = temporaryDirectory({ Kbuild: 'obj-m := gone.o\n', 'gone.c': moduleSource() });
    const { document } = await build([project, '--arch', 'arm64']);
    const module = join(project, 'dist', artifactsOf(document)[0]!.path);
    expect(existsSync(module)).toBe(true);
    await writeFile(join(project, 'gone.c'), '#error broken now\n');
    expect((await build([project, '--arch', 'arm64'])).exitCode).toBe(1);
    expect(existsSync(module)).toBe(false);
  });

  it('runs sparse and asks for more warnings when told to', async () => {
    const extra =
      'int visible(void);\nint visible(void) { return 0; }\nint hidden(void) { return 1; }';
    const project = temporaryDirectory({ Kbuild: 'obj-m := w.o\n', 'w.c': moduleSource(extra) });
    const warnings = async (...args: string[]) =>
      (
        await build([project, '--arch', 'arm64', '--no-cache', ...args])
      ).document.jobs[0]!.diagnostics.map(({ message }) => message);
    expect(await warnings()).toEqual([]);
    expect(await warnings('-W', '1')).toContainEqual(
      expect.stringContaining("no previous prototype for 'hidden'"),
    );
    expect(await warnings('-C', '1')).toContainEqual(
      expect.stringContaining("symbol 'hidden' was not declared"),
    );
  });

  it('builds for a kernel flavour by its release, whose arch is read from it', async () => {
    const listed = await kbuildJson<{ kernels: { ref: string; release: string }[] }>([
      ...['kernel', 'list', 'debian:bookworm', '--arch', 'arm64'],
    ]);
    const { ref, release } = listed.document.kernels.findLast((kernel) =>
      kernel.release.endsWith('-cloud-arm64'),
    )!;
    const args = [join(examples, 'hello'), '--kernel', ref, '--out', temporaryDirectory()];
    const { exitCode, document } = await build(args);
    expect(exitCode).toBe(0);
    expect(document.jobs).toMatchObject([{ release, arch: 'arm64', toolchain: 'gcc-12' }]);
    expect(artifactsOf(document)[0]!.modinfo.vermagic![0]).toContain(`${release} `);
  });

  it('keeps the modules of several toolchains for one kernel apart', async () => {
    const out = temporaryDirectory();
    const toolchains = ['--toolchain', 'gcc-12,gcc-14'];
    const { exitCode, document } = await build([
      ...[join(examples, 'consumer'), '--arch', 'arm64', ...toolchains, '--no-cache', '--out', out],
    ]);
    expect(exitCode).toBe(0);
    expect(document.jobs.map(({ project, toolchain }) => `${project} ${toolchain}`).sort()).toEqual(
      ['consumer gcc-12', 'consumer gcc-14', 'exporter gcc-12', 'exporter gcc-14'],
    );
    for (const { path } of artifactsOf(document)) {
      const { stdout } = await execa('readelf', ['-p', '.comment', join(out, path)]);
      const major = /\/gcc-(\d+)\//.exec(path)![1]!;
      expect(stdout, path).toMatch(new RegExp(`GCC: \\(Debian ${major}\\.`));
    }
  });

  it('builds several modules of one project, in subdirectories, with flags of their own', async () => {
    const project = temporaryDirectory({
      'kbuild.config.yaml': `name: family
modules:
  - { name: parent, sources: [parent/*.c], cflags: [-DGREETING=1] }
  - { name: child, sources: [child/main.c, child/help.c] }
includes: [include]
fileFlags: { child/help.c: [-DHELPFUL] }
`,
      'include/family.h': 'int family_greet(void);\nint family_help(void);\n',
      'parent/greet.c': moduleSource(`#include <family.h>
int family_greet(void) { return GREETING; }
EXPORT_SYMBOL_GPL(family_greet);`),
      'parent/more.c': '#ifndef GREETING\n#error no flags of the module\n#endif\n',
      'child/main.c': moduleSource(`#include <family.h>
static int __init child_init(void) { return family_greet() - family_help(); }
module_init(child_init);`),
      'child/help.c': `#include <family.h>
#if !defined(HELPFUL) || defined(GREETING)
#error wrong flags
#endif
int family_help(void) { return 1; }
`,
    });
    const { exitCode, document, stdout } = await build([project, '--arch', 'arm64,x86_64']);
    expect(exitCode, stdout).toBe(0);
    const depends = artifactsOf(document).map(({ path, modinfo }) => [
      basename(path),
      modinfo.depends,
    ]);
    expect(depends.sort()).toEqual([
      ['child.ko', ['parent']],
      ['child.ko', ['parent']],
      ['parent.ko', ['']],
      ['parent.ko', ['']],
    ]);
  });

  it('builds a project whose Makefile does everything itself, and asks uname', async () => {
    const makefile = `KDIR ?= /lib/modules/$(shell uname -r)/build
all:
	$(MAKE) -C $(KDIR) M=$(CURDIR)/driver modules
`;
    const project = temporaryDirectory({
      Makefile: makefile,
      'driver/Kbuild': 'obj-m := own.o\n',
      'driver/own.c': moduleSource(),
    });
    const { exitCode, document } = await build([project, '--arch', 'arm64,x86_64', '--no-cache']);
    expect(exitCode).toBe(0);
    expect(artifactsOf(document).map(({ path }) => basename(path))).toEqual(['own.ko', 'own.ko']);
  });
});

describe('on a terminal', () => {
  /** Runs a build under script(1), which gives it a terminal. */
  const onTerminal = async (env: Record<string, string>) => {
    const line = `stty rows 40 cols 120; ${process.execPath} bin/kbuild-ts.js build examples/hello --arch arm64 --no-cache --out ${temporaryDirectory()}`;
    const options = { cwd: root, env: { TERM: 'xterm', CI: '', ...env }, stdin: 'ignore' } as const;
    return (await execa('script', ['-qec', line, '/dev/null'], options)).stdout;
  };

  it('shows a live view of the jobs, then the table, in colour', async () => {
    const shown = await onTerminal({ NO_COLOR: '' });
    expect(shown).toMatch(/✔.*hello {2}6\.1\.0-\d+-arm64 {2}arm64 {2}gcc-12: built \(/);
    expect(shown).toContain('compiling');
    expect(shown).toContain('\x1b[32mok\x1b[39m');
  });

  it('prints no colour where NO_COLOR is set', async () => {
    const shown = await onTerminal({ NO_COLOR: '1' });
    expect(shown).toContain('1 built in');

    expect(shown).not.toMatch(/\x1b\[[0-9;]*m/);
  });
});

describe('plan', () => {
  it('gives commands that make the same modules without kbuild-ts', async () => {
    const directory = temporaryDirectory();
    const { document } = await build([
      join(examples, 'consumer'),
      '--arch',
      'x86_64',
      '--out',
      directory,
    ]);
    const plan = await kbuildJson<{ jobs: { id: string; project: string; reproduce: string }[] }>([
      'plan',
      join(examples, 'consumer'),
      '--arch',
      'x86_64',
    ]);
    for (const { id, project, reproduce } of plan.document.jobs) {
      await execa('sh', ['-c', reproduce], { cwd: directory });
      await execa('tar', ['-xf', `${id}.tar`, `./${project}.ko`], { cwd: directory });
      const artifact = artifactsOf(document).find(({ path }) => basename(path, '.ko') === project)!;
      const [own, theirs] = await Promise.all(
        [artifact.path, `${project}.ko`].map((path) => readFile(join(directory, path))),
      );
      expect(own!.equals(theirs!), project).toBe(true);
    }
    expect(plan.document.jobs.map(({ project }) => project)).toEqual(['exporter', 'consumer']);
  });

  it('shows them to people, with the make line', async () => {
    const { stdout } = await kbuild(['plan', join(examples, 'hello'), '--arch', 'arm64']);
    expect(stdout).toMatch(
      /make {7}make -C \/usr\/src\/linux-headers-\S+-arm64 M=\/build\/hello ARCH=arm64/,
    );
    expect(stdout).toMatch(/^docker run --rm --network none/m);
  });
});

describe('generate makefile', () => {
  it('writes a Makefile with which plain make builds, in dependency order, and cleans', async () => {
    const parent = temporaryDirectory();
    for (const name of ['exporter', 'consumer', 'chardev']) {
      await cp(join(examples, name), join(parent, name), { recursive: true });
    }
    // The exporter's are written with the consumer's, which depends on it.
    for (const name of ['consumer', 'chardev']) {
      expect((await kbuild(['generate', 'makefile', join(parent, name)])).exitCode).toBe(0);
    }
    const kdir = await fetchedKdir('debian:bookworm', 'arm64');
    const plan = await kbuildJson<{ jobs: { image: string }[] }>([
      'plan',
      join(parent, 'chardev'),
      '--arch',
      'arm64',
    ]);
    const mounts = kdir.mounts.flatMap(({ source, target }) => ['-v', `${source}:${target}:ro`]);
    const make = (directory: string, ...targets: string[]) =>
      execa('docker', [
        ...['run', '--rm', '-u0', ...mounts, '-v', `${parent}:/w`, plan.document.jobs[0]!.image],
        ...['make', '-C', `/w/${directory}`, `KDIR=${kdir.path}`],
        ...['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-', ...targets],
      ]);
    await make('chardev', 'modules');
    // The consumer's make builds the exporter first, for its Module.symvers.
    await make('consumer', 'modules');
    const root = join(parent, 'root');
    await make('consumer', 'modules_install', 'INSTALL_MOD_PATH=/w/root', 'DEPMOD=true');
    const installed = readdirSync(root, { recursive: true }).map(String);
    expect(installed).toContainEqual(expect.stringMatching(/\/consumer\.ko$/));
    for (const name of ['chardev', 'exporter', 'consumer']) {
      const { stdout } = await execa('modinfo', [
        '-F',
        'vermagic',
        join(parent, name, `${name}.ko`),
      ]);
      expect(stdout).toBe(kdir.vermagic);
    }
    await make('consumer', 'clean');
    expect(existsSync(join(parent, 'consumer/consumer.ko'))).toBe(false);
    expect((await make('chardev', 'help')).stdout).toContain('build chardev.ko');
  });

  it('does not write over a file that it did not write', async () => {
    const project = await copyOf('params');
    await writeFile(join(project, 'Makefile'), '# mine\n');
    const { exitCode, stderr } = await kbuild(['generate', 'makefile', project]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('CONFIG_MODULE_CONFLICT');
    expect(readFileSync(join(project, 'Makefile'), 'utf8')).toBe('# mine\n');
  });
});

describe('inspect', () => {
  it('says what the manifest says', async () => {
    const out = temporaryDirectory();
    const { document } = await build([join(examples, 'hello'), '--arch', 'arm64', '--out', out]);
    const [artifact] = artifactsOf(document);
    const path = join(out, artifact!.path);
    const inspected = await kbuildJson<{ modules: ModuleReport[] }>(['inspect', path]);
    const { size, elf, modinfo, signature } = artifact!;
    expect(inspected.document.modules).toHaveLength(1);
    expect(inspected.document.modules[0]).toMatchObject({ path, size, elf, signature });
    expect(inspected.document.modules[0]?.modinfo).toEqual(modinfo);
  });

  it('names a file that is no module', async () => {
    const { exitCode, stderr } = await kbuild(['inspect', join(root, 'package.json')]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/package\.json: not an ELF file.*\[MODULE_NOT_ELF\]/);
  });
});

describe('kernel and kdir', () => {
  it('list what a suite has, and what was fetched of it', async () => {
    const { release } = await fetchedKdir('debian:bookworm', 'arm64');
    const { stdout } = await kbuild(['kernel', 'list', 'debian:bookworm', '--arch', 'arm64']);
    expect(stdout).toMatch(new RegExp(`^debian:bookworm/${release} +arm64 +stock +yes$`, 'm'));
    expect(stdout).toMatch(/cloud-arm64/);
    expect(stdout).not.toMatch(/amd64/);
  });

  it('say what a KDIR is, as its own files say', async () => {
    const kdir = await fetchedKdir('debian:bookworm', 'arm64');
    const { stdout } = await kbuild(['kdir', 'inspect', `debian:bookworm/${kdir.release}`]);
    const config = readFileSync(join(placeOf(kdir, kdir.path), '.config'), 'utf8');
    const compiler = /CONFIG_CC_VERSION_TEXT="(.*)"/.exec(config)![1]!;
    expect(stdout).toContain(compiler);
    expect(stdout).toContain(kdir.vermagic);
    expect(stdout).toMatch(/toolchain +gcc-12$/m);
    expect(stdout).toMatch(/MODVERSIONS yes/);
    expect(stdout).toMatch(/run in the image of gcc-12/);
  });
});

describe('toolchain', () => {
  it('lists a toolchain for every file of toolchains/', async () => {
    const files = readdirSync(join(root, 'toolchains')).filter((name) => name.endsWith('.yaml'));
    const { stdout } = await kbuild(['toolchain', 'list']);
    for (const file of files)
      expect(stdout).toMatch(new RegExp(`^${basename(file, '.yaml')} `, 'm'));
  });

  it('makes the image of every one once, with a compiler of that version for every arch', async () => {
    const made = await kbuildJson<{ images: { toolchain: string; id: string }[] }>([
      'toolchain',
      'build',
      '--allow-expired', // a mirror of unstable may lag
    ]);
    const again = await kbuildJson<typeof made.document>(['toolchain', 'build']);
    expect(again.document).toEqual(made.document);
    expect(again.stderr).not.toContain('prepare');
    for (const { toolchain, id } of made.document.images) {
      const [family, major] = toolchain.split('-') as [string, string];
      const programs =
        family === 'gcc'
          ? [`aarch64-linux-gnu-gcc-${major}`, `x86_64-linux-gnu-gcc-${major}`]
          : [
              `clang-${major} --target=aarch64-linux-gnu`,
              `clang-${major} --target=x86_64-linux-gnu`,
            ];
      for (const program of programs) {
        const script = `echo 'int x;' | ${program} -c -x c -o /tmp/x.o - && ${program} -dumpversion`;
        const { stdout } = await execa('docker', ['run', '--rm', id, 'sh', '-c', script]);
        expect(stdout.split('.')[0], program).toBe(major);
      }
    }
  });
});

describe('doctor and clean', () => {
  it('find nothing wrong on a machine that has just built', async () => {
    const { exitCode, document } = await kbuildJson<{ checks: Check[] }>(['doctor']);
    expect(document.checks.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(document.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'engine', 'images', 'disk', 'kernels']),
    );
    expect(exitCode).toBe(0);
  });

  it('remove what a build made, and no more', async () => {
    const project = await copyOf('hello');
    await build([project, '--arch', 'arm64']);
    await mkdir(join(project, 'dist/mine'));
    await writeFile(join(project, 'dist/mine/notes.txt'), 'keep me');
    const { exitCode } = await kbuild(['clean', project]);
    expect(exitCode).toBe(0);
    expect(readdirSync(join(project, 'dist'), { recursive: true }).sort()).toEqual([
      'mine',
      'mine/notes.txt',
    ]);
  });
});

describe('clean --all', () => {
  it('removes what kbuild-ts keeps, and nothing else of the directory that is named', async () => {
    const cache = temporaryDirectory({ 'jobs/ab/record.json': '{}', 'mine.txt': 'keep me' });
    // Without an engine: the images of this machine are wanted.
    const env = { KBUILD_TS_CACHE_DIR: cache, DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const { exitCode } = await kbuild(['clean', '--all'], { env });
    expect(exitCode).toBe(0);
    expect(readdirSync(cache)).toEqual(['mine.txt']);
  });
});

describe('the command line', () => {
  it('prints its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await kbuild(['--version'])).toMatchObject({ exitCode: 0, stdout: version });
    const help = await kbuild(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const command of [
      'build',
      'plan',
      'inspect',
      'generate',
      'toolchain',
      'kernel',
      'kdir',
      'doctor',
      'clean',
    ]) {
      expect(help.stdout).toMatch(new RegExp(`^ +kbuild-ts ${command}\\b`, 'm'));
    }
  });

  it('answers a wrong command with the nearest', async () => {
    const { exitCode, stderr } = await kbuild(['biuld']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Did you mean build\?/);
  });

  const sourcesOf = (path: string): string[] => {
    const map = `${path}.map`;
    if (!path.includes('/lib/bundle/') || !existsSync(map)) return [];
    return (JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }).sources;
  };

  it('does not load heavy packages for its help', async () => {
    // The files that a process opens, as the kernel sees them: no loader can hide one.
    const opened = async (...args: string[]) => {
      const trace = join(temporaryDirectory(), 'trace');
      const strace = ['-f', '-e', 'trace=openat,open', '-o', trace, process.execPath];
      await execa('strace', [...strace, join(root, 'bin/kbuild-ts.js'), ...args], {
        reject: false,
      });
      const files = [...readFileSync(trace, 'utf8').matchAll(/"([^"]+\.js)"/g)];
      // A file of the bundle says by its map what it is made of.
      const sources = files.flatMap(([, path = '']) => [path, ...sourcesOf(path)]).join('\n');
      const packages = sources.matchAll(/node_modules\/((?:@[^/]+\/)?[^/\n]+)/g);
      return new Set([...packages].map(([, name]) => name));
    };
    const heavy = ['dockerode', 'listr2', 'zod', 'execa', 'fast-glob', 'jiti'];
    const help = await opened('--help');
    expect(help).toContain('yargs');
    expect(heavy.filter((name) => help.has(name))).toEqual([]);
    expect(await opened('--version')).toEqual(new Set());
    // And it sees them where they are used.
    expect(await opened('doctor')).toContain('dockerode');
  });
});
