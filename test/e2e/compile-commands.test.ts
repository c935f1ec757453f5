import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildRecords } from '../../src/engine/compile-database/build-records.js';
import type {
  CommandRecord,
  CompileCommand,
} from '../../src/engine/compile-database/compile-commands.js';
import { hostPaths } from '../../src/engine/compile-database/host-paths.js';
import { Stage } from '../../src/engine/stage.js';
import type { Job } from '../../src/plan/job.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { toolchainByName } from '../../src/toolchain/toolchain.js';
import { plan } from '../../src/workflow/plan.js';
import { withSession } from '../../src/workflow/session.js';
import { build, kbuild } from '../support/cli.js';
import { genCompileCommands } from '../support/gen-compile-commands.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory, type FileTree } from '../support/temporary-directory.js';

/** A module of several sources, with what shells and makes read as their own in its options. */
const files: FileTree = {
  'kbuild.config.yaml': 'name: greeter\n',
  Kbuild: `obj-m := greeter.o
greeter-y := main.o lib/count.o low.o
ccflags-y := -I$(src)/include -I$(src)/nowhere -DGREETING='"hello, \\"world\\" $$x \\#1"' -DHERE=$(src)/include
ccflags-y += -include $(src)/include/always.h --param=max-inline-insns-single=10 -Wa,--fatal-warnings
`,
  'main.c': `#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/usb.h>
#include "count.h"
static int __init greeter_init(void)
{
	pr_info("%s %d %d\\n", GREETING, greeter_count(), ALWAYS);
	return 0;
}
module_init(greeter_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module of a test");
`,
  'lib/count.c':
    '#include "count.h"\n#include <linux/slab.h>\nint greeter_count(void)\n{\n\treturn 7;\n}\n',
  'include/count.h': 'int greeter_count(void);\n',
  'include/always.h': '#define ALWAYS 1\n',
  'low.S':
    '#include <linux/linkage.h>\nSYM_FUNC_START(greeter_low)\n\tret\nSYM_FUNC_END(greeter_low)\n',
};

const read = (directory: string) =>
  JSON.parse(readFileSync(join(directory, 'compile_commands.json'), 'utf8')) as CompileCommand[];

/** Words that are paths, or end in one. */
const pathsOf = ({ arguments: words }: CompileCommand): string[] =>
  words.flatMap((word) => /^(?:-[\w-]*=?)?(\/.*)$/s.exec(word)?.[1] ?? []);

