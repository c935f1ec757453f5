import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../../src/index.js';
import { build, kbuildJson } from '../support/cli.js';
import { machine } from '../support/machine.js';
import { temporaryDirectory, type FileTree } from '../support/temporary-directory.js';

const caller = (name: string, calls: string) => `#include <linux/module.h>
#include "drv.h"
int ${name}(int x) { return ${calls}; }
`;

/** A driver of several files, some of which are made in the build, in two directories. */
const driver: FileTree = {
  Kbuild: `obj-m := drv.o
drv-y := main.o one.o sub/two.o sub/one.o made.o
ccflags-y := -I$(src)/include
$(obj)/made.o: $(obj)/made.h
$(obj)/made.h: $(src)/table.txt
	sed 's/^/#define MADE /' $< > $@
`,
  'main.c': `#include <linux/module.h>
#include "drv.h"
static int __init drv_init(void) { return one(1) + two(2) + other(3) + made(4) > 1000 ? -EINVAL : 0; }
static void __exit drv_exit(void) {}
module_init(drv_init);
module_exit(drv_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("incremental builds");
`,
  'one.c': caller('one', 'x + ONE'),
  'sub/two.c': caller('two', 'x * 2'),
  'sub/one.c': caller('other', 'x * 3'),
  'made.c': '#include "made.h"\nint made(int x) { return x + MADE; }\n',
  'table.txt': '7\n',
  'include/drv.h': `#include "limits.h"
int one(int x);
int two(int x);
int other(int x);
int made(int x);
`,
  'include/limits.h': '#define ONE 1\n',
};

const kernels = ['--kernel', 'debian:bookworm', '--arch', 'x86_64'];

interface Built {
  objects: Manifest['jobs'][number]['objects'];
  sha256: string[];
  diagnostics: string[];
}

/** What was built in an earlier run of these tests is not known here. */
const env = { KBUILD_TS_CACHE_DIR: machine() };

async function built(directory: string, ...options: string[]): Promise<Built[]> {
  const { exitCode, document } = await build([directory, ...kernels, ...options], { env });
  expect(exitCode, JSON.stringify(document)).toBe(0);
  return document.jobs.map(({ objects, artifacts, diagnostics }) => ({
    objects,
    sha256: artifacts.map(({ sha256 }) => sha256),
    diagnostics: diagnostics.map(({ message }) => message).sort(),
  }));
}

/** Builds with what is kept, and holds that against a build of everything. */
async function builtAsWhole(directory: string, ...options: string[]): Promise<Built[]> {
  const incremental = await built(directory, ...options);
  const whole = await built(directory, ...options, '--no-cache');
  const of = ({ sha256, diagnostics }: Built) => ({ sha256, diagnostics });
  expect(incremental.map(of)).toEqual(whole.map(of));
  return incremental;
}

