import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import { build } from '../support/cli.js';
import { kmodInfo } from '../support/kmod.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/**
 * What Linux 6.13 changed for those who build modules: Kbuild works in the module's directory, or
 * in that of MO=, and namespaces are strings. One project is to build on both sides of it.
 */

/** A namespace as this kernel writes it. */
const eitherNamespace = (since: string, text: string, identifier: string) =>
  `#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(${since})
${text}
#else
${identifier}
#endif
`;

// The default namespace has become a string in 6.12.y too, other than those that are named.
const exporting = `${eitherNamespace('6, 12, 0', '#define DEFAULT_SYMBOL_NAMESPACE "TWICE"', '#define DEFAULT_SYMBOL_NAMESPACE TWICE')}
#include <a.h>
#include <b.h>
#include <c.h>
${moduleSource(`#include <twice.h>
int twice(int x)
{
	return A + B + C + 2 * x;
}
EXPORT_SYMBOL_GPL(twice);`)}`;

const importing = moduleSource(`#include <twice.h>
static int __init user_init(void)
{
	return twice(0);
}
module_init(user_init);
${eitherNamespace('6, 13, 0', 'MODULE_IMPORT_NS("TWICE");', 'MODULE_IMPORT_NS(TWICE);')}`);

const workspace = () =>
  temporaryDirectory({
    'kbuild.config.yaml': 'projects: [exporting, importing, vendor, own]\n',
    // Relative directories in flags, subdirectories, and a directory for what is built.
    'exporting/kbuild.config.yaml': `name: exporting
modules: [{ name: exporting, sources: [src/main.c, src/more.c], cflags: [-I, b] }]
includes: [include]
ccflags: [-Ia]
fileFlags: { src/main.c: [-isystem, src/c] }
make: { MO: out/modules }
`,
    'exporting/include/twice.h': 'int twice(int x);\n',
    'exporting/a/a.h': '#define A 0\n',
    'exporting/b/b.h': '#define B 0\n',
    'exporting/src/c/c.h': '#define C 0\n',
    'exporting/src/main.c': exporting,
    'exporting/src/more.c': '#include <b.h>\nint more(void);\nint more(void)\n{\n\treturn B;\n}\n',
    'importing/kbuild.config.yaml': `name: importing
modules: [{ name: importing, sources: [importing.c] }]
includes: [../exporting/include]
depends: [../exporting]
`,
    'importing/importing.c': importing,
    // A Makefile that passes MO= itself.
    'vendor/Makefile':
      'all:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR)/driver MO=$(CURDIR)/result modules\n',
    'vendor/driver/Kbuild': 'obj-m := vendor.o\nccflags-y := -I$(src)/include\n',
    'vendor/driver/include/v.h': '#define V 1\n',
    'vendor/driver/vendor.c': moduleSource('#include <v.h>'),
    // A Kbuild of the vendor's own that uses Kbuild's names for the directories.
    'own/Kbuild': `obj-m := own.o
own-y := main.o generated.o
ccflags-y := -I$(src)/include -I$(srctree)/include -I$(obj)
$(obj)/generated.c: $(src)/list
	cp $< $@
clean-files := generated.c
`,
    'own/kbuild.config.yaml': 'name: own\nmake: { MO: out }\n',
    'own/list': '#include <own.h>\nint own(void) { return 0; }\n',
    'own/include/own.h': 'int own(void);\n',
    'own/main.c': moduleSource('#include <own.h>'),
  });

describe('one project on both sides of Linux 6.13', () => {
  let project: string;
  let output: string;
  let manifest: Manifest;

  beforeAll(async () => {
    project = workspace();
    output = temporaryDirectory();
    const suites = ['bullseye', 'bookworm', 'trixie', 'sid'];
    const kernels = suites.flatMap((suite) => ['--kernel', `debian:${suite}`]);
    const archs = ['--arch', 'arm64', '--allow-expired', '--no-cache', '--out', output];
    ({ document: manifest } = await build([project, ...kernels, ...archs]));
  });

  it('builds and verifies for all', () => {
    expect(manifest.jobs).toHaveLength(16);
    for (const { id, status, error, artifacts, project: name } of manifest.jobs) {
      expect({ id, status, error }).toEqual({ id, status: 'built', error: undefined });
      expect(artifacts.map(({ path }) => basename(path))).toEqual([`${name}.ko`]);
      const open = artifacts[0]?.verdicts.filter((verdict) => verdict.status !== 'ok');
      expect(open, id).toEqual([]);
    }
  });

  it('finds the modules in the directory of MO= where the kernel knows it, else in place', async () => {
    const jobs = manifest.jobs.filter(({ project: name }) => name === 'exporting');
    for (const { release, log, make } of jobs) {
      expect(make).toContain('MO=/build/exporting/out/modules');
      const text = await readFile(join(output, log ?? ''), 'utf8');
      // Kbuild says that it works there.
      expect(text.includes("directory '/build/exporting/out/modules'"), release).toBe(
        release.startsWith('7.'),
      );
    }
  });

  it('takes the symbols from there, with their namespace', async () => {
    for (const { project: name, artifacts } of manifest.jobs) {
      if (name !== 'importing') continue;
      const { tags } = await kmodInfo(join(output, artifacts[0]?.path ?? ''));
      expect([tags.depends, tags.import_ns]).toEqual([['exporting'], ['TWICE']]);
    }
  });

  it('leaves the sources as they were', () => {
    expect(existsSync(join(project, 'exporting/out'))).toBe(false);
    expect(readdirSync(join(project, 'vendor')).sort()).toEqual(['Makefile', 'driver']);
  });
});

describe('a directory for MO= that lies outside', () => {
  it('is refused before anything is built', async () => {
    const directory = temporaryDirectory({
      'kbuild.config.yaml': 'name: x\nmake: { MO: ../out }\n',
      'x.c': moduleSource(),
    });
    const { exitCode, document } = await build([directory, '--arch', 'arm64']);
    expect([exitCode, document.error?.code]).toEqual([2, 'CONFIG_INVALID']);
    expect(document.error?.message).toContain("make.MO is '../out'");
  });
});
