import yargs from 'yargs';
import { describe, expect, it } from 'vitest';
import { commaList, directoryPositional, planRequest, selectionOptions } from './options.js';

/** The request that a command line means, read by yargs as `build` reads it. */
async function requestOf(...args: string[]) {
  let request: ReturnType<typeof planRequest> | undefined;
  await yargs()
    .command(
      'build [dir]',
      '',
      (argv) => directoryPositional(argv).options(selectionOptions),
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
  directory: '.',
  archs: [],
  kdirs: [],
  kernels: [],
  toolchains: [],
  runtime: 'docker',
  prepare: 'auto',
  failFast: false,
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

  it('take one value after a list, so that the directory may follow', async () => {
    expect(await requestOf('--arch', 'arm64', 'drv')).toEqual({
      ...nothing,
      archs: ['arm64'],
      directory: 'drv',
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
      directory: '007',
      output: '1e3',
    });
  });

  it('pass W= and C= on as they are written, and mean 1 where they are bare', async () => {
    expect(await requestOf('-W', '12', '-C', '2')).toEqual({
      ...nothing,
      warnings: '12',
      check: '2',
    });
    expect(await requestOf('drv', '-W')).toEqual({ ...nothing, directory: 'drv', warnings: '1' });
  });

  it.each([
    ['a runtime that does not exist', ['--runtime', 'podman']],
    ['a list without a value', ['--arch']],
    ['an option that does not exist', ['--archs', 'arm64']],
    ['two directories', ['a', 'b']],
  ])('refuse %s', async (_, args) => {
    await expect(requestOf(...args)).rejects.toThrow();
  });
});
