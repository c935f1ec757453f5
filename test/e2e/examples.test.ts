import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Artifact, JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import { build, examples } from '../support/cli.js';
import { asKmodInfo, kmodInfo } from '../support/kmod.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const suites = { bullseye: /^5\.10\./, bookworm: /^6\.1\./, trixie: /^6\.12\./ };
const machines = { arm64: 'AArch64', x86_64: 'Advanced Micro Devices X86-64' };
const modules = ['chardev', 'consumer', 'exporter', 'hello', 'params'];

describe('all examples, for Debian 5.10, 6.1 and 6.12 on arm64 and x86_64', () => {
  let output: string;
  let manifest: Manifest;
  let exitCode: number | undefined;

  beforeAll(async () => {
    output = temporaryDirectory();
    const kernels = Object.keys(suites).flatMap((suite) => ['--kernel', `debian:${suite}`]);
    const result = await build([
      examples,
      ...kernels,
      '--arch',
      'arm64,x86_64',
      '--no-cache',
      '--out',
      output,
    ]);
    ({ document: manifest, exitCode } = result);
  });

  const artifacts = (): [JobRecord, Artifact][] =>
    manifest.jobs.flatMap((job) => job.artifacts.map((a): [JobRecord, Artifact] => [job, a]));

  it('builds every one, each with the compiler of its kernel', () => {
    expect(manifest.jobs.map(({ status, error }) => ({ status, error }))).toEqual(
      manifest.jobs.map(() => ({ status: 'built', error: undefined })),
    );
    expect(exitCode).toBe(0);
    const built = artifacts().map(([{ release, arch, toolchain }, { path }]) => ({
      suite: Object.entries(suites).find(([, pattern]) => pattern.test(release))?.[0],
      arch,
      toolchain,
      module: basename(path, '.ko'),
    }));
    const compilers = { bullseye: 'gcc-10', bookworm: 'gcc-12', trixie: 'gcc-14' };
    const all = Object.entries(compilers).flatMap(([suite, toolchain]) =>
      Object.keys(machines).flatMap((arch) =>
        modules.map((module) => ({ suite, arch, toolchain, module })),
      ),
    );
    expect(built).toHaveLength(all.length);
    expect(built).toEqual(expect.arrayContaining(all));
  });

  it('warns of nothing', () => {
    expect(manifest.jobs.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  });

  it('says of each module what kmod says, tag by tag', async () => {
    for (const [, { path, modinfo }] of artifacts()) {
      expect(asKmodInfo(modinfo), path).toEqual(await kmodInfo(join(output, path)));
    }
  });

  it('says of each module what readelf says of its machine', async () => {
    for (const [{ arch }, { path, elf }] of artifacts()) {
      const { stdout } = await execa('readelf', ['-h', join(output, path)]);
      expect(stdout, path).toContain(machines[arch as keyof typeof machines]);
      expect(stdout, path).toContain(`ELF${elf.class}`);
    }
  });

  it('gives size and hash of the files that are there', async () => {
    for (const [, { path, size, sha256 }] of artifacts()) {
      const bytes = await readFile(join(output, path));
      expect(size, path).toBe(bytes.length);
      expect(sha256, path).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  it('verified each one', () => {
    for (const [, { path, verdicts }] of artifacts()) {
      const statuses = Object.fromEntries(verdicts.map(({ check, status }) => [check, status]));
      expect(statuses, path).toEqual({
        machine: 'ok',
        vermagic: 'ok',
        name: 'ok',
        license: 'ok',
        symbols: 'ok',
        signature: 'ok',
      });
    }
  });

  it('leaves the full log of each job beside the manifest', async () => {
    for (const { log, project } of manifest.jobs) {
      expect(await readFile(join(output, log ?? ''), 'utf8')).toMatch(/CC \[M\]/);
      expect(log).toContain(project);
    }
    const written = JSON.parse(await readFile(join(output, 'manifest.json'), 'utf8')) as Manifest;
    expect(written).toEqual(manifest);
  });

  it('has the consumer depend on the exporter, as depmod sees it', () => {
    const consumers = artifacts().filter(([{ project }]) => project === 'consumer');
    expect(consumers.map(([, { modinfo }]) => modinfo.depends)).toEqual(
      consumers.map(() => ['exporter']),
    );
  });
});
