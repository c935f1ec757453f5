import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import { sourceOfKdir } from '../../src/kernel/layer/source-of-kdir.js';
import type { PrepareReport } from '../../src/workflow/prepare-kernels.js';
import { artifactsOf, build, examples, kbuildJson, start } from '../support/cli.js';
import { copyTree, foreignDebianHeaders, makeForeign } from '../support/foreign-kdir.js';
import { sourceKernel } from '../support/source-kernel.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { treeHash } from '../support/tree-hash.js';

type Prepared = PrepareReport & { error?: ErrorReport };

const prepareKdir = (kdir: string, cache: string) =>
  kbuildJson<Prepared>(['kernel', 'prepare', kdir], { env: { KBUILD_TS_CACHE_DIR: cache } });

/** Builds the hello module, and holds the KDIR to be as it was. */
async function buildHello(kdirs: string[], trees: string[], cache?: string) {
  const before = trees.map(treeHash);
  const out = temporaryDirectory();
  const args = [
    join(examples, 'hello'),
    ...kdirs.flatMap((kdir) => ['--kdir', kdir]),
    '--out',
    out,
  ];
  const env = cache === undefined ? {} : { KBUILD_TS_CACHE_DIR: cache };
  const { document, exitCode, stderr } = await build(args, { env });
  expect(exitCode, stderr).toBe(0);
  expect(trees.map(treeHash)).toEqual(before);
  return { document, artifacts: artifactsOf(document).map(({ path }) => join(out, path)) };
}

const machineOf = (program: string): string =>
  /Machine: +(.*)/.exec(execFileSync('readelf', ['-h', program], { encoding: 'utf8' }))?.[1] ?? '';

const machineOfNode = machineOf(process.execPath);

describe("Debian's headers with host tools of another machine", () => {
  it('build with the package of this machine in their place', async () => {
    const arm64 = await foreignDebianHeaders('arm64');
    const x86 = await foreignDebianHeaders('x86_64');
    const foreign = join(arm64.root, 'usr/lib/linux-kbuild-6.1/scripts/mod/modpost');
    expect(machineOf(foreign)).not.toBe(machineOfNode);
    const refused = await build([
      ...[join(examples, 'hello'), '--kdir', arm64.kdir, '--prepare', 'never'],
    ]);
    expect(refused.document.error?.code).toBe('KDIR_HOST_TOOLS');
    const { document, artifacts } = await buildHello(
      [arm64.kdir, x86.kdir],
      [arm64.root, x86.root],
      temporaryDirectory(),
    );
    expect(document.jobs.map(({ arch, status }) => `${arch} ${status}`).sort()).toEqual([
      'arm64 built',
      'x86_64 built',
    ]);
    expect(artifacts.map(machineOf).sort()).toEqual(['AArch64', 'Advanced Micro Devices X86-64']);
  });
});

describe.each(['arm64', 'x86_64'] as const)('the O= directory of a kernel for %s', (arch) => {
  let original: string;

  beforeAll(async () => {
    original = await sourceKernel(arch); // takes minutes, once
  });

  it('builds after its host tools are made anew for this machine', async () => {
    const directory = temporaryDirectory();
    const kdir = join(directory, 'kdir');
    copyTree(original, kdir);
    const programs = makeForeign(kdir);
    expect(programs).toContain(join(kdir, 'scripts/mod/modpost'));
    execFileSync('chmod', ['-R', 'a-w', kdir]);
    const cache = temporaryDirectory();
    const before = treeHash(kdir);
    const { document, exitCode, stderr } = await prepareKdir(kdir, cache);
    expect(exitCode, stderr).toBe(0);
    expect(treeHash(kdir)).toBe(before);
    const [ready] = document.kdirs;
    expect(ready).toMatchObject({ fromCache: false, kdir: { path: kdir, arch } });
    const layer = ready!.kdir.mounts.find(({ target }) => target === kdir)!.source;
    expect(machineOf(join(layer, 'scripts/mod/modpost'))).toBe(machineOfNode);
    // Nothing but programs is another: of the configuration there is no second copy at all.
    expect(existsSync(join(layer, 'include/generated'))).toBe(false);
    expect(readFileSync(join(layer, '.config'), 'utf8')).toBe(
      readFileSync(join(kdir, '.config'), 'utf8'),
    );

    await buildHello([kdir], [kdir], cache);
    const again = await prepareKdir(kdir, cache);
    expect(again.document.kdirs).toMatchObject([{ fromCache: true }]);
    execFileSync('chmod', ['-R', 'u+w', kdir]);
  });
});

