import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/plan/job.js';
import { artifactsOf, build, examples, kbuild, kbuildJson } from '../support/cli.js';
import { kmodInfo } from '../support/kmod.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

/** A module that asks pkg-config, while it is built, which iptables there is; no cache has it yet. */
const asking = {
  Kbuild: `obj-m := asking.o
$(obj)/asking.o: $(obj)/version.h
$(obj)/version.h:
	pkg-config --modversion xtables > $@.txt
	sed 's/.*/#define XTABLES "&"/' $@.txt > $@
`,
  'asking.c': moduleSource(
    `#include "version.h"\nMODULE_INFO(xtables, XTABLES);\nMODULE_INFO(run, "${Date.now()}");`,
  ),
};

/** A module whose Kbuild has a command run before it is compiled. */
const running = (name: string, command: string) => ({
  Kbuild: `obj-m := ${name}.o
$(obj)/${name}.o: $(obj)/done
$(obj)/done:
	${command} > $@
`,
  [`${name}.c`]: moduleSource(),
});

const arm64 = ['--arch', 'arm64'];
const packages = ['--build-dep', 'libxtables-dev,pkg-config'];

interface Planned {
  jobs: (Pick<Job, 'image'> & { buildDeps: string[]; reproduce: string })[];
}

/** The name of the image that a project's job runs in; the image itself goes, if there is one. */
async function withoutImage(args: string[]): Promise<string> {
  const { document } = await kbuildJson<Planned>(['plan', ...args]);
  const image = document.jobs[0]!.image;
  expect(image).toMatch(/^kbuild-ts\/gcc-12-deps:[0-9a-f]{12}$/);
  await execa('docker', ['image', 'rm', '--force', image], { reject: false });
  return image;
}

const inspect = async (image: string, format: string): Promise<string> =>
  (await execa('docker', ['image', 'inspect', '--format', format, image])).stdout;

const imagesMade = (stderr: string): string[] =>
  stderr.match(/^ *prepare image .*$/gm)?.map((line) => line.trim()) ?? [];

describe('a project that needs a package to build', () => {
  let project: string;
  let image: string;

  beforeAll(async () => {
    project = temporaryDirectory(asking);
    image = await withoutImage([project, ...arm64, ...packages]);
  });

  it('fails without it, and is told how it gets it', async () => {
    const { exitCode, document } = await build([project, ...arm64]);
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'BUILD_MAKE_FAILED',
      message: expect.stringContaining('pkg-config: not found'),
      hint: expect.stringMatching(/--build-dep pkg-config .*buildDeps/),
    });
    expect(exitCode).toBe(1);
  });

  it('is built with it, in an image that is made for it', async () => {
    const { exitCode, document, stderr } = await build([project, ...arm64, ...packages]);
    expect(exitCode, stderr).toBe(0);
    expect(imagesMade(stderr).at(-1)).toBe('prepare image gcc-12 + libxtables-dev, pkg-config');
    const id = await inspect(image, '{{.Id}}');
    expect(document.jobs[0]?.image).toEqual({
      name: image,
      id,
      packages: ['libxtables-dev', 'pkg-config'],
    });
    // The module has what dpkg says of that image.
    const query = ['run', '--rm', image, 'dpkg-query', '--show', '--showformat', '${Version}'];
    const { stdout: version } = await execa('docker', [...query, 'libxtables-dev']);
    const [artifact] = artifactsOf(document);
    const info = await kmodInfo(join(document.output, artifact!.path));
    expect(version).toContain('-');
    expect(info.tags.xtables).toEqual([version.split('-')[0]]);
  });

  it('is built in the same image the next time, and found in the cache', async () => {
    const [first, second, third] = [
      await build([project, ...arm64, ...packages, '--no-cache']),
      await build([
        project,
        '--arch',
        'x86_64',
        '--build-dep',
        'pkg-config',
        '--build-dep',
        'libxtables-dev',
      ]),
      await build([project, ...arm64, ...packages], {
        env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
      }),
    ];
    expect([first, second, third].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(imagesMade(first.stderr + second.stderr)).toEqual([]);
    expect(second.document.jobs[0]?.image.name).toBe(image);
    expect(third.document.jobs[0]?.status).toBe('cached');
  });

  it('has an image that runs without privileges, and that clean knows as ours', async () => {
    const toolchain = (await kbuildJson<Planned>(['plan', project, ...arm64])).document.jobs[0]!;
    for (const format of ['{{.Config.User}}', '{{.Config.WorkingDir}}']) {
      expect(await inspect(image, format)).toBe(await inspect(toolchain.image, format));
    }
    const label = '{{index .Config.Labels "io.kbuild-ts.image-key"}}';
    const key = await inspect(image, label);
    expect(key.slice(0, 12)).toBe(image.split(':')[1]);
  });

  it('has a plan that names the image, and the command that makes it', async () => {
    const { document } = await kbuildJson<Planned>(['plan', project, ...arm64, ...packages]);
    expect(document.jobs[0]).toMatchObject({
      image,
      buildDeps: ['libxtables-dev', 'pkg-config'],
      reproduce: expect.stringContaining(image),
    });
    const { stdout } = await kbuild(['plan', project, ...arm64, ...packages]);
    const [, command] = /^ +packages +kbuild-ts (.+)$/m.exec(stdout) ?? [];
    expect(command).toBe('toolchain build gcc-12 --build-dep libxtables-dev,pkg-config');
    const made = await kbuild(command!.split(' '));
    expect(made.stdout).toBe(`gcc-12  ${await inspect(image, '{{.Id}}')}`);
  });
});

