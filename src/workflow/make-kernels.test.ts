import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeApt } from '../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { makeKernels, type MakeRequest } from './make-kernels.js';
import type { Session } from './session.js';

const arm64 = archByName('arm64');

/** What is refused of a kernel's source, before anything is made. */
async function refused(changes: (directory: string) => Partial<MakeRequest>) {
  const directory = temporaryDirectory({
    'linux/Makefile': 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 5\n',
    'linux/Kconfig': '',
    'kernel.yaml': 'source: linux\n',
    file: '',
  });
  const { context, events, runs } = fakeApt({ index: undefined, packages: {} });
  const request = { source: join(directory, 'linux'), archs: [arm64], ...changes(directory) };
  const before = readdirSync(context.cache);
  const error = await kbuildErrorOf(() => makeKernels(request, { provider: context } as Session));
  expect([events, runs, readdirSync(context.cache)]).toEqual([[], [], before]);
  expect(readdirSync(directory).sort()).toEqual(['file', 'kernel.yaml', 'linux']);
  return { code: error.code, message: error.message, hint: error.hint, directory };
}

describe('makeKernels', () => {
  it.each(['no/such/kernel.yaml', 'file/kernel.yaml'])(
    'refuses to save into a directory that is not there: %s',
    async (save) => {
      const error = await refused((directory) => ({ save: join(directory, save) }));
      expect(error.code).toBe('USAGE');
      const parent = join(error.directory, save, '..');
      expect(error.message).toBe(
        `--save ${join(error.directory, save)}: there is no directory ${parent}`,
      );
      expect(existsSync(join(error.directory, 'no'))).toBe(false);
    },
  );

  it.each(['file', 'file/below'])('refuses to copy into what is a file: %s', async (output) => {
    const error = await refused((directory) => ({ output: join(directory, output) }));
    expect(error.code).toBe('STORAGE_FAILED');
    expect(error.message).toContain(join(error.directory, output));
    expect(error.hint).toContain('--out');
  });

  it.each<Partial<MakeRequest>>([
    { save: 'x.yaml' },
    { toolchain: 'gcc-12' },
    { config: 'defconfig' },
    { fragments: ['x'] },
    { set: ['CONFIG_X=y'] },
    { localversion: '-x' },
    { build: 'prepare' },
  ])('refuses with a description what stands in one: %j', async (option) => {
    const error = await refused((directory) => ({
      source: join(directory, 'kernel.yaml'),
      ...option,
    }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(`${join(error.directory, 'kernel.yaml')} is a description`);
  });

  it.each(['CONFIG_X', '=y', 'CONFIG-X=y'])('refuses to set %j', async (word) => {
    const error = await refused(() => ({ set: [word] }));
    expect([error.code, error.message]).toEqual(['USAGE', `--set ${word}: no assignment`]);
  });
});