/** A tree that nobody has built yet: what is kept goes by where it lies. */
const newDriver = (changes: FileTree = {}) => temporaryDirectory({ ...driver, ...changes });
const edit = (directory: string, file: string, from: string, to: string) => {
  const path = join(directory, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
};

describe('a build after a change', () => {
  it('compiles what has changed, and gives what a build of everything gives', async () => {
    const directory = newDriver();
    const [first] = await builtAsWhole(directory);
    expect(first?.objects).toEqual({ compiled: 5, reused: 0 });

    edit(directory, 'sub/two.c', 'x * 2', 'x * 22');
    const [second] = await builtAsWhole(directory);
    // made.o is of a generated file: it is compiled each time.
    expect(second?.objects).toEqual({ compiled: 2, reused: 3 });
    expect(second?.sha256).not.toEqual(first?.sha256);

    edit(directory, 'include/limits.h', '1', '11');
    const [third] = await builtAsWhole(directory);
    expect(third?.objects).toEqual({ compiled: 5, reused: 0 });

    edit(directory, 'table.txt', '7', '77');
    const [fourth] = await builtAsWhole(directory);
    expect(fourth?.objects).toEqual({ compiled: 5, reused: 0 });
    expect(fourth?.sha256).not.toEqual(third?.sha256);

    // What comes before a header of the same name is found first.
    writeFileSync(join(directory, 'include/linux-drv.h'), '');
    writeFileSync(join(directory, 'drv.h'), readFileSync(join(directory, 'include/drv.h')));
    edit(directory, 'drv.h', 'limits.h', 'include/limits.h');
    await builtAsWhole(directory);

    rmSync(join(directory, 'one.c'));
    edit(directory, 'Kbuild', 'one.o sub/two.o', 'sub/two.o');
    edit(directory, 'main.c', 'one(1) + ', '');
    const [last] = await builtAsWhole(directory);
    expect(last?.objects).toEqual({ compiled: 4, reused: 0 });
  });

  it('goes back to what it was with the same bytes, from the job cache', async () => {
    const directory = newDriver();
    const [first] = await built(directory);
    edit(directory, 'one.c', 'x + ONE', 'x - ONE');
    const [other] = await built(directory);
    edit(directory, 'one.c', 'x - ONE', 'x + ONE');
    const [again] = await built(directory);
    expect(again?.sha256).toEqual(first?.sha256);
    expect(again?.objects).toBeUndefined();
    expect(other?.sha256).not.toEqual(first?.sha256);
  });

  it('tells the warnings of files that have not changed again', async () => {
    const directory = newDriver();
    edit(directory, 'one.c', '{ return', '{ int unused; return');
    const [first] = await builtAsWhole(directory);
    expect(first?.diagnostics).toHaveLength(1);
    edit(directory, 'sub/two.c', 'x * 2', 'x * 4');
    const [second] = await builtAsWhole(directory);
    expect(second?.diagnostics).toEqual(first?.diagnostics);
    expect(second?.objects).toEqual({ compiled: 3, reused: 2 });
  });

  it('need not compile anew what was compiled beside an error', async () => {
    const directory = newDriver();
    edit(directory, 'main.c', 'one(1)', 'one(missing)');
    const failed = await build([directory, ...kernels, '--jobs', '1'], { env });
    expect(failed.exitCode).toBe(1);
    expect(failed.document.jobs[0]?.error?.code).toBe('BUILD_COMPILE_ERROR');
    edit(directory, 'main.c', 'one(missing)', 'one(1)');
    const [mended] = await builtAsWhole(directory);
    const { compiled = 0, reused = 0 } = mended?.objects ?? {};
    expect(compiled + reused).toBe(5);
  });

  it.each<[string, FileTree, string, string, string]>([
    [
      'what a link leads to',
      { 'limits.h': '#define ONE 1\n', 'include/limits.h': { link: '../limits.h' } },
      ...(['limits.h', '1', '5'] as const),
    ],
    [
      'what an assembler includes',
      {
        Kbuild: (driver.Kbuild as string).replace(
          'made.o\n',
          'made.o low.o\nAFLAGS_low.o := -Wa,-I$(src)\n',
        ),
        'low.S': '.include "consts.h"\n.data\n.globl low\nlow: .long LOW\n',
        'consts.h': '.set LOW, 1\n',
      },
      ...(['consts.h', '1', '5'] as const),
    ],
    [
      'a source that the build itself puts in place, with its old age',
      {
        Kbuild: `ignored := $(shell cp -p $(src)/two-new.c $(src)/sub/two.c)\n${driver.Kbuild as string}`,
        'two-new.c': driver['sub/two.c'] as string,
      },
      ...(['two-new.c', 'x * 2', 'x * 6'] as const),
    ],
  ])('compiles all that reads %s', async (_, changes, file, from, to) => {
    const directory = newDriver(changes);
    const [first] = await builtAsWhole(directory);
    edit(directory, file, from, to);
    const [second] = await builtAsWhole(directory);
    expect(second?.sha256).not.toEqual(first?.sha256);
  });

  it('is one for each kernel and architecture, and for what projects take of each other', async () => {
    const root = temporaryDirectory({
      'base/Kbuild': 'obj-m := base.o\n',
      'base/base.c': `#include <linux/module.h>
#include "base.h"
int base_value(void) { return BASE; }
EXPORT_SYMBOL_GPL(base_value);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("base");
`,
      'base/base.h': '#define BASE 1\nint base_value(void);\n',
      'top/Kbuild': 'obj-m := top.o\ntop-y := a.o b.o\nccflags-y := -I$(src)/../base\n',
      'top/kbuild.config.yaml': 'name: top\ndepends: [../base]\n',
      'top/a.c': `#include <linux/module.h>
#include <base.h>
static int __init top_init(void) { return base_value() == BASE ? 0 : -EINVAL; }
module_init(top_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("top");
`,
      'top/b.c': 'int top_b(void);\nint top_b(void) { return 0; }\n',
    });
    const options = ['--kernel', 'debian:trixie', '--arch', 'arm64,x86_64'];
    const top = join(root, 'top');
    await builtAsWhole(top, ...options);
    edit(root, 'base/base.h', 'BASE 1', 'BASE 2');
    const after = await builtAsWhole(top, ...options);
    const counts = after.map(({ objects }) => objects);
    const one = [
      { compiled: 1, reused: 0 },
      { compiled: 1, reused: 1 },
    ];
    expect(counts).toHaveLength(8);
    for (const pair of one)
      expect(counts.filter((count) => isDeepStrictEqual(count, pair))).toHaveLength(4);
  });

  it('compiles what is kept no more, or is damaged', async () => {
    const cache = { KBUILD_TS_CACHE_DIR: machine() };
    const directory = newDriver();
    const run = async (...options: string[]) => {
      const { document } = await build([directory, ...kernels, ...options], { env: cache });
      return document.jobs[0]?.objects;
    };
    await run();
    const objects = join(cache.KBUILD_TS_CACHE_DIR, 'objects');
    const kept = readdirSync(objects, { recursive: true, encoding: 'utf8' });
    appendFileSync(
      join(
        objects,
        kept.find((path) => path.endsWith('/main.o'))!,
      ),
      'x',
    );
    edit(directory, 'sub/two.c', 'x * 2', 'x * 5');
    expect(await run()).toEqual({ compiled: 3, reused: 2 });
    const verify = await kbuildJson<{ damaged: unknown[] }>(['cache', 'verify'], { env: cache });
    expect([verify.exitCode, verify.document.damaged]).toEqual([0, []]);
    edit(directory, 'sub/two.c', 'x * 5', 'x * 6');
    expect(await run('--no-incremental')).toBeUndefined();
    rmSync(objects, { recursive: true });
    edit(directory, 'sub/two.c', 'x * 6', 'x * 7');
    expect(await run()).toEqual({ compiled: 5, reused: 0 });
    expect(await run('--rebuild')).toEqual({ compiled: 5, reused: 0 });
  });
});