describe('a source tree that is configured, and not prepared', () => {
  it('is prepared with the configuration that it has', async () => {
    const built = await sourceKernel('x86_64');
    const tree = temporaryDirectory();
    const source = sourceOfKdir(['/'], built);
    // Of what is never compiled here, make wants the Makefiles and Kconfig.
    const left = ['drivers', 'fs', 'net', 'sound'].map((name) => `--exclude=./${name}/*.[chS]`);
    execFileSync('sh', [
      ...['-c', 'from=$1 to=$2; shift 2; tar -C "$from" "$@" -cf - . | tar -C "$to" -xf -', 'sh'],
      ...[source, tree, ...left, '--exclude=./Documentation/*/*', '--exclude=*.dts*'],
    ]);
    for (const name of ['.config', 'Module.symvers']) copyTree(join(built, name), join(tree, name));
    const cache = temporaryDirectory();
    await buildHello([tree], [tree], cache);
    const { document } = await prepareKdir(tree, cache);
    const layer = document.kdirs[0]!.kdir.mounts.find(({ target }) => target === tree)!.source;
    const symbols = (path: string) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => /^CONFIG_/.test(line));
    expect(symbols(join(layer, '.config'))).toEqual(symbols(join(tree, '.config')));
    expect(document.kdirs[0]!.kdir.vermagic).toBe('6.1.192-tiny SMP mod_unload modversions ');

    // Another configuration than the kernel's is refused, not made.
    const config = readFileSync(join(tree, '.config'), 'utf8');
    writeFileSync(
      join(tree, '.config'),
      config.replace(/^CONFIG_MODVERSIONS=y$/m, 'CONFIG_MODVERSIONS=y\nCONFIG_SMP_NOT_KNOWN=y'),
    );
    const other = await prepareKdir(tree, cache);
    expect(other.exitCode).toBe(4);
    expect(other.document.error).toMatchObject({
      code: 'KDIR_MEND_FAILED',
      message: expect.stringContaining('CONFIG_SMP_NOT_KNOWN: y, now not set') as string,
    });
  });
});

describe('headers in one directory, with the source of the host tools', () => {
  let kdir: string;
  let cache: string;

  beforeAll(async () => {
    const built = await sourceKernel('x86_64');
    const source = sourceOfKdir(['/'], built);
    kdir = temporaryDirectory();
    cache = temporaryDirectory();
    // As Fedora's kernel-devel: neither Kconfig nor Kbuild nor the kernel's own source.
    const parts = ['Makefile', 'scripts', 'include', 'arch/x86/include', 'arch/x86/Makefile'];
    const tools = ['arch', 'build', 'include', 'lib', 'objtool', 'scripts', 'Makefile'];
    for (const name of [...parts, ...tools.map((tool) => `tools/${tool}`)]) {
      copyTree(join(source, name), join(kdir, name));
    }
    for (const name of ['include', 'scripts', 'arch/x86/include', 'tools/objtool']) {
      execFileSync('cp', ['-a', `${join(built, name)}/.`, join(kdir, name)]);
    }
    for (const name of ['.config', 'Module.symvers']) copyTree(join(built, name), join(kdir, name));
    makeForeign(kdir);
    rmSync(join(kdir, 'scripts/module.lds'));
  });

  const layers = (of = cache) =>
    existsSync(join(of, 'layers'))
      ? readdirSync(join(of, 'layers')).filter((name) => !name.endsWith('.failed'))
      : [];

  it('build', async () => {
    const { document } = await prepareKdir(kdir, cache);
    expect(document.kdirs[0]?.mended.join('\n')).toMatch(/modpost.*objtool.*\n.*module\.lds/);
    await buildHello([kdir], [kdir], cache);
    expect(layers()).toHaveLength(1);
  });

  it('are made once by two that ask at once', async () => {
    const own = temporaryDirectory();
    const both = await Promise.all([prepareKdir(kdir, own), prepareKdir(kdir, own)]);
    expect(both.map(({ document }) => document.kdirs[0]?.fromCache).sort()).toEqual([false, true]);
  });

  it('leave nothing half-made when it is killed', async () => {
    const own = temporaryDirectory();
    const options = { env: { KBUILD_TS_CACHE_DIR: own } };
    const killed = start(['kernel', 'prepare', kdir], options);
    const isMaking = () => layers(own).some((name) => name.startsWith('.'));
    await expect.poll(isMaking, { timeout: 60_000, interval: 20 }).toBe(true);
    await sleep(1000);
    killed.kill('SIGKILL');
    await killed;
    expect(layers(own).filter((name) => !name.startsWith('.'))).toEqual([]);
    const { document, exitCode, stderr } = await prepareKdir(kdir, own);
    expect(exitCode, stderr).toBe(0);
    expect(document.kdirs[0]?.fromCache).toBe(false);
    expect(layers(own)).toHaveLength(1);
    expect(readdirSync(join(own, 'runs'))).toEqual([]);
  });

  it('say why their source cannot be compiled, and where all of it stands', async () => {
    const broken = join(temporaryDirectory(), 'kdir');
    copyTree(kdir, broken);
    const own = temporaryDirectory();
    writeFileSync(join(broken, 'scripts/mod/modpost.c'), 'int main(void) { return missing; }\n');
    const { document, exitCode } = await prepareKdir(broken, own);
    expect(exitCode).toBe(4);
    expect(document.error).toMatchObject({
      code: 'KDIR_MEND_FAILED',
      message: expect.stringContaining("error: use of undeclared identifier 'missing'") as string,
    });
    const [, log = ''] = /is in (\S+\.log)\./.exec(document.error?.hint ?? '') ?? [];
    expect(readFileSync(log, 'utf8')).toContain('scripts/mod/modpost.o');
    expect(layers(own)).toEqual([]);

    rmSync(join(broken, 'scripts/mod/modpost.c'));
    const without = await prepareKdir(broken, own);
    expect(without.exitCode).toBe(2);
    expect(without.document.error?.code).toBe('KDIR_HOST_TOOLS');
    expect(without.document.error?.message).toContain('cannot be mended');
  });
});
