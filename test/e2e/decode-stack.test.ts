import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { archByName } from '../../src/arch/arch.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { toolchainByName } from '../../src/toolchain/toolchain.js';
import { decodeStacks } from '../../src/vm/decode-stack.js';
import { findReports, type KernelReport } from '../../src/vm/kernel-reports.js';
import { withSession } from '../../src/workflow/session.js';
import { boot } from '../support/boot.js';
import { artifactsOf, build, root } from '../support/cli.js';
import { debianImage, type DebianImage } from '../support/debian-image.js';
import { messagesOf } from '../support/kernel-log.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const misbehaving = ['warn_init', 'bug_init', 'oops_init'];
const sources = misbehaving.map((name) => join(root, 'test/modules', name));

/** Decodes with the programs of a toolchain's image. */
async function decode(
  reports: KernelReport[],
  modules: ReadonlyMap<string, string>,
  { arch, toolchain }: { arch: string; toolchain: string },
): Promise<KernelReport[]> {
  const { signal } = new AbortController();
  const session = {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    emit: () => undefined,
    signal,
  };
  return withSession(session, async ({ runtime, toolchainImage }) =>
    decodeStacks(reports, {
      modules,
      triple: archByName(arch).triple,
      image: (await toolchainImage(toolchainByName(toolchain))).id,
      runtime: await runtime(),
      limits: { memoryBytes: 2 ** 31, diskBytes: 2 ** 28, timeoutMs: 60_000 },
      toUserPath: (path) => path,
      signal,
    }),
  );
}

const sourcesOf = ({ stack }: KernelReport) => stack.map(({ source }) => source);

describe('stacks of a booted kernel (Debian 6.1, x86_64)', () => {
  let image: DebianImage;
  let reports: KernelReport[];

  beforeAll(async () => {
    image = await debianImage('bookworm', 'x86_64');
    const out = temporaryDirectory();
    const { document, exitCode } = await build([
      ...[...sources, '--kernel', image.ref, '--arch', 'x86_64', '--out', out],
    ]);
    expect(exitCode).toBe(0);
    const files = artifactsOf(document).map(({ path }) => join(out, path));
    const loads = misbehaving.map((name) => `insmod /${name}.ko`).join('\n');
    const printed = await boot(image.vmlinuz, files, `${loads}\ndmesg -r`);
    const modules = new Map(
      misbehaving.map((name) => [name, files.find((file) => file.endsWith(`/${name}.ko`))!]),
    );
    reports = await decode(findReports(messagesOf(printed)), modules, {
      arch: 'x86_64',
      toolchain: 'gcc-12',
    });
  });

  it('name the places that the kernel itself names: WARN and BUG', () => {
    const [warning, bug, oops] = reports;
    expect(reports.map(({ kind }) => kind)).toEqual(['warning', 'bug', 'oops']);
    const said = (report: KernelReport) =>
      / at (?<place>\S+:\d+)/.exec(report.title)?.groups?.place;
    expect(sourcesOf(warning!)[0]).toBe(said(warning!));
    expect(sourcesOf(bug!)[0]).toBe(said(bug!));
    expect(sourcesOf(oops!)[0]).toMatch(/^\S+oops_init\.c:\d+, inlined at \S+oops_init\.c:\d+$/);
  });

  it('name the call, not the place that it returns to', () => {
    const [frame] = reports[2]!.stack.filter(({ text }) => text.startsWith('oops_init_init+'));
    // int error = fill();
    expect(frame!.source).toMatch(/oops_init\.c:21$/);
  });

  it('stay as they are where no debug information is', () => {
    const [report] = reports;
    const kernels = report!.stack.filter(({ text }) => !text.includes('['));
    expect(kernels.length).toBeGreaterThan(1);
    expect(kernels.every(({ source }) => source === undefined)).toBe(true);
  });
});

describe('without GNU’s addr2line for the arch (a Clang image, arm64)', () => {
  it('LLVM’s programs find the same places', async () => {
    const out = temporaryDirectory();
    const { document } = await build([
      ...[...sources, '--kernel', 'debian:bookworm', '--arch', 'arm64', '--out', out],
    ]);
    const files = artifactsOf(document).map(({ path }) => join(out, path));
    const modules = new Map([['oops_init', files.find((file) => file.endsWith('/oops_init.ko'))!]]);
    const frames = ['fill+0x20/0x28', 'oops_init_init+0x1c/0x40', 'oops_init_exit+0x4/0xc'];
    const stack = frames.map((text) => ({ text: `${text} [oops_init]` }));
    const report: KernelReport = { kind: 'oops', title: 'a test', stack, lines: [] };
    const [gnu] = await decode([report], modules, { arch: 'arm64', toolchain: 'gcc-12' });
    const [llvm] = await decode([report], modules, { arch: 'arm64', toolchain: 'clang-14' });
    expect(sourcesOf(gnu!)).toEqual([
      expect.stringMatching(/oops_init\.c:\d+/),
      expect.stringMatching(/oops_init\.c:21$/),
      expect.stringMatching(/oops_init\.c:\d+$/),
    ]);
    expect(sourcesOf(llvm!)).toEqual(sourcesOf(gnu!));
  });

  it('what is no module stays as it is', async () => {
    const file = join(temporaryDirectory(), 'broken.ko');
    writeFileSync(file, 'not an ELF file');
    const stack = [{ text: 'f+0x1/0x2 [broken]' }];
    const report: KernelReport = { kind: 'oops', title: 'a test', stack, lines: [] };
    const modules = new Map([['broken', file]]);
    const decoded = await decode([report], modules, { arch: 'arm64', toolchain: 'gcc-12' });
    expect(decoded).toEqual([report]);
  });
});
