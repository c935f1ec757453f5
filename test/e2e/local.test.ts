import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactsOf, build, examples, kbuild } from '../support/cli.js';
import { asKmodInfo, kmodInfo } from '../support/kmod.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('a KDIR that is installed on this machine (Debian’s linux-headers-amd64)', () => {
  let kdir: string;

  beforeAll(() => {
    const [release] = readdirSync('/lib/modules').filter((name) => /^6\.1\..*-amd64$/.test(name));
    kdir = join('/lib/modules', release!, 'build');
  });

  it('is built for in a container: its arch is read from it', async () => {
    const out = temporaryDirectory();
    const { exitCode, document } = await build([
      examples,
      '--kdir',
      kdir,
      '--no-cache',
      '--out',
      out,
    ]);
    expect(exitCode).toBe(0);
    expect(document.jobs.map(({ arch, toolchain }) => [arch, toolchain])).toEqual(
      document.jobs.map(() => ['x86_64', 'gcc-12']),
    );
    for (const { path, modinfo } of artifactsOf(document)) {
      expect(asKmodInfo(modinfo)).toEqual(await kmodInfo(join(out, path)));
    }
  });

  it('is built for by this machine’s own compiler, to the same bytes', async () => {
    const container = await build([
      examples,
      '--kdir',
      kdir,
      '--no-cache',
      '--out',
      temporaryDirectory(),
    ]);
    const host = await build([
      examples,
      '--kdir',
      kdir,
      '--runtime',
      'host',
      '--out',
      temporaryDirectory(),
    ]);
    expect(host.exitCode, host.stderr).toBe(0);
    const [own, other] = [host, container].map(({ document }) =>
      artifactsOf(document).map(({ sha256 }) => sha256),
    );
    expect(own).toHaveLength(5);
    expect(own).toEqual(other);
  });

  it('is described as the kernel’s own files have it', async () => {
    const { stdout } = await kbuild(['kdir', 'inspect', kdir]);
    const { stdout: config } = await execa('grep', [
      'CONFIG_CC_VERSION_TEXT',
      join(kdir, '.config'),
    ]);
    expect(stdout).toContain(config.split('"')[1]);
  });
});

describe('the host runtime', () => {
  it('names a compiler that is not installed', async () => {
    const bin = temporaryDirectory({ node: { link: process.execPath } });
    const [release] = readdirSync('/lib/modules').filter((name) => name.endsWith('-amd64'));
    const args = [join(examples, 'hello'), '--kdir', join('/lib/modules', release!, 'build')];
    const { exitCode, document } = await build([...args, '--runtime', 'host'], {
      env: { PATH: bin },
    });
    expect(document.error).toMatchObject({
      code: 'TOOLCHAIN_NOT_INSTALLED',
      message: expect.stringContaining('x86_64-linux-gnu-gcc-12'),
    });
    expect(exitCode).toBe(2);
  });

  it('refuses a fetched KDIR, which is not where it expects to be', async () => {
    const args = [join(examples, 'hello'), '--kernel', 'debian:bookworm', '--arch', 'arm64'];
    const { exitCode, document } = await build([...args, '--runtime', 'host']);
    expect(document.error?.code).toBe('KDIR_NOT_IN_PLACE');
    expect(exitCode).toBe(2);
  });
});
