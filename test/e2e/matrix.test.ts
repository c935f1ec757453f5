import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Artifact, JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import { formatResult } from '../../src/cli/result-table.js';
import { build, examples, kbuild } from '../support/cli.js';
import { asKmodInfo, kmodInfo } from '../support/kmod.js';
import { moduleSource } from '../support/project.js';
import { plainStyle } from '../support/styles.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A column of the matrix: how `--kernel` names it, and what its KDIRs say of themselves. */
interface Kernel {
  ref: string;
  release: RegExp;
  toolchain: string;
  /** The words of vermagic between the release and the arch, by arch. */
  vermagic: Record<'arm64' | 'x86_64', string>;
  /** Its headers hold a vmlinux, for the BTF of modules. */
  btf?: true;
}

const both = (words: string) => ({ arm64: words, x86_64: words });
const debian6 = {
  arm64: 'SMP mod_unload modversions',
  x86_64: 'SMP preempt mod_unload modversions',
};

const kernels: Record<string, Kernel> = {
  '5.10': {
    ref: 'debian:bullseye',
    release: /^5\.10\.0-\d+-(arm64|amd64)$/,
    toolchain: 'gcc-10',
    vermagic: both('SMP mod_unload modversions'),
  },
  '6.1': {
    ref: 'debian:bookworm',
    release: /^6\.1\.0-\d+-(arm64|amd64)$/,
    toolchain: 'gcc-12',
    vermagic: debian6,
  },
  '6.1-rt': {
    ref: 'debian:bookworm/6.1.*-rt-*/latest',
    release: /^6\.1\.0-\d+-rt-(arm64|amd64)$/,
    toolchain: 'gcc-12',
    vermagic: both('SMP preempt_rt mod_unload modversions'),
  },
  '6.1-cloud': {
    ref: 'debian:bookworm/6.1.*-cloud-*/latest',
    release: /^6\.1\.0-\d+-cloud-(arm64|amd64)$/,
    toolchain: 'gcc-12',
    vermagic: debian6,
  },
  '6.12': {
    ref: 'debian:trixie',
    release: /^6\.12\.\d+\+deb13-(arm64|amd64)$/,
    toolchain: 'gcc-14',
    vermagic: debian6,
    btf: true,
  },
  // It has no MODVERSIONS.
  '7.x': {
    ref: 'debian:sid',
    release: /^7\.\d+\.\d+\+deb\d+-(arm64|amd64)$/,
    toolchain: 'gcc-16',
    vermagic: both('SMP preempt mod_unload'),
    btf: true,
  },
};
const machines = { arm64: 'AArch64', x86_64: 'Advanced Micro Devices X86-64' };
const archs = ['arm64', 'x86_64'] as const;
const archVermagic = { arm64: 'aarch64', x86_64: '' };
const modules = ['chardev', 'consumer', 'exporter', 'hello', 'params'];

const kernelArguments = (names: string[]) =>
  names.flatMap((name) => ['--kernel', kernels[name]?.ref ?? '']);
const nameOf = (release: string): string | undefined =>
  Object.entries(kernels).find(([, kernel]) => kernel.release.test(release))?.[0];

const artifactsIn = (manifest: Manifest): [JobRecord, Artifact][] =>
  manifest.jobs.flatMap((job) => job.artifacts.map((a): [JobRecord, Artifact] => [job, a]));

