import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archByName, hostArch } from '../arch/arch.js';
import { healthyKdir, healthyTools } from '../../test/support/healthy-kdir.js';
import { kdirAt } from '../../test/support/kdir-at.js';
import { arm64Config, hostTool } from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { inspectKdirs } from './inspect-kdir.js';
import type { Session } from './session.js';

/** As much of a session as a path on this machine needs. */
const { signal } = new AbortController();
const session = { provider: { repositories: [], signal } } as unknown as Session;

const foreign = ['arm64', 'x86_64'].find((name) => name !== hostArch().name)!;

const reportOf = async (path: string) => (await inspectKdirs([path], session))[0]!;

describe('inspectKdirs', () => {
  it('names the toolchain of a KDIR, and explains what was found', async () => {
    const path = kdirAt(healthyKdir(`${arm64Config}CONFIG_TRIM_UNUSED_KSYMS=y\n`));
    const report = await reportOf(path);
    const is = { ref: path, path, arch: 'arm64', toolchain: 'gcc-12' };
    expect(report).toMatchObject(is);
    expect(report.findings.map(({ code }) => code)).toContain('KDIR_TRIMMED');
    expect(report.kdir!.symbols).toBe(1);
    for (const finding of report.findings) {
      expect(finding.explanation).toMatch(/\.$/);
      expect(finding.remedy).toMatch(/\.$/);
    }
  });

  it('reports what is broken beyond mending, rather than throw it', async () => {
    const path = kdirAt(healthyKdir());
    rmSync(join(path, 'Module.symvers'));
    const report = await reportOf(path);
    expect(report.verdict).toBe('broken');
    expect(report).not.toHaveProperty('kdir');
    expect(report.release).toBe('6.1.0-56-arm64');
    const nothing = await reportOf(join(path, 'nothing'));
    expect(nothing.findings.map(({ code }) => code)).toEqual(['KDIR_NOT_FOUND']);
    expect(nothing.verdict).toBe('broken');
  });

  it('promises no mending of what a build would refuse: no tools, and no source of them', async () => {
    const path = kdirAt(healthyKdir());
    for (const name of ['scripts/basic/fixdep', 'scripts/mod/modpost']) rmSync(join(path, name));
    const { verdict, findings } = await reportOf(path);
    expect(verdict).toBe('broken');
    expect(findings.map(({ code, mend }) => [code, mend])).toEqual([
      ['KDIR_NOT_PREPARED', undefined],
    ]);
  });

  it('tells foreign host tools as what a build mends, where it can', async () => {
    const path = kdirAt(healthyKdir());
    for (const name of ['basic/fixdep.c', 'mod/modpost.c', 'genksyms/genksyms.c']) {
      const source = join(path, 'scripts', name);
      mkdirSync(dirname(source), { recursive: true });
      writeFileSync(source, '');
    }
    const { machine } = archByName(foreign).elf;
    for (const name of healthyTools) {
      writeFileSync(join(path, name), hostTool(['2.17'], machine));
    }
    const report = await reportOf(path);
    expect(report.verdict).toBe('mended');
    expect(report.runs).toMatch(new RegExp(`do not run: host tools are programs for ${foreign}`));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'KDIR_HOST_TOOL_MACHINE', mend: 'host-tools' }),
    );
    rmSync(join(path, 'scripts/genksyms/genksyms.c'));
    const refused = await reportOf(path);
    expect(refused.verdict).toBe('broken');
    expect(refused.findings.map(({ code }) => code)).toEqual(
      report.findings.map(({ code }) => code),
    );
    expect(refused.findings.filter(({ mend }) => mend !== undefined)).toEqual([]);
  });

  it('holds the host tools against the image of the toolchain', async () => {
    const path = kdirAt(healthyKdir());
    const { machine } = hostArch().elf;
    writeFileSync(join(path, 'scripts/mod/modpost'), hostTool(['2.99'], machine));
    const { findings } = await reportOf(path);
    expect(findings.map(({ message }) => message)).toContain(
      'the host tool scripts/mod/modpost needs glibc 2.99, and the image of bookworm has 2.36',
    );
  });

  it('says that no toolchain is the compiler of a kernel', async () => {
    const config = arm64Config.replace('120200', '990100').replace('12.2.0"', '99.1.0"');
    const { verdict, findings, toolchain } = await reportOf(kdirAt(healthyKdir(config)));
    expect(verdict).toBe('broken');
    expect(findings.map(({ code }) => code)).toContain('KDIR_TOOLCHAIN_MISSING');
    expect(toolchain).toMatch(/^none: .*99\.1\.0/);
  });

  it('throws for what is no name of a kernel', async () => {
    const error = await kbuildErrorOf(() => inspectKdirs(['fedora:99'], session));
    expect(error.code).toBe('KERNEL_UNKNOWN');
  });
});
