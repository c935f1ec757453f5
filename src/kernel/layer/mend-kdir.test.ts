import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostArch } from '../../arch/arch.js';
import { foreignArch } from '../../../test/support/foreign-arch.js';
import { debianHeaders, hostTool, kdirFiles, without } from '../../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../../test/support/temporary-directory.js';
import { treeHash } from '../../../test/support/tree-hash.js';
import type { RunOutcome } from '../../runtime/port.js';
import type { ScriptRun } from '../providers/port.js';
import { surveyKdir } from '../survey.js';
import { mendKdir } from './mend-kdir.js';

const [own, foreign] = [hostArch(), foreignArch].map(({ elf }) => hostTool(['2.17'], elf.machine));
const programs = [
  'scripts/basic/fixdep',
  'scripts/mod/modpost',
  'scripts/genksyms/genksyms',
  'scripts/sign-file',
];
const all = (program: Uint8Array): FileTree =>
  Object.fromEntries(programs.map((path) => [path, program]));
const headers: FileTree = {
  ...kdirFiles(),
  ...all(foreign!),
  ...Object.fromEntries(programs.map((path) => [`${path}.c`, ''])),
  'scripts/module.lds': '',
  'include/config/auto.conf': 'CONFIG_ARM64=y\n',
  'include/config/auto.conf.cmd': 'deps\n',
};
const unprepared: FileTree = {
  ...without(headers, 'include/generated', 'include/config'),
  Kconfig: '',
  Kbuild: '',
  'scripts/kconfig/Makefile': '',
};

const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o755 });
  chmodSync(path, 0o755);
};
/** What make would do in a layer. */
const makeTools = (kdir: string): undefined => {
  for (const path of programs) put(join(kdir, path), own!);
};
const prepareAll = (kdir: string): undefined => {
  makeTools(kdir);
  put(join(kdir, 'include/config/auto.conf'), 'CONFIG_ARM64=y\n');
  put(join(kdir, 'include/generated/autoconf.h'), '#define CONFIG_ARM64 1\n');
  put(join(kdir, 'include/generated/utsrelease.h'), '#define UTS_RELEASE "6.1.0-56-arm64"\n');
};

/** A toolchain whose make is a function on the KDIR in the layer. */
function toolchain(make: (kdir: string, run: ScriptRun) => RunOutcome['end'] | number | undefined) {
  const runs: ScriptRun[] = [];
  const run = (spec: ScriptRun): Promise<RunOutcome> => {
    runs.push(spec);
    const writable = spec.mounts.filter((mount) => mount.writable);
    expect(writable).toHaveLength(1);
    const result = make(writable[0]!.source, spec) ?? 0;
    const end = typeof result === 'number' ? 'exited' : result;
    return Promise.resolve({ end, exitCode: Number(result) || 0, stdout: Buffer.alloc(0) });
  };
  return { runs, toolchain: { name: 'gcc-12', image: 'gcc-12:1', make: ['ARCH=arm64'], run } };
}

function context(tools: ReturnType<typeof toolchain>, cache = temporaryDirectory()) {
  const hostTools = () => Promise.reject(new Error('no package is wanted'));
  const { signal } = new AbortController();
  return { cache, signal, hostTools, onLine: () => undefined, toolchain: tools.toolchain };
}

const layers = (cache: string) =>
  readdirSync(join(cache, 'layers')).filter((name) => !name.endsWith('.failed'));

