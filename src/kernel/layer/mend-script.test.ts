import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { toolRecipes } from '../needed-tools.js';
import { mendScript } from './mend-script.js';

/** A kernel tree as far as make goes: the top Makefile starts another make, as Kbuild's does. */
const kernel = {
  Makefile: `
build := -f scripts/Makefile.build obj
ifeq ($(sub_make_done),)
export sub_make_done := 1
$(filter-out __all, $(MAKECMDGOALS)) __all: __sub-make
	@:
__sub-make:
	@$(MAKE) -f Makefile $(MAKECMDGOALS)
else
scripts_basic tools/objtool olddefconfig modules_prepare:
	@echo made $@ ARCH=$(ARCH) $(KERNELRELEASE) BTF=[$(CONFIG_DEBUG_INFO_BTF)]
endif
.PHONY: __all __sub-make scripts_basic tools/objtool olddefconfig modules_prepare
`,
  'scripts/Makefile.build': `
__build:
	@echo made $(obj) ARCH=$(ARCH)
scripts/Makefile.build: ;
$(obj)/%: FORCE
	@echo made file $@
FORCE: ;
`,
  'scripts/mod/modpost.o': 'an object',
  'scripts/mod/modpost': 'a program',
  'tools/objtool/libsubcmd.a': 'an archive',
};

const config = new Map([
  ['CONFIG_MODVERSIONS', 'y'],
  ['CONFIG_MODULE_SIG', 'y'],
  ['CONFIG_OBJTOOL', 'y'],
]);
const programs = toolRecipes(config, () => false);

const run = (script: string): string =>
  execFileSync('sh', ['-c', `exec 3>&1; (${script}) 2>&3`], { encoding: 'utf8' });

const madeBy = (script: string) =>
  run(script)
    .split('\n')
    .filter((line) => line.startsWith('made '));

describe('the script that mends a KDIR', () => {
  const base = { make: ['ARCH=arm64'], prepare: false, moduleLds: false, programs: [] };

  it('has make make each program, through the make that Kbuild starts', () => {
    const kdir = temporaryDirectory(kernel);
    expect(madeBy(mendScript({ ...base, kdir, programs, moduleLds: true }))).toEqual([
      'made scripts_basic ARCH=arm64 BTF=[]',
      'made scripts/mod ARCH=arm64',
      'made scripts/genksyms ARCH=arm64',
      'made tools/objtool ARCH=arm64 BTF=[]',
      'made file scripts/module.lds',
    ]);
  });

  it('configures and prepares as the kernel that it is', () => {
    const kdir = temporaryDirectory(kernel);
    const script = mendScript({ ...base, kdir, prepare: true, programs, release: '6.1.0-x' });
    expect(madeBy(script)).toEqual([
      'made olddefconfig ARCH=arm64 6.1.0-x BTF=[]',
      'made modules_prepare ARCH=arm64 6.1.0-x BTF=[]',
    ]);
    expect(script).toContain('CONFIG_DEBUG_INFO_BTF=');
  });

  it('keeps programs, and not what they were linked of', () => {
    const kdir = temporaryDirectory(kernel);
    run(mendScript({ ...base, kdir }));
    const left = execFileSync('find', [join(kdir, 'scripts'), join(kdir, 'tools'), '-type', 'f']);
    expect(left.toString()).toContain('scripts/mod/modpost\n');
    expect(left.toString()).not.toMatch(/\.[oa]\n/);
  });

  it('stops at the first that fails, with its status', () => {
    const kdir = temporaryDirectory({ Makefile: 'scripts_basic:\n\texit 3\n' });
    expect(() => run(mendScript({ ...base, kdir, programs }))).toThrow(
      expect.objectContaining({ status: 2 }),
    );
  });

  it('takes no path for shell code', () => {
    const parent = temporaryDirectory({ "it's; echo made it/Makefile": 'scripts_basic: ;\n' });
    const kdir = join(parent, "it's; echo made it");
    expect(run(mendScript({ ...base, kdir, programs: programs.slice(0, 1) }))).not.toMatch(
      /^made it/m,
    );
  });
});
