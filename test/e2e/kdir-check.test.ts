import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Kdir } from '../../src/kernel/kdir.js';
import type { KdirReport } from '../../src/workflow/inspect-kdir.js';
import { build, examples, kbuild, kbuildJson } from '../support/cli.js';
import { fetchedKdir, placeOf } from '../support/kdir.js';
import { machines } from '../support/kdir-tree.js';
import { sourceKernel } from '../support/source-kernel.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function check(...refs: string[]) {
  const args = ['kdir', 'check', ...refs];
  const { exitCode, document } = await kbuildJson<{ kdirs: KdirReport[] }>(args);
  return { exitCode, kdirs: document.kdirs };
}

const worse = ({ findings }: KdirReport) =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);

/** The parts of Debian's headers copied below one directory, as `dpkg -x` of the packages has them. */
async function unpacked(kdir: Kdir): Promise<string> {
  const root = temporaryDirectory();
  for (const { source, target } of kdir.mounts) {
    await execa('mkdir', ['-p', dirname(join(root, target))]);
    await execa('cp', ['-a', source, join(root, target)]);
  }
  return root;
}

/** The same in one directory, as Fedora has them. */
async function allInOne(kdir: Kdir, directory: string): Promise<string> {
  const parts = ['-common', 'linux-kbuild-6.1/scripts', 'linux-kbuild-6.1/tools', kdir.path];
  const [common = '', scripts = '', tools = '', headers = ''] = parts.map((p) => placeOf(kdir, p));
  await execa('mkdir', ['-p', directory]);
  await execa('cp', ['-a', `${common}/.`, directory]);
  for (const name of ['scripts', 'tools']) rmSync(join(directory, name));
  await execa('cp', ['-a', scripts, tools, directory]);
  for (const name of ['arch', 'include', '.config', 'Module.symvers']) {
    await execa('cp', ['-a', join(headers, name), directory]);
  }
  return directory;
}

let amd64: Kdir;
let arm64: Kdir;

beforeAll(async () => {
  amd64 = await fetchedKdir('debian:bookworm', 'x86_64');
  arm64 = await fetchedKdir('debian:bookworm', 'arm64');
});

describe('kdir check', () => {
  it('finds nothing against the kernels of a distribution', async () => {
    const refs = ['debian:bullseye', 'debian:bookworm', 'debian:trixie'];
    const { exitCode, kdirs } = await check(...refs);
    expect(kdirs.length).toBeGreaterThanOrEqual(refs.length);
    expect(kdirs.map((report) => [report.release, report.verdict, worse(report)])).toEqual(
      kdirs.map(({ release }) => [release, 'builds', []]),
    );
    expect(exitCode).toBe(0);
  });

  it('finds nothing against kernels that were built from source, with O=', async () => {
    const { exitCode, kdirs } = await check(
      await sourceKernel('arm64'),
      await sourceKernel('x86_64'),
    );
    expect(kdirs.map((report) => [report.arch, report.verdict, report.findings])).toEqual([
      ['arm64', 'builds', []],
      ['x86_64', 'builds', []],
    ]);
    expect(exitCode).toBe(0);
  });

  it('finds all that was broken in headers which lie below a directory of one’s own', async () => {
    const root = await unpacked(amd64);
    const headers = join(root, amd64.path);
    const tools = join(root, '/usr/lib/linux-kbuild-6.1');
    expect((await check(headers)).kdirs[0]).toMatchObject({ path: amd64.path, verdict: 'builds' });

    rmSync(join(headers, 'arch/x86/module.lds'));
    rmSync(join(headers, 'include/generated/bounds.h'));
    rmSync(join(tools, 'scripts/genksyms/genksyms'));
    chmodSync(join(tools, 'tools/objtool/objtool'), 0o644);
    const { exitCode, kdirs } = await check(headers);
    expect(worse(kdirs[0]!).sort()).toEqual([
      'KDIR_HOST_TOOL_MISSING',
      'KDIR_HOST_TOOL_NOT_EXECUTABLE',
      'KDIR_MODULE_LDS_MISSING',
      'KDIR_PREPARED_IN_PART',
    ]);
    expect(kdirs[0]!.verdict).toBe('mended');
    expect(exitCode).toBe(0);

    const symvers = readFileSync(join(headers, 'Module.symvers'), 'utf8');
    const without = symvers.replaceAll(/^0x[0-9a-f]{8}/gm, '0x00000000');
    writeFileSync(join(headers, 'Module.symvers'), without);
    const config = readFileSync(join(headers, '.config'), 'utf8');
    writeFileSync(join(headers, '.config'), config.replace('CONFIG_SMP=y\n', ''));
    const broken = await check(headers);
    expect(worse(broken.kdirs[0]!)).toContain('KDIR_SYMVERS_NO_CRCS');
    expect(worse(broken.kdirs[0]!)).toContain('KDIR_CONFIG_STALE');
    expect(broken.kdirs[0]!.verdict).toBe('broken');
    expect(broken.exitCode).toBe(2);
  });

  it('says in words what is wrong, what to do, and what a build does by itself', async () => {
    const root = await unpacked(arm64);
    const programs = join(root, '/usr/lib/linux-kbuild-6.1/scripts/mod');
    for (const name of readdirSync(programs).filter((one) => one.startsWith('modpost'))) {
      const bytes = readFileSync(join(programs, name));
      // A program is of the machine that its ELF header names.
      bytes.writeUInt16LE(bytes.readUInt16LE(18) === machines.x86_64 ? 183 : 62, 18);
      writeFileSync(join(programs, name), bytes);
    }
    const { exitCode, stdout } = await kbuild(['kdir', 'check', join(root, arm64.path)]);
    expect(stdout).toMatch(/error +host tools are programs for \w+, .*: scripts\/mod\/modpost \[/);
    expect(stdout).toMatch(/do Run 'make modules_prepare'/);
    expect(stdout).toMatch(/or nothing: 'build' makes host tools/);
    expect(exitCode).toBe(0);
    const { stdout: header } = await execa('readelf', ['-h', join(programs, 'modpost')]);
    expect(header).toMatch(process.arch === 'x64' ? /AArch64/ : /X86-64/);
  });

  it('reports a path that is no KDIR, where inspect does too', async () => {
    const path = join(temporaryDirectory(), 'nothing');
    for (const command of ['check', 'inspect']) {
      const { exitCode, stdout } = await kbuild(['kdir', command, path]);
      expect(stdout).toMatch(/there is no KDIR at .* \[KDIR_NOT_FOUND\]/);
      expect(exitCode).toBe(2);
    }
  });
});

describe('KDIRs of other layouts build', () => {
  const hello = join(examples, 'hello');
  const builds = async (kdir: string) => {
    const { exitCode, document, stderr } = await build([
      ...[hello, '--kdir', kdir],
      ...['--no-cache', '--out', temporaryDirectory()],
    ]);
    expect(document.jobs, stderr).toHaveLength(1);
    expect(exitCode, stderr).toBe(0);
  };

  it('unpacked below a directory of one’s own', async () => {
    const root = await unpacked(arm64);
    await builds(join(root, arm64.path));
  });

  it('in one directory, whose path has a blank and a colon', async () => {
    const path = join(temporaryDirectory(), 'kernel tree:1', 'kdir');
    await builds(await allInOne(amd64, path));
  });
});