describe('a project whose configuration names packages', () => {
  const config = (name: string) => `name: ${name}\nbuildDeps: [zlib1g:arm64, patchutils]\n`;
  // Of the one package a program, of the other the other architecture's library.
  const command = 'command -v filterdiff && ls /lib/aarch64-linux-gnu/libz.so.1';
  const one = { ...running('one', command), 'kbuild.config.yaml': config('one') };
  const two = { ...running('two', command), 'kbuild.config.yaml': config('two') };

  it('shares the image with others that name the same: it is made once for both', async () => {
    const files = [Object.entries(one), Object.entries(two)].flatMap((entries, i) =>
      entries.map(([name, content]) => [`${['one', 'two'][i]}/${name}`, content] as const),
    );
    const workspace = writeTree(temporaryDirectory(), {
      'kbuild.config.yaml': 'projects: [one, two]\n',
      ...Object.fromEntries(files),
    });
    await withoutImage([join(workspace, 'one'), ...arm64]);
    const { exitCode, document, stderr } = await build([
      workspace,
      ...arm64,
      '--no-cache',
      '--jobs',
      '2',
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(document.jobs.map(({ status }) => status)).toEqual(['built', 'built']);
    expect(imagesMade(stderr)).toEqual(['prepare image gcc-12 + patchutils, zlib1g:arm64']);
    expect(new Set(document.jobs.map(({ image }) => image.name)).size).toBe(1);
  });

  it('gets those of the command line besides', async () => {
    const project = temporaryDirectory(one);
    const { document } = await kbuildJson<Planned>([
      'plan',
      project,
      ...arm64,
      '--build-dep',
      'bsdextrautils',
    ]);
    expect(document.jobs[0]?.buildDeps).toEqual(['bsdextrautils', 'patchutils', 'zlib1g:arm64']);
  });

  it('is refused where a name is none', async () => {
    const project = temporaryDirectory({
      ...one,
      'kbuild.config.yaml': 'name: one\nbuildDeps: [Patch Utils]\n',
    });
    const { exitCode, document } = await build([project, ...arm64]);
    expect(document.error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('NAME:ARCH'),
    });
    expect(exitCode).toBe(2);
  });
});

describe('a header that is not there', () => {
  it('is told with the option that gets it', async () => {
    const command = "echo '#include <xtables.h>' | $(HOSTCC) -E -xc -";
    const project = temporaryDirectory(running('header', command));
    const { exitCode, document } = await build([project, ...arm64]);
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'BUILD_COMPILE_ERROR',
      message: expect.stringContaining('xtables.h: No such file or directory'),
      hint: expect.stringMatching(/the package that has xtables\.h.*--build-dep/),
    });
    expect(exitCode).toBe(1);
    expect((await build([project, ...arm64, ...packages])).exitCode).toBe(0);
  });
});

describe('packages that cannot be had', () => {
  it.each([
    ['is not known', 'kbuild-ts-nosuch', /no package kbuild-ts-nosuch in debian's bookworm/, /./],
    ['is for no such architecture', 'make:nosuch', /no package make:nosuch/, /./],
    ['is a name for several', 'awk', /no package awk/, /Name one of these instead: .*mawk/],
    ['is not of that version', 'make=0.1', /no make=0\.1/, /Leave the version out/],
    ['has no room beside another', 'gcc,gcc:arm64', /together.*Conflicts/, /Leave out/],
  ])('are told: one that %s', async (_, names, said, hint) => {
    const project = temporaryDirectory(running('unknown', 'true'));
    const { exitCode, document } = await build([project, ...arm64, '--build-dep', names]);
    expect(document.jobs[0]?.error).toEqual({
      code: 'BUILD_DEP_UNKNOWN',
      message: expect.stringMatching(said),
      hint: expect.stringMatching(hint),
    });
    expect(exitCode).toBe(2);
  });

  it('keep no other project from being built', async () => {
    const workspace = temporaryDirectory({ 'kbuild.config.yaml': 'projects: [asks, other]\n' });
    writeTree(join(workspace, 'asks'), {
      ...running('asks', 'true'),
      'kbuild.config.yaml': 'name: asks\nbuildDeps: [kbuild-ts-nosuch]\n',
    });
    writeTree(join(workspace, 'other'), running('other', 'true'));
    const { exitCode, document } = await build([workspace, ...arm64, '--no-cache']);
    expect(document.jobs.map(({ project, status }) => [project, status])).toEqual([
      ['asks', 'failed'],
      ['other', 'built'],
    ]);
    expect(exitCode).toBe(2);
  });

  it('are not taken for unknown where the network fails', async () => {
    const project = temporaryDirectory(running('network', 'true'));
    // Nobody listens there.
    const proxy = 'http://127.0.0.1:9';
    const { exitCode, document } = await build(
      [project, ...arm64, '--build-dep', 'make,patchutils'],
      { env: { http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy } },
    );
    expect(document.jobs[0]?.error?.code).toBe('IMAGE_BUILD_FAILED');
    expect(exitCode).toBe(4);
  });
});

describe('the host runtime', () => {
  it('installs nothing, and says what must be there', async () => {
    const [release] = readdirSync('/lib/modules').filter((name) => /^6\.1\..*-amd64$/.test(name));
    const { exitCode, stderr } = await build([
      join(examples, 'hello'),
      ...['--kdir', join('/lib/modules', release!, 'build'), '--runtime', 'host'],
      ...['--build-dep', 'kbuild-ts-nosuch', '--out', temporaryDirectory()],
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/warning .*kbuild-ts-nosuch/);
  });
});
