import yargs from 'yargs';
import { describe, expect, it } from 'vitest';
import { commaList, pathsPositional, planRequest, selectionOptions } from './options.js';

/** The request that a command line means, read by yargs as `build` reads it. */
async function requestOf(...args: string[]) {
  let request: ReturnType<typeof planRequest> | undefined;
  await yargs()
    .command(
      'build [dirs..]',
      '',
      (argv) => pathsPositional(argv).options(selectionOptions),
      (argv) => {
        request = planRequest(argv);
      },
    )
    .parserConfiguration({ 'greedy-arrays': false })
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw (error as Error | undefined) ?? new Error(message);
    })
    .parseAsync(['build', ...args]);
  return request;
}

const nothing = {
  directories: ['.'],
  archs: [],
  kdirs: [],
  kernels: [],
  toolchains: [],
  buildDeps: [],
  runtime: 'docker',
  prepare: 'auto',
  failFast: false,
  dkms: { directives: [], with: [] },
};

describe('commaList', () => {
  it.each([
    [undefined, []],
    [[], []],
    [['a'], ['a']],
    [['a,b'], ['a', 'b']],
    [
      ['a,b', 'c'],
      ['a', 'b', 'c'],
    ],
    [
      ['a,', ',b', ','],
      ['a', 'b'],
    ],
  ])('reads %j as %j', (values, list) => {
    expect(commaList(values)).toEqual(list);
  });
});

describe('the options that say what to build, and for what', () => {
  it('leave every choice to the configuration if they are not given', async () => {
    expect(await requestOf()).toEqual(nothing);
  });

  it('take lists by commas, by repetition, and by both', async () => {
    const args = ['-a', 'arm64,x86_64', '--kernel', 'debian:bookworm', '-k', 'host,debian:trixie'];
    expect(await requestOf(...args, '--toolchain=gcc-12', '-t', 'gcc-14')).toEqual({
      ...nothing,
      archs: ['arm64', 'x86_64'],
      kernels: ['debian:bookworm', 'host', 'debian:trixie'],
      toolchains: ['gcc-12', 'gcc-14'],
    });
  });

  it('take packages by commas and by repetition, sorted, each once', async () => {
    const args = ['--build-dep', 'pkg-config,iptables', '--build-dep', 'g++,iptables'];
    expect(await requestOf(...args)).toEqual({
      ...nothing,
      buildDeps: ['g++', 'iptables', 'pkg-config'],
    });
  });

  it('take one value after a list, so that the directory may follow', async () => {
    expect(await requestOf('--arch', 'arm64', 'drv')).toEqual({
      ...nothing,
      archs: ['arm64'],
      directories: ['drv'],
    });
  });

  it('take several directories, before options and after', async () => {
    expect(await requestOf('a', './b.deb', '-a', 'arm64', 'c,d')).toEqual({
      ...nothing,
      archs: ['arm64'],
      directories: ['a', './b.deb', 'c,d'],
    });
  });

  it('take the path of a KDIR as it is: it may hold a comma', async () => {
    const kdirs = ['/srv/linux,6.1', '/srv/b'];
    expect(await requestOf('--kdir', kdirs[0]!, '--kdir', kdirs[1]!)).toEqual({
      ...nothing,
      kdirs,
    });
  });

  it('take a directory that looks like a number for what it is', async () => {
    expect(await requestOf('007', '--out', '1e3')).toEqual({
      ...nothing,
      directories: ['007'],
      output: '1e3',
    });
  });

  it('pass W= and C= on as they are written, and mean 1 where they are bare', async () => {
    expect(await requestOf('-W', '12', '-C', '2')).toEqual({
      ...nothing,
      warnings: '12',
      check: '2',
    });
    expect(await requestOf('drv', '-W')).toEqual({
      ...nothing,
      directories: ['drv'],
      warnings: '1',
    });
  });

  it.each([
    ['a runtime that does not exist', ['--runtime', 'podman']],
    ['a list without a value', ['--arch']],
    ['an option that does not exist', ['--archs', 'arm64']],
    ['what is no name of a package', ['--build-dep', 'Pkg Config']],
  ])('refuse %s', async (_, args) => {
    await expect(requestOf(...args)).rejects.toThrow();
  });
});