describe('all examples, for Debian 5.10 to 7.x, rt and cloud, on arm64 and x86_64, in one build', () => {
  let output: string;
  let manifest: Manifest;
  let exitCode: number | undefined;

  beforeAll(async () => {
    output = temporaryDirectory();
    const all = [examples, ...kernelArguments(Object.keys(kernels)), '--arch', 'arm64,x86_64'];
    const result = await build([...all, '--allow-expired', '--no-cache', '--out', output]);
    ({ document: manifest, exitCode } = result);
  });

  const artifacts = () => artifactsIn(manifest);

  it('builds every one, each with the compiler of its kernel', () => {
    expect(manifest.unusable ?? []).toEqual([]);
    expect(manifest.jobs.map(({ status, error }) => ({ status, error }))).toEqual(
      manifest.jobs.map(() => ({ status: 'built', error: undefined })),
    );
    expect(exitCode).toBe(0);
    const built = artifacts().map(([{ release, arch, toolchain }, { path }]) =>
      [nameOf(release), arch, toolchain, basename(path)].join(' '),
    );
    const wanted = Object.entries(kernels).flatMap(([name, { toolchain }]) =>
      archs.flatMap((arch) => modules.map((m) => [name, arch, toolchain, `${m}.ko`].join(' '))),
    );
    expect(built.sort()).toEqual(wanted.sort());
  });

  it('warns of nothing', () => {
    expect(manifest.jobs.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  });

  it('gives each module the vermagic of its kernel, as kmod reads it', async () => {
    for (const [{ release, arch }, { path }] of artifacts()) {
      const { stdout } = await execa('modinfo', ['-F', 'vermagic', join(output, path)]);
      const kernel = kernels[nameOf(release) ?? ''];
      const target = arch as (typeof archs)[number];
      const words = [release, kernel?.vermagic[target], archVermagic[target]];
      expect(stdout.trim(), path).toBe(words.join(' ').trim());
    }
  });

  it('gives each module the machine of its arch, as readelf reads it', async () => {
    for (const [{ arch }, { path, elf }] of artifacts()) {
      const { stdout } = await execa('readelf', ['-h', join(output, path)]);
      expect(stdout, path).toContain(machines[arch as keyof typeof machines]);
      expect(stdout, path).toContain(`ELF${elf.class}`);
    }
  });

  it('says of each module what kmod says, tag by tag', async () => {
    for (const [, { path, modinfo }] of artifacts()) {
      expect(asKmodInfo(modinfo), path).toEqual(await kmodInfo(join(output, path)));
    }
  });

  it('verified each one', () => {
    for (const [, { path, verdicts }] of artifacts()) {
      const open = verdicts.filter(({ status }) => status !== 'ok');
      expect(open, path).toEqual([]);
      expect(verdicts.map(({ check }) => check).sort(), path).toEqual([
        'license',
        'machine',
        'name',
        'signature',
        'symbols',
        'vermagic',
      ]);
    }
  });

  it('adds BTF and CRCs where the kernel has them, and only there', async () => {
    for (const [{ release }, { path }] of artifacts()) {
      const { stdout } = await execa('readelf', ['-SW', join(output, path)]);
      const kernel = kernels[nameOf(release) ?? ''];
      expect(/ \.BTF /.test(stdout), path).toBe(kernel?.btf ?? false);
      const modversions = kernel?.vermagic.arm64.includes('modversions');
      expect(/ __versions /.test(stdout), path).toBe(modversions);
    }
  });

  it('has the consumer depend on the exporter and its namespace, as kmod reads it', async () => {
    const consumers = artifacts().filter(([{ project }]) => project === 'consumer');
    expect(consumers).toHaveLength(12);
    for (const [, { path }] of consumers) {
      const { tags } = await kmodInfo(join(output, path));
      expect([tags.depends, tags.import_ns], path).toEqual([['exporter'], ['KBUILD_TS']]);
    }
  });

  it('shows all of it at a glance on a terminal of 100 columns', () => {
    const [table = '', ...rest] = formatResult(manifest, plainStyle).split('\n\n');
    const [header, ...rows] = table.split('\n');
    expect(header?.split(/ +/)).toEqual(['kernel', 'arch', 'toolchain', ...modules]);
    expect(rows).toHaveLength(12);
    for (const row of rows) {
      expect(row).toMatch(/^\S+ +(arm64|x86_64) +gcc-\d+( +ok){5}$/);
      expect(row.length).toBeLessThanOrEqual(100);
    }
    expect(rest).toHaveLength(1);
    expect(rest[0]).toMatch(/^60 built in /);
  });

  it('gives size and hash of the files that are there, and the full log of each job', async () => {
    for (const [, { path, size, sha256 }] of artifacts()) {
      const bytes = await readFile(join(output, path));
      expect(size, path).toBe(bytes.length);
      expect(sha256, path).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    for (const { log, project } of manifest.jobs) {
      expect(await readFile(join(output, log ?? ''), 'utf8')).toMatch(/CC \[M\]/);
      expect(log).toContain(project);
    }
    const written = JSON.parse(await readFile(join(output, 'manifest.json'), 'utf8')) as Manifest;
    expect(written).toEqual(manifest);
  });
});

describe('a build that some of the kernels fail', () => {
  it('builds for the others, and says in the table which failed and why', async () => {
    const newer = '#include <linux/version.h>\n#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)';
    const source = moduleSource(`${newer}\n#error "too old"\n#endif`);
    const project = temporaryDirectory({ Kbuild: 'obj-m := newer.o\n', 'newer.c': source });
    const absent = join(project, 'absent');
    const { stdout, exitCode } = await kbuild([
      ...['build', project, '--arch', 'arm64', '--kdir', absent],
      ...kernelArguments(['6.1', '6.12']),
    ]);
    const table = stdout.split('\n\n')[0]?.split('\n').slice(1) ?? [];
    expect(table).toEqual([
      expect.stringMatching(/^6\.1\.0-\S+ +arm64 +gcc-12 +\S+ +- +failed +compile error /),
      expect.stringMatching(/^6\.12\.\S+ +arm64 +gcc-14 +newer\.ko +\S+ KiB +ok /),
      expect.stringMatching(/absent +- +- +- +- +failed +kdir not found +-$/),
    ]);
    expect(stdout).toContain('error: #error "too old"');
    expect(stdout).toMatch(/\n1 built, 1 failed, 1 kernel not usable in /);
    expect(exitCode).toBe(2);
  });
});