describe('a KDIR that is mended', () => {
  it('gets its programs in a layer, and is as it was', async () => {
    const kdir = temporaryDirectory(headers);
    const before = treeHash(kdir);
    const tools = toolchain(makeTools);
    const own = context(tools);
    const mended = await mendKdir(surveyKdir(kdir), own);
    expect(mended).toMatchObject({
      done: [`made fixdep, modpost, genksyms for ${hostArch().name} with gcc-12`],
      fromCache: false,
      kdir: {
        path: kdir,
        release: '6.1.0-56-arm64',
        hostTools: { machine: hostArch().elf.machine },
      },
    });
    expect(treeHash(kdir)).toBe(before);
    expect(mended.kdir.inPlace).toBe(false);
    expect(mended.kdir.mounts[0]).toMatchObject({ target: kdir });
    expect(mended.kdir.mounts[0]?.source).not.toBe(kdir);
    const passed = mended.kdir.mounts.slice(1);
    expect(passed.map(({ target }) => target)).toEqual(
      ['arch', 'drivers', 'include'].map((name) => join(kdir, name)),
    );
    expect(passed.every(({ source, target }) => source === target)).toBe(true);
    // While make runs, the configuration is older than what was made of it.
    const [run] = tools.runs;
    const config = run!.mounts.find(({ target }) => target === join(kdir, '.config'));
    expect(config?.writable).toBeUndefined();
    expect(existsSync(config!.source)).toBe(false); // it goes with the run
  });

  it('is not mended twice, unless something of it changed', async () => {
    const kdir = temporaryDirectory(headers);
    const tools = toolchain(makeTools);
    const own = context(tools);
    const first = await mendKdir(surveyKdir(kdir), own);
    const second = await mendKdir(surveyKdir(kdir), own);
    expect([second.fromCache, tools.runs.length]).toEqual([true, 1]);
    expect(second.kdir).toEqual(first.kdir);
    writeFileSync(join(kdir, 'scripts/mod/modpost.c'), 'int main;\n');
    const third = await mendKdir(surveyKdir(kdir), own);
    expect([third.fromCache, tools.runs.length]).toEqual([false, 2]);
    expect(third.kdir.identity).not.toBe(first.kdir.identity);
  });

  it('is mended again where its layer was spoilt', async () => {
    const kdir = temporaryDirectory(headers);
    const own = context(toolchain(makeTools));
    const { kdir: first } = await mendKdir(surveyKdir(kdir), own);
    rmSync(join(first.mounts[0]!.source, 'scripts/mod/modpost'));
    expect((await mendKdir(surveyKdir(kdir), own)).fromCache).toBe(false);
  });

  it('needs nothing where all is well', async () => {
    const kdir = temporaryDirectory({ ...headers, ...all(own!) });
    for (const path of programs) chmodSync(join(kdir, path), 0o755);
    put(join(kdir, 'include/generated/bounds.h'), '');
    put(join(kdir, 'arch/arm64/include/generated/asm/x.h'), '');
    const tools = toolchain(() => 1);
    const mended = await mendKdir(surveyKdir(kdir, { depth: 'quick' }), context(tools));
    expect([mended.done, mended.kdir.inPlace, tools.runs]).toEqual([[], true, []]);
  });

  it('is prepared as the kernel that it says it is', async () => {
    const kdir = temporaryDirectory({
      ...unprepared,
      'include/config/kernel.release': '6.1.0-56-arm64\n',
    });
    const tools = toolchain(prepareAll);
    const { kdir: mended } = await mendKdir(surveyKdir(kdir), context(tools));
    expect(tools.runs[0]?.script).toContain('KERNELRELEASE=6.1.0-56-arm64 modules_prepare');
    expect(mended.vermagic).toBe('6.1.0-56-arm64 SMP mod_unload modversions aarch64');
  });

  it("gets the build machine's own package in the place of Debian's", async () => {
    const kbuild = (program: Uint8Array): FileTree => ({
      'usr/lib/linux-kbuild-6.1/scripts/basic/fixdep': program,
      'usr/lib/linux-kbuild-6.1/scripts/mod/modpost': program,
      'usr/lib/linux-kbuild-6.1/scripts/genksyms/genksyms': program,
      'usr/lib/linux-kbuild-6.1/tools/objtool/objtool': program,
    });
    const config = `${debianHeaders.kdir.slice(1)}/include/config/auto.conf`;
    const parts = { ...debianHeaders.headers, ...debianHeaders.common, [config]: '' };
    for (const files of [{ ...parts, ...kbuild(foreign!) }, parts]) {
      const root = temporaryDirectory(files);
      const before = treeHash(root);
      const asked: unknown[] = [];
      const hostTools = (...name: unknown[]) => {
        asked.push(name);
        return Promise.resolve(temporaryDirectory(kbuild(own!)));
      };
      const own_ = { ...context(toolchain(() => 1)), hostTools };
      const survey = surveyKdir(debianHeaders.kdir, { roots: [root] });
      const { kdir, done } = await mendKdir(survey, own_);
      expect(asked).toEqual([['linux-kbuild-6.1', undefined]]);
      expect(done).toEqual([`took linux-kbuild-6.1 for ${hostArch().name} in place of its own`]);
      const place = kdir.mounts.find(({ target }) =>
        target.startsWith('/usr/lib/linux-kbuild-6.1'),
      );
      expect(place?.source.startsWith(join(own_.cache, 'layers'))).toBe(true);
      expect(treeHash(root)).toBe(before);
    }
  });
});