/** Has clangd look at a file, as it would in an editor: everything at each token. */
async function clangd(file: string, directory: string) {
  const args = [`--check=${file}`, `--compile-commands-dir=${directory}`];
  const { exitCode, stderr } = await execa('clangd-14', args, { reject: false });
  return { exitCode, errors: stderr.split('\n').filter((line) => /^E\[/.test(line)), stderr };
}

/** Has Clang compile an entry, up to the code. */
async function clang({ arguments: [, ...words], directory }: CompileCommand) {
  const { exitCode, stderr } = await execa('clang-14', [...words, '-fsyntax-only'], {
    cwd: directory,
    reject: false,
  });
  return { exitCode, stderr };
}

/** The records of a project's build in a container. */
async function recordsOf(
  directory: string,
  arch: string,
): Promise<{ job: Job; records: CommandRecord[] }> {
  const { signal } = new AbortController();
  const options = {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    emit: () => undefined,
    signal,
  };
  return withSession(options, async (session) => {
    const request = { archs: [arch], kdirs: [], kernels: ['debian:bookworm'], toolchains: [] };
    const { jobs } = await plan(
      { ...request, directories: [directory], runtime: 'docker', prepare: 'auto', failFast: true },
      session,
    );
    const job = jobs[0]!;
    const { records } = await buildRecords(job, 2, {
      ...session,
      imageOf: async ({ toolchain }) =>
        (await session.toolchainImage(toolchainByName(toolchain))).id,
      stage: new Stage(session.scratch),
      limits: { memoryBytes: 2 ** 31, diskBytes: 2 ** 30, timeoutMs: 300_000 },
    });
    return { job, records };
  });
}

describe.each([
  ['debian:bookworm', 'x86_64'],
  ['debian:bookworm', 'arm64'],
  ['debian:bullseye', 'x86_64'],
  ['debian:trixie', 'arm64'],
  ['debian:sid', 'x86_64'],
])('compile-commands for %s, %s', (kernel, arch) => {
  let directory: string;
  let entries: CompileCommand[];
  beforeAll(async () => {
    directory = temporaryDirectory(files);
    const args = ['compile-commands', directory, '-k', kernel, '-a', arch, '--allow-expired'];
    const { exitCode, stdout, stderr } = await kbuild(args);
    expect(stderr).toMatch(new RegExp(`^as compiled by greeter-\\S+-${arch}-gcc-\\d+$`, 'm'));
    expect(stdout).toMatch(/^wrote \S*compile_commands\.json \(3 sources\)$/);
    expect(exitCode).toBe(0);
    entries = read(directory);
  });

  it('has the sources of the project, and nothing that is not on this machine', () => {
    const names = ['lib/count.c', 'low.S', 'main.c'].map((name) => join(directory, name));
    expect(entries.map(({ file }) => file)).toEqual(names);
    for (const entry of entries) {
      expect(Object.keys(entry).sort()).toEqual(['arguments', 'directory', 'file', 'output']);
      expect(existsSync(entry.directory)).toBe(true);
      const paths = pathsOf(entry);
      expect(paths.length).toBeGreaterThan(8);
      expect(paths.filter((path) => !existsSync(path))).toEqual([]);
      expect(
        entry.arguments.filter(
          (word) => /\/(build|usr\/src)\//.test(word) && !word.includes(cacheDirectory()),
        ),
      ).toEqual([]);
    }
    const main = entries[2]!.arguments;
    expect(main).toContain(`-DGREETING="hello, \\"world\\" $x #1"`);
    // Since Linux 6.13 the compiler runs in the project's directory, and paths are relative to that.
    expect(
      main.some((word) => [`-DHERE=${directory}/include`, '-DHERE=././include'].includes(word)),
    ).toBe(true);
    expect(entries[2]!.directory).toBe(directory);
    expect(main).toContain(`-I${directory}/include`);
    expect(main).not.toContain(`-I${directory}/nowhere`);
    expect(main.some((word) => /^-(fconserve-stack|-param|Wa,|Wp,|c$|o$)/.test(word))).toBe(false);
  });

  it('is what Clang compiles', async () => {
    for (const entry of entries) {
      expect(await clang(entry), entry.file).toMatchObject({ exitCode: 0 });
    }
  });

  it('is what clangd works with', async () => {
    for (const name of ['main.c', 'lib/count.c']) {
      const { exitCode, errors, stderr } = await clangd(join(directory, name), directory);
      expect(stderr).toContain('All checks completed, 0 errors');
      expect([exitCode, errors]).toEqual([0, []]);
    }
  });
});

describe.each(['x86_64', 'arm64'])(
  "beside the kernel's own gen_compile_commands.py, %s",
  (arch) => {
    it('has the same files and the same options, but for those that it leaves out', async () => {
      const directory = temporaryDirectory(files);
      await kbuild(['compile-commands', directory, '-k', 'debian:bookworm', '-a', arch]);
      const ours = read(directory);
      const { job, records } = await recordsOf(directory, arch);
      const paths = hostPaths(job);
      const theirs = (await genCompileCommands(job, records))
        .filter(({ file }) => !file.endsWith('.mod.c'))
        .map(({ file, words }) => ({ file: paths.find(file), words }));
      // Theirs is of C alone.
      expect(theirs.map(({ file }) => file).sort()).toEqual(
        ours.map(({ file }) => file).filter((file) => file.endsWith('.c')),
      );
      const added = [
        `--target=${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
        ...['-Wno-unknown-warning-option', '-Wno-ignored-optimization-argument'],
        ...['-Wno-unused-command-line-argument', '-Wno-unknown-attributes'],
        ...['-Wno-gnu', '-Wno-microsoft-anon-tag', '-Wno-enum-enum-conversion'],
      ];
      for (const { file, words } of theirs) {
        const [compiler, ...own] = ours.find((entry) => entry.file === file)!.arguments;
        expect(compiler).toBe('clang');
        // A path of theirs is the one of ours that it stands for on this machine.
        const onHost = (word: string) => {
          const [, option = '', path = ''] = /^(-I|-DHERE=|)(\.?\/.*)$/.exec(word) ?? [];
          if (path === '') return word;
          const whole = isAbsolute(path) ? path : join(job.kdir.path, path);
          return option + (paths.find(whole) ?? `LOST ${path}`);
        };
        const expected = words.slice(1).map(onHost);
        const missing = expected.filter((word) => !own.includes(word));
        const more = own.filter((word) => !expected.includes(word));
        expect(more.sort()).toEqual(added.sort());
        const gone =
          /^(-Wp,-MMD,.*|-Wa,.*|-c|-o|-fmacro-prefix-map=.*|-I?LOST \/build\/greeter\/(nowhere|.*\.o)|--param=.*|-fconserve-stack|-fno-allow-store-data-races|-ftrivial-auto-var-init=zero|-falign-\w+=1|-mno-fp-ret-in-387|-mpreferred-stack-boundary=3|-mskip-rax-setup|-mindirect-branch.*|-mfunction-return=.*|-mharden-sls=all|-mrecord-mcount|-mabi=lp64|-mstack-protector-guard.*)$/;
        expect(missing.filter((word) => !gone.test(word.replace(/^LOST/, '-LOST')))).toEqual([]);
        // In the same order: what comes first counts among includes, what comes last among warnings.
        expect(own.filter((word) => expected.includes(word))).toEqual(
          expected.filter((word) => own.includes(word)),
        );
      }
    });
  },
);

describe('compile-commands', () => {
  const stock = ['-k', 'debian:bookworm', '-a', 'x86_64'];

  it('changes nothing of what a build is', async () => {
    const directory = temporaryDirectory(files);
    const first = await build([directory, ...stock]);
    await kbuild(['compile-commands', directory, ...stock]);
    mkdirSync(join(directory, '.cache/clangd/index'), { recursive: true });
    writeFileSync(join(directory, '.cache/clangd/index/x.idx'), 'x');
    const second = await build([directory, ...stock]);
    const of = ({ document }: typeof first) =>
      document.jobs.map(({ key, status }) => [key, status]);
    expect(of(second)).toEqual(of(first).map(([key]) => [key, 'cached']));
  });

  it('tells of what only the build has: files that it makes, and what does not compile', async () => {
    const directory = temporaryDirectory({
      ...files,
      Kbuild: `obj-m := made.o broken.o
ccflags-y := -I$(obj)
$(obj)/made.o: $(obj)/made.h
$(obj)/made.h: FORCE
	@echo '#define MADE 1' > $@
`,
      'made.c': moduleSource('#include "made.h"\nint made = MADE;'),
      'broken.c': moduleSource('int f( {'),
    });
    const { exitCode, stderr } = await kbuild(['compile-commands', directory, ...stock]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning only a build makes \S+\/made\.h: /m);
    expect(stderr).toMatch(/^warning not all of greeter-\S+ compiles: \S+broken\.c:3: /m);
    expect(read(directory).map(({ file }) => file)).toEqual([join(directory, 'made.c')]);
  });

  it('takes one job of each project, of the newest kernel, and says which', async () => {
    const root = temporaryDirectory({
      'kbuild.config.yaml':
        'projects: [giver, user]\nkernels: [debian:bullseye, debian:bookworm]\narchs: [arm64, x86_64]\n',
      'giver/Kbuild': 'obj-m := giver.o\n',
      'giver/giver.c': moduleSource(
        'int given(void);\nint given(void) { return 1; }\nEXPORT_SYMBOL_GPL(given);',
      ),
      'giver/given.h': 'int given(void);\n',
      'user/kbuild.config.yaml': 'name: user\ndepends: [../giver]\n',
      'user/Kbuild': 'obj-m := user.o\nccflags-y := -I$(src)/../giver\n',
      'user/user.c': moduleSource(
        '#include "given.h"\nint used(void);\nint used(void) { return given(); }',
      ),
    });
    const { exitCode, stdout, stderr } = await kbuild(['compile-commands', root, '-o', '-']);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^as compiled by giver-6\.1\.\S+-amd64-x86_64-gcc-12, user-6\.1\.\S+-amd64-x86_64-gcc-12$/m,
    );
    expect(stderr).toContain('(of 8 jobs; choose others with --kernel, --arch, --toolchain)');
    expect(stderr).not.toContain('not all of'); // what the other exports was not built, and not missed
    expect(existsSync(join(root, 'compile_commands.json'))).toBe(false);
    const entries = JSON.parse(stdout) as CompileCommand[];
    expect(entries.map(({ file }) => file)).toEqual([
      join(root, 'giver/giver.c'),
      join(root, 'user/user.c'),
    ]);
    expect(entries[1]!.arguments).toContain(`-I${root}/giver`);
  });

  it.each([
    [
      "a project's own Makefile",
      { Makefile: 'all:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules\n' },
      'drv',
    ],
    [
      'a dkms.conf',
      {
        Makefile: 'obj-m := drv.o\n',
        'dkms.conf':
          'PACKAGE_NAME=drv\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]=drv\nDEST_MODULE_LOCATION[0]=/extra\n',
      },
      'drv-1',
    ],
  ])('knows the build by %s', async (_, more, name) => {
    const directory = join(temporaryDirectory(), name);
    mkdirSync(directory);
    const source = moduleSource('#include "drv.h"');
    const all = {
      Kbuild: 'obj-m := drv.o\nccflags-y := -I$(src)/include\n',
      'drv.c': source,
      ...more,
    };
    for (const [file, text] of Object.entries(all)) writeFileSync(join(directory, file), text);
    mkdirSync(join(directory, 'include'));
    writeFileSync(join(directory, 'include/drv.h'), '#define DRV 1\n');
    const { exitCode, stderr } = await kbuild(['compile-commands', directory, ...stock]);
    expect(stderr).not.toContain('warning');
    expect(exitCode).toBe(0);
    const [entry] = read(directory);
    expect(entry).toMatchObject({ file: join(directory, 'drv.c'), directory });
    expect(entry!.arguments).toContain(`-I${directory}/include`);
    expect(await clang(entry!)).toMatchObject({ exitCode: 0 });
  });

  it('fails with what the build says where nothing compiles', async () => {
    const directory = temporaryDirectory({ Kbuild: 'obj-m := a.o\n', 'a.c': 'int f( {\n' });
    const { exitCode, stderr } = await kbuild(['compile-commands', directory, ...stock]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[BUILD_COMPILE_ERROR]');
    expect(existsSync(join(directory, 'compile_commands.json'))).toBe(false);
  });

  it('puts the new file in the place of the old one', async () => {
    const directory = temporaryDirectory(files);
    writeFileSync(join(directory, 'compile_commands.json'), 'not JSON');
    renameSync(join(directory, 'low.S'), join(directory, 'low.txt'));
    writeFileSync(
      join(directory, 'Kbuild'),
      readFileSync(join(directory, 'Kbuild'), 'utf8').replace(' low.o', ''),
    );
    expect((await kbuild(['compile-commands', directory, ...stock])).exitCode).toBe(0);
    expect(read(directory)).toHaveLength(2);
    const elsewhere = temporaryDirectory();
    const given = ['compile-commands', directory, ...stock, '-o', elsewhere];
    expect((await kbuild(given)).exitCode).toBe(0);
    expect(read(elsewhere)).toEqual(read(directory));
  });
});
