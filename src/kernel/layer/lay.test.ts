import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostArch } from '../../arch/arch.js';
import { foreignArch } from '../../../test/support/foreign-arch.js';
import { hostTool, without } from '../../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { treeHash } from '../../../test/support/tree-hash.js';
import type { KdirMount } from '../closure.js';
import { toolRecipes } from '../needed-tools.js';
import { lay, layerFilter } from './lay.js';
import { layerShape } from './layer-shape.js';
import { walkKdir } from './walk-kdir.js';

const machine = hostArch().elf.machine;
const [own, foreign] = [hostArch(), foreignArch].map(({ elf }) => hostTool(undefined, elf.machine));
const never = new AbortController().signal;
const programs = toolRecipes(new Map(), () => false);

async function layOver(
  kdir: string,
  prepare = false,
  roots: string[] = ['/'],
  mounts: KdirMount[] = [],
) {
  const shape = layerShape('arm64', programs, { prepare, config: false });
  const layer = join(temporaryDirectory(), 'layer');
  const entries = walkKdir(roots, kdir, shape, layerFilter(shape, machine), mounts);
  const passed = await lay(entries, layer, never);
  return { layer, passed: passed.map(({ path }) => path) };
}

const files = {
  '.config': 'CONFIG_A=y\n',
  Makefile: '# the kernel\n',
  'arch/arm64/Makefile': '# arm64\n',
  'arch/arm64/boot/Image': 'an image',
  'arch/x86/Makefile': '# x86\n',
  'drivers/x.c': '/* x */\n',
  'include/generated/autoconf.h': '#define A\n',
  'scripts/Makefile.build': '# build\n',
  'scripts/.kallsyms.cmd': 'cmd := cc\n',
  'scripts/kallsyms.o': 'an object',
  'scripts/check.sh': { program: '#!/bin/sh\n' },
  'scripts/mod/modpost.c': 'int main;\n',
  'tools/Makefile': '# tools\n',
  'tools/lib/x.c': 'int x;\n',
  'tools/testing/large.c': 'int large;\n',
};

describe('a layer over a KDIR', () => {
  it('holds copies of what make writes to, and lets the rest through', async () => {
    const kdir = temporaryDirectory(files);
    utimesSync(join(kdir, 'Makefile'), 1000, 2000);
    const before = treeHash(kdir);
    const { layer, passed } = await layOver(kdir);
    expect(passed).toEqual(['arch', 'drivers', 'include']);
    expect(readdirSync(join(layer, 'drivers'))).toEqual([]);
    expect(readdirSync(join(layer, 'scripts'))).toEqual(['Makefile.build', 'check.sh', 'mod']);
    expect(readdirSync(join(layer, 'tools'))).toEqual(['Makefile', 'lib']);
    expect(statSync(join(layer, 'Makefile')).mtimeMs).toBe(2_000_000);
    expect(statSync(join(layer, 'scripts/check.sh')).mode & 0o777).toBe(0o755);
    expect(statSync(join(layer, 'Makefile')).ino).not.toBe(statSync(join(kdir, 'Makefile')).ino);
    expect(treeHash(kdir)).toBe(before);
  });

  it('holds more of one that is to be prepared', async () => {
    const { layer, passed } = await layOver(temporaryDirectory(files), true);
    expect(passed).toEqual(['arch/arm64/boot', 'arch/x86', 'drivers']);
    expect(readFileSync(join(layer, 'arch/arm64/Makefile'), 'utf8')).toBe('# arm64\n');
    expect(readFileSync(join(layer, 'include/generated/autoconf.h'), 'utf8')).toBe('#define A\n');
  });

  it('has no program that would count as made: not a foreign one, nor one that is made anew', async () => {
    const kdir = temporaryDirectory({
      ...files,
      'scripts/kallsyms': foreign!,
      'scripts/sorttable': own!,
      'scripts/mod/modpost': own!,
      'scripts/mod/mk_elfconfig': own!,
      'scripts/gcc-plugins/x.so': foreign!,
    });
    const { layer } = await layOver(kdir);
    expect(readdirSync(join(layer, 'scripts'))).toEqual([
      'Makefile.build',
      'check.sh',
      'gcc-plugins',
      'mod',
      'sorttable',
    ]);
    expect(readdirSync(join(layer, 'scripts/mod'))).toEqual(['modpost.c']);
    expect(readdirSync(join(layer, 'scripts/gcc-plugins'))).toEqual([]);
  });

  it('has directories of its own where links lead make out of the KDIR', async () => {
    const root = temporaryDirectory({
      'usr/src/common/scripts/mod/modpost.c': 'int main;\n',
      'usr/src/common/scripts/mod/up': { link: '../Makefile.build' },
      'usr/src/common/scripts/Makefile.build': '# build\n',
      'usr/src/common/include/linux/module.h': '/* module */\n',
      'usr/src/kdir/Makefile': { link: '../common/Makefile' },
      'usr/src/kdir/scripts': { link: '../common/scripts' },
      'usr/src/kdir/include': { link: '../common/include' },
    });
    const { layer } = await layOver(
      '/usr/src/kdir',
      false,
      [root],
      [{ source: join(root, 'usr/src/common'), target: '/usr/src/common' }],
    );
    expect(lstatSync(join(layer, 'scripts')).isDirectory()).toBe(true);
    expect(readFileSync(join(layer, 'scripts/mod/modpost.c'), 'utf8')).toBe('int main;\n');
    // A relative link would now lead elsewhere.
    expect(readlinkSync(join(layer, 'scripts/mod/up'))).toBe(
      '/usr/src/common/scripts/Makefile.build',
    );
    expect(readlinkSync(join(layer, 'include'))).toBe('../common/include');
  });

  it('copies nothing of what builds do not see, wherever a link leads', async () => {
    const secret = temporaryDirectory({ 'mod/id_rsa': 'a key', id_rsa: 'a key' });
    const kdir = temporaryDirectory(without(files, 'scripts', 'tools'));
    const part = temporaryDirectory({ 'scripts/mod': { link: join(secret, 'mod') } });
    symlinkSync(join(part, 'scripts'), join(kdir, 'scripts'));
    symlinkSync(secret, join(kdir, 'tools'));
    const { layer } = await layOver(kdir, false, ['/'], [{ source: part, target: part }]);
    expect(readlinkSync(join(layer, 'tools'))).toBe(secret);
    expect(readlinkSync(join(layer, 'scripts/mod'))).toBe(join(secret, 'mod'));
  });

  it('ends for links that lead in circles', async () => {
    const kdir = temporaryDirectory(files);
    symlinkSync('.', join(kdir, 'scripts/again'));
    symlinkSync('loop', join(kdir, 'loop'));
    mkdirSync(join(kdir, 'scripts/basic'));
    symlinkSync('../../scripts', join(kdir, 'scripts/genksyms'));
    const { layer } = await layOver(kdir);
    expect(readlinkSync(join(layer, 'scripts/again'))).toBe('.');
    expect(readlinkSync(join(layer, 'loop'))).toBe('loop');
  });

  it('is given up when the run is', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`scripts/f${i}`, '']));
    const kdir = temporaryDirectory(many);
    const shape = layerShape('arm64', programs, { prepare: false, config: false });
    const entries = walkKdir(['/'], kdir, shape, () => true);
    const target = join(temporaryDirectory(), 'layer');
    const error = await kbuildErrorOf(() => lay(entries, target, AbortSignal.abort()));
    expect(error.code).toBe('INTERRUPTED');
  });
});