describe('a mending that fails', () => {
  const failure = async (
    files: FileTree,
    make: (kdir: string, run: ScriptRun) => RunOutcome['end'] | number | undefined,
  ) => {
    const kdir = temporaryDirectory(files);
    const before = treeHash(kdir);
    const own = context(toolchain(make));
    const error = await kbuildErrorOf(() => mendKdir(surveyKdir(kdir), own));
    expect(layers(own.cache)).toEqual([]);
    expect(treeHash(kdir)).toBe(before);
    expect(error.code).toBe('KDIR_MEND_FAILED');
    return error;
  };

  it('says the first errors, and where the log is', async () => {
    const error = await failure(headers, (_, { onLine }) => {
      for (const line of ['  CC x', "x.c:1:1: error: expected ';'", 'make: *** [x] Error 1'])
        onLine(line);
      return 2;
    });
    expect(error.message).toMatch(
      /could not be mended with gcc-12: x\.c:1:1: error: expected ';'$/,
    );
    // A directory of layers/, which `kernel prune` takes for a layer that is not used.
    const [, log = ''] = /(\/\S+\/layers\/[0-9a-f]+\.failed\/make\.log)/.exec(error.hint) ?? [];
    expect(readFileSync(log, 'utf8')).toBe(
      "  CC x\nx.c:1:1: error: expected ';'\nmake: *** [x] Error 1\n",
    );
  });

  it.each(['timeout', 'out-of-memory', 'too-much-output'] as const)('says %s', async (end) => {
    expect((await failure(headers, () => end)).message).toContain(end.replaceAll('-', ' '));
  });

  it.each<[string, FileTree, (kdir: string) => undefined, RegExp]>([
    ['makes nothing', headers, () => undefined, /scripts\/basic\/fixdep was not made/],
    [
      'makes programs of the other machine',
      headers,
      (kdir) => {
        makeTools(kdir);
        put(join(kdir, 'scripts/mod/modpost'), foreign!);
      },
      /: scripts\/mod\/modpost was not made for this machine$/,
    ],
    [
      'leaves a pipe where a file should be',
      headers,
      (kdir) => {
        makeTools(kdir);
        rmSync(join(kdir, '.config'));
        execFileSync('mkfifo', [join(kdir, '.config')]);
      },
      /\.config, which is no file/,
    ],
    [
      'leaves a link to a program elsewhere',
      headers,
      (kdir) => {
        makeTools(kdir);
        rmSync(join(kdir, 'scripts/mod/modpost'));
        symlinkSync(process.execPath, join(kdir, 'scripts/mod/modpost'));
      },
      /modpost was not made/,
    ],
    [
      'makes another configuration',
      unprepared,
      (kdir) => {
        prepareAll(kdir);
        put(join(kdir, '.config'), 'CONFIG_ARM64=y\nCONFIG_MODULES=y\n');
      },
      /configuration would be another: CONFIG_CC_IS_GCC: y, now not set \(and \d+ more\)/,
    ],
    ['prepares nothing', unprepared, makeTools, /not what it should be.*not prepared/],
  ])('is one whose make ends well, and %s', async (_, files, make, said) => {
    const error = await failure(files, make);
    expect(error.message).toMatch(said);
  });

  it('is a package that holds nothing, or is for the other machine', async () => {
    const config = `${debianHeaders.kdir.slice(1)}/include/config/auto.conf`;
    const root = temporaryDirectory({
      ...debianHeaders.headers,
      ...debianHeaders.common,
      [config]: '',
    });
    const survey = surveyKdir(debianHeaders.kdir, { roots: [root] });
    const withPackage = async (files: FileTree) => {
      const hostTools = () => Promise.resolve(temporaryDirectory(files));
      const own = { ...context(toolchain(() => 1)), hostTools };
      return (await kbuildErrorOf(() => mendKdir(survey, own))).message;
    };
    expect(await withPackage({ 'usr/share/doc': '' })).toMatch(/holds no scripts/);
    const wrong = {
      'usr/lib/linux-kbuild-6.1/scripts/basic/fixdep': foreign!,
      'usr/lib/linux-kbuild-6.1/scripts/mod/modpost': foreign!,
    };
    expect(await withPackage(wrong)).toMatch(/for another machine/);
  });
});
