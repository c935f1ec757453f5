import { cpSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jobOf, kdirOf, projectAt, projectOf } from '../../test/support/job-values.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import type { Project } from '../project/project.js';
import { toolchainByName, type Toolchain } from '../toolchain/toolchain.js';
import type { Job } from './job.js';
import { planJobs, type Assignment } from './plan-jobs.js';

const [gcc10, gcc12] = [toolchainByName('gcc-10'), toolchainByName('gcc-12')];
const [arm64, x86] = [kdirOf('arm64'), kdirOf('x86_64')];

const plan = (...assignments: Assignment[]): Job[] => planJobs(assignments, 'x86_64');

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Projects in directories beside each other; each name stands for a project. */
function projectsOf(depends: Record<string, string[]>): Record<string, Project> {
  const files: FileTree = {};
  for (const name of Object.keys(depends)) files[`${name}/Kbuild`] = `obj-m := ${name}.o\n`;
  const parent = temporaryDirectory(files);
  const output = join(parent, 'dist');
  return Object.fromEntries(
    Object.entries(depends).map(([name, needs]) => [
      name,
      projectAt(join(parent, name), {
        name,
        output,
        expected: [name],
        depends: needs.map((need) => join(parent, need)),
      }),
    ]),
  );
}

/** A project for each kernel, with one toolchain. */
const forAll = (project: Project, kdirs = [arm64], toolchain = gcc12): Assignment => ({
  project,
  targets: kdirs.map((kdir) => ({ kdir, toolchain })),
});

