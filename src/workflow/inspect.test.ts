import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { asKmodInfo, kmodInfo } from '../../test/support/kmod.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { ModuleFiles } from '../artifact/module-file.js';
import { inspectFile, summariseFile } from './inspect.js';

describe('inspectFile', () => {
  it.each(fixtureModules)('says of %s what kmod says', async (name) => {
    const path = fixtureModulePath(name);
    const report = await inspectFile(path);
    expect(report.path).toBe(path);
    expect(asKmodInfo(report.modinfo)).toEqual(await kmodInfo(path));
  });

  it.each(fixtureModules)('says the same of %s in a summary, without symbols', async (name) => {
    const path = fixtureModulePath(name);
    const summary = await summariseFile(path);
    expect(await inspectFile(path)).toMatchObject(summary);
    for (const left of ['imports', 'exports', 'sections', 'versions', 'moduleLayoutCrc']) {
      expect(summary).not.toHaveProperty(left);
    }
  });

  it('reads many files with the memory of one', async () => {
    const files = new ModuleFiles();
    for (const name of [...fixtureModules, ...fixtureModules]) {
      const path = fixtureModulePath(name);
      expect(await inspectFile(path, files)).toEqual(await inspectFile(path));
    }
  });

  it.each([
    ['is no module', 'obj-m := x.o\n', 'MODULE_NOT_ELF'],
    ['was cut off', fixtureModule('params-x86_64').subarray(0, 3000), 'MODULE_TRUNCATED'],
  ])('names a file that %s', async (_, content, code) => {
    const path = join(temporaryDirectory(), 'x.ko');
    writeFileSync(path, content);
    const error = await kbuildErrorOf(() => inspectFile(path));
    expect(error.code).toBe(code);
    expect(error.message.startsWith(`${path}: `)).toBe(true);
    expect(error.hint).not.toBe('');
    expect((await kbuildErrorOf(() => summariseFile(path))).toReport()).toEqual(error.toReport());
  });

  it.each(['nowhere.ko', '.'])('names a path that cannot be read: %s', async (name) => {
    const path = join(temporaryDirectory(), name);
    const error = await kbuildErrorOf(() => inspectFile(path));
    expect(error.code).toBe('MODULE_UNREADABLE');
    expect(error.message.startsWith(`${path}: cannot be read: `)).toBe(true);
    expect((await kbuildErrorOf(() => summariseFile(path))).toReport()).toEqual(error.toReport());
  });
});