describe('planJobs', () => {
  it('gives a job for each KDIR and each toolchain of a project', () => {
    const targets = [arm64, x86].flatMap((kdir) =>
      [gcc10, gcc12].map((toolchain) => ({ kdir, toolchain })),
    );
    const jobs = plan({ project: projectOf(), targets });
    expect(jobs.map(({ release, arch, toolchain }) => [release, arch, toolchain])).toEqual([
      ['6.1.0-56-arm64', 'arm64', 'gcc-10'],
      ['6.1.0-56-arm64', 'arm64', 'gcc-12'],
      ['6.1.0-56-amd64', 'x86_64', 'gcc-10'],
      ['6.1.0-56-amd64', 'x86_64', 'gcc-12'],
    ]);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(4);
    expect(new Set(jobs.map(({ key }) => key)).size).toBe(4);
  });

  it('gives a job that says all that its build needs', () => {
    const project = projectOf(undefined, { expected: ['hello'] });
    expect(plan(forAll(project))).toEqual([
      {
        id: 'hello-6.1.0-56-arm64-arm64-gcc-12',
        project: 'hello',
        release: '6.1.0-56-arm64',
        arch: 'arm64',
        toolchain: 'gcc-12',
        key: expect.stringMatching(/^[0-9a-f]{64}$/),
        kdir: arm64,
        image: expect.stringMatching(/^kbuild-ts\/gcc-12:[0-9a-f]{12}$/),
        source: {
          project,
          placement: 'hello',
          digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        dependencies: [],
        needs: [],
        make: expect.arrayContaining(['M=/build/hello']),
        env: expect.objectContaining({ SOURCE_DATE_EPOCH: '0' }),
        expected: ['hello'],
        output: '6.1.0-56-arm64/arm64',
      },
    ]);
  });

  it('names an image for each toolchain with each project’s packages, and one for the same', () => {
    const output = (name: string) => ({ name, output: `/out/${name}` });
    const imagesOf = (toolchain: Toolchain) =>
      plan(
        forAll(projectOf(undefined, output('a')), [arm64], toolchain),
        forAll(projectOf(undefined, { ...output('b'), buildDeps: ['gawk'] }), [arm64], toolchain),
        forAll(projectOf(undefined, { ...output('c'), buildDeps: ['gawk'] }), [x86], toolchain),
      ).map(({ image }) => image);
    const [plain, one, same] = imagesOf(gcc12);
    expect(plain).toMatch(/^kbuild-ts\/gcc-12:/);
    expect(one).toMatch(/^kbuild-ts\/gcc-12-deps:/);
    expect(same).toBe(one);
    expect(imagesOf(gcc10)[1]).toMatch(/^kbuild-ts\/gcc-10-deps:/);
  });

  it('gives values that survive being written as JSON', () => {
    const { base, top } = projectsOf({ base: [], top: ['base'] });
    const jobs = plan({ project: base!, targets: [] }, forAll(top!));
    expect(JSON.parse(JSON.stringify(jobs))).toEqual(jobs);
  });

  it('refuses a KDIR that lies where a build has its own directories', async () => {
    const kdir = kdirOf('arm64', { path: '/build/linux', mounts: [] });
    const error = await kbuildErrorOf(() => plan(forAll(projectOf(), [kdir])));
    expect(error.code).toBe('KDIR_NOT_IN_PLACE');
  });

  it('gives nothing for a project without a target', () => {
    expect(plan({ project: projectOf(), targets: [] })).toEqual([]);
  });
});

describe('the kernel of a job', () => {
  it('is the reference that gives it again, and no part of its key', () => {
    const project = projectOf();
    const jobs = ['debian:bookworm/6.1.0-56-arm64', '/kdir', 'host', 'host/x', undefined].map(
      (ref) => {
        const target = { kdir: arm64, toolchain: gcc12, ...(ref !== undefined && { ref }) };
        return plan({ project, targets: [target] })[0]!;
      },
    );
    expect(jobs.map(({ kernel }) => kernel)).toEqual([
      'debian:bookworm/6.1.0-56-arm64',
      '/kdir',
      'host/6.1.0-56-arm64',
      'host/x',
      undefined,
    ]);
    expect(new Set(jobs.map(({ key }) => key)).size).toBe(1);
  });
});

describe('jobs of projects that depend on each other', () => {
  it('come after the jobs that they need, for the same kernel', () => {
    const { base, middle, top } = projectsOf({ base: [], middle: ['base'], top: ['middle'] });
    const jobs = plan(
      { project: base!, targets: [] },
      { project: middle!, targets: [] },
      forAll(top!, [arm64, x86]),
    );
    expect(jobs.map(({ project, arch }) => `${project} ${arch}`)).toEqual([
      'base arm64',
      'middle arm64',
      'top arm64',
      'base x86_64',
      'middle x86_64',
      'top x86_64',
    ]);
    const ids = jobs.map(({ id }) => id);
    expect(jobs.map(({ needs }) => needs.map((id) => ids.indexOf(id)))).toEqual([
      [],
      [0],
      [0, 1],
      [],
      [3],
      [3, 4],
    ]);
  });

  it('need what they need once, by whatever ways it is needed', () => {
    const all = projectsOf({ base: [], left: ['base'], right: ['base'], top: ['left', 'right'] });
    const jobs = plan(...Object.values(all).map((project) => forAll(project)));
    expect(jobs.map(({ project }) => project)).toEqual(['base', 'left', 'right', 'top']);
    expect(jobs.at(-1)?.needs).toEqual(jobs.slice(0, 3).map(({ id }) => id));
    expect(jobs.at(-1)?.dependencies.map(({ placement }) => placement)).toEqual([
      'base',
      'left',
      'right',
    ]);
  });

  it('are not planned twice if the dependency is built for itself, too', () => {
    const { base, top } = projectsOf({ base: [], top: ['base'] });
    const jobs = plan(forAll(base!, [arm64, x86]), forAll(top!, [x86]));
    expect(jobs.map(({ project, arch }) => `${project} ${arch}`)).toEqual([
      'base arm64',
      'base x86_64',
      'top x86_64',
    ]);
  });

  it('find the symbols of these jobs where they will be mounted', () => {
    const { base, top } = projectsOf({ base: [], top: ['base'] });
    const [first, second] = plan({ project: base!, targets: [] }, forAll(top!));
    expect(second?.make).toContain(
      `KBUILD_EXTRA_SYMBOLS=/symvers/${first?.id ?? ''}/Module.symvers`,
    );
    expect(second?.make).toContain('M=/build/top');
  });
});

describe('the id of a job', () => {
  it('has only characters that are safe in a file name and a shell', () => {
    const kdir = kdirOf('arm64', { release: "6.1 'x'/../$(id)" });
    const [job] = plan(forAll(projectOf(), [kdir]));
    expect(job?.id).toMatch(/^[\w.+-]+$/);
  });

  it('is its own, though two KDIRs have the same release', () => {
    const second = kdirOf('arm64', { path: '/usr/src/other', identity: 'another' });
    const jobs = plan(forAll(projectOf(), [arm64, second]));
    expect(jobs.map(({ id }) => id)).toEqual([
      'hello-6.1.0-56-arm64-arm64-gcc-12',
      'hello-6.1.0-56-arm64-arm64-gcc-12-2',
    ]);
  });

  it('is its own, though it looks like a numbered one', () => {
    const numbered: Toolchain = { ...gcc12, name: 'gcc-12-2' };
    const jobs = plan(
      forAll(projectOf(), [arm64], numbered),
      ...[1, 2, 3].map(() => forAll(projectOf())),
    );
    expect(jobs).toHaveLength(4);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(4);
  });
});

describe('where the modules of a job go', () => {
  it('is named after the toolchain if there are several for one KDIR', () => {
    const targets = [
      { kdir: arm64, toolchain: gcc10 },
      { kdir: arm64, toolchain: gcc12 },
      { kdir: x86, toolchain: gcc12 },
    ];
    const project = projectOf(undefined, { expected: ['hello'] });
    expect(plan({ project, targets }).map(({ output }) => output)).toEqual([
      '6.1.0-56-arm64/arm64/gcc-10',
      '6.1.0-56-arm64/arm64/gcc-12',
      '6.1.0-56-amd64/x86_64',
    ]);
  });

  it('is named after the toolchain, too, if only others ask for several', () => {
    const { base, top } = projectsOf({ base: [], top: ['base'] });
    // As two resolutions of one reference give it: equal, and not the same object.
    const targets = [gcc10, gcc12].map((toolchain) => ({ kdir: { ...arm64 }, toolchain }));
    const jobs = plan({ project: base!, targets: [] }, { project: top!, targets });
    expect(jobs.map(({ project, output }) => [project, output])).toEqual(
      ['gcc-10', 'gcc-12'].flatMap((name) => [
        ['base', `6.1.0-56-arm64/arm64/${name}`],
        ['top', `6.1.0-56-arm64/arm64/${name}`],
      ]),
    );
  });

  it('is refused if two projects would write the same module there', async () => {
    const projects = ['one', 'two'].map((name) =>
      projectOf(undefined, { name, expected: ['hello'], output: '/out' }),
    );
    const error = await kbuildErrorOf(() => plan(...projects.map((project) => forAll(project))));
    expect(error.code).toBe('PLAN_OUTPUT_COLLISION');
    expect(error.message).toContain('/out/6.1.0-56-arm64/arm64/hello.ko');
    for (const { directory } of projects) expect(error.message).toContain(directory);
  });

  it('is refused if two KDIRs of one release would give the same module', async () => {
    const second = kdirOf('arm64', { path: '/usr/src/other', identity: 'another' });
    const project = projectOf(undefined, { expected: ['hello'] });
    const error = await kbuildErrorOf(() => plan(forAll(project, [arm64, second])));
    expect(error.code).toBe('PLAN_OUTPUT_COLLISION');
    expect(error.message).toContain(arm64.path);
    expect(error.message).toContain('/usr/src/other');
  });

  it('may be the same for projects with other modules, or with other output directories', () => {
    const one = projectOf(undefined, { name: 'one', expected: ['one'], output: '/out' });
    const two = projectOf(undefined, { name: 'two', expected: ['two'], output: '/out' });
    const elsewhere = projectOf(undefined, { name: 'one', expected: ['one'], output: '/other' });
    expect(plan(forAll(one), forAll(two), forAll(elsewhere))).toHaveLength(3);
  });
});

describe('the key of a job', () => {
  const files = { Kbuild: 'obj-m := hello.o\n', 'hello.c': 'int x;\n', 'run.sh': '#!/bin/sh\n' };
  const keyOf = (...args: Parameters<typeof jobOf>): string => jobOf(...args).key;
  const key = keyOf(projectOf(files));

  const kbuild = { kind: 'generated', kbuild: 'obj-m := hello.o\n', makefile: '' } as const;
  const changes: [string, () => string][] = [
    ['a byte of a source', () => keyOf(projectOf({ ...files, 'hello.c': 'int y;\n' }))],
    ['a header that nothing lists', () => keyOf(projectOf({ ...files, 'hello.h': '' }))],
    [
      'the name of a source',
      () =>
        keyOf(projectOf({ Kbuild: files.Kbuild, 'hallo.c': 'int x;\n', 'run.sh': '#!/bin/sh\n' })),
    ],
    [
      'the mode of a file',
      () => keyOf(projectOf({ ...files, 'run.sh': { program: '#!/bin/sh\n' } })),
    ],
    [
      'a file that becomes a link to the same content',
      () => keyOf(projectOf({ ...files, 'run.sh': { link: 'hello.c' } })),
    ],
    ['a generated Kbuild', () => keyOf(projectOf(files, { method: kbuild }))],
    [
      'what the generated Kbuild says',
      () => {
        const other = { ...kbuild, kbuild: 'obj-m := hello.o\nccflags-y := -DX\n' };
        const [one, two] = [kbuild, other].map((method) => keyOf(projectOf(files, { method })));
        return one === two ? key : `${one} ${two}`;
      },
    ],
    ['the method', () => keyOf(projectOf(files, { method: { kind: 'make' } }))],
    ['the name, which is the place in the build', () => keyOf(projectOf(files, { name: 'hallo' }))],
    ['a variable of make', () => keyOf(projectOf(files, { make: { DEBUG: '1' } }))],
    ['the modules that are expected', () => keyOf(projectOf(files, { expected: ['hello'] }))],
    ['W=', () => keyOf(projectOf(files), arm64, { warnings: '1' })],
    ['C=', () => keyOf(projectOf(files), arm64, { check: '1' })],
    ['the KDIR', () => keyOf(projectOf(files), x86)],
    ['what is in the KDIR', () => keyOf(projectOf(files), { ...arm64, identity: 'rebuilt' })],
    ['where the KDIR is', () => keyOf(projectOf(files), { ...arm64, path: '/usr/src/elsewhere' })],
    ['the toolchain', () => plan(forAll(projectOf(files), [arm64], gcc10))[0]!.key],
    [
      'a package in the toolchain’s image',
      () => {
        const packages = { ...gcc12.packages, native: [...gcc12.packages.native, 'gawk'] };
        return plan(forAll(projectOf(files), [arm64], { ...gcc12, packages }))[0]!.key;
      },
    ],
    [
      'a package that the project adds to that image',
      () => keyOf(projectOf(files, { buildDeps: ['gawk'] })),
    ],
    ['the machine that builds', () => planJobs([forAll(projectOf(files))], 'arm64')[0]!.key],
    [
      'SOURCE_DATE_EPOCH',
      () => {
        vi.stubEnv('SOURCE_DATE_EPOCH', '1700000000');
        return keyOf(projectOf(files));
      },
    ],
  ];

  it.each(changes)('is another one if this changes: %s', (_, changed) => {
    expect(changed()).not.toBe(key);
  });

  it('is the same wherever the same project lies, and whenever it was written', () => {
    const project = projectOf(files);
    const copy = join(temporaryDirectory(), 'elsewhere, "under" another name');
    cpSync(project.directory, copy, { recursive: true });
    utimesSync(join(copy, 'hello.c'), 1, 1);
    expect(keyOf(projectAt(copy))).toBe(key);
  });

  it('does not change with what does not go into a module’s bytes', () => {
    vi.stubEnv('HOME', '/home/somebody');
    vi.stubEnv('KCFLAGS', '-O0');
    const project = projectOf(files, {
      version: '2',
      license: 'GPL',
      output: '/out',
      kernels: ['host'],
      archs: ['arm64'],
      toolchains: ['gcc-12'],
      signing: { key: '/key.pem', cert: '/cert.pem' },
    });
    const mounts = [{ source: '/another/cache', target: arm64.path }];
    expect(keyOf(project, { ...arm64, mounts, symversPath: '/elsewhere' })).toBe(key);
  });

  it('does not change with what an earlier build left in the tree', () => {
    const project = projectOf(files);
    for (const name of ['hello.ko', 'hello.mod', '.hello.o.cmd', 'hello.o', 'Module.symvers']) {
      writeFileSync(join(project.directory, name), 'left over');
    }
    expect(keyOf(projectAt(project.directory))).toBe(key);
  });

  it('changes with the sources of what it depends on, directly or not', () => {
    const all = projectsOf({ base: [], middle: ['base'], top: ['middle'], other: [] });
    const keys = () => {
      const jobs = plan(
        ...Object.values(all).map(({ directory, ...rest }) =>
          forAll(projectAt(directory, { ...rest, files: projectAt(directory).files })),
        ),
      );
      return new Map(jobs.map((job) => [job.project, job.key]));
    };
    const before = keys();
    writeFileSync(join(all.base!.directory, 'base.h'), '/* new */');
    const after = keys();
    const changed = [...after].filter(([name, value]) => before.get(name) !== value);
    expect(changed.map(([name]) => name)).toEqual(['base', 'middle', 'top']);
  });

  it('changes with what the jobs that it needs are built with', () => {
    const all = projectsOf({ base: [], top: ['base'] });
    const keyOfTop = (make: Record<string, string>) =>
      plan({ project: { ...all.base!, make }, targets: [] }, forAll(all.top!)).at(-1)!.key;
    expect(keyOfTop({ DEBUG: '1' })).not.toBe(keyOfTop({}));
  });
});
