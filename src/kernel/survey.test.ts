import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { writeElf } from '../../test/support/elf-writer.js';
import { healthyKdir, healthyTools } from '../../test/support/healthy-kdir.js';
import { kdirAt } from '../../test/support/kdir-at.js';
import {
  arm64Config,
  debianHeaders,
  hostTool,
  machines,
  without,
} from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { readKdir } from './kdir.js';
import { surveyKdir, type KdirSurvey, type SurveyOptions } from './survey.js';

const buildArch = archByName('x86_64');

const survey = (path: string, options: SurveyOptions = {}) =>
  surveyKdir(path, { buildArch, suite: 'bookworm', ...options });

const codes = ({ findings }: KdirSurvey) =>
  findings.map(({ severity, code }) => `${severity} ${code}`);

const codesOf = (path: string) => codes(survey(path));

/** What is found in a healthy KDIR after something was done to it. */
function after(breakIt: (path: string) => void, config?: string, options?: SurveyOptions) {
  const path = kdirAt(healthyKdir(config));
  breakIt(path);
  const found = survey(path, options);
  return { ...found, codes: codes(found) };
}

/** A program that needs shared libraries, as far as its ELF headers tell. */
function dynamicTool(...libraries: string[]): Uint8Array {
  const strings = Buffer.from(['', ...libraries, ''].join('\0'));
  const entries = Buffer.alloc((libraries.length + 1) * 16);
  let at = 1;
  libraries.forEach((library, i) => {
    entries.writeBigUInt64LE(1n, i * 16);
    entries.writeBigUInt64LE(BigInt(at), i * 16 + 8);
    at += library.length + 1;
  });
  const sections = [
    { name: '.dynstr', type: 3, data: strings },
    { name: '.dynamic', type: 6, data: entries },
  ];
  return writeElf({ class: 64, endian: 'little', type: 3, machine: machines.x86_64, sections });
}

describe('surveyKdir', () => {
  it('finds nothing in a healthy KDIR, and reads what readKdir reads', () => {
    const path = kdirAt(healthyKdir());
    const { findings, kdir, ...rest } = survey(path);
    expect(findings).toEqual([]);
    expect(kdir).toEqual(readKdir(path, { suite: 'bookworm' }));
    expect(rest).toMatchObject({ path, roots: ['/'], release: kdir!.release });
    expect(rest.arch!.name).toBe('arm64');
  });

  it.each<[string, (path: string) => void, string[], RegExp, string?]>([
    [
      'no .config',
      (p) => {
        rmSync(join(p, '.config'));
      },
      ['error KDIR_NOT_CONFIGURED'],
      /has no \.config/,
    ],
    [
      'a .config that is a directory',
      (p) => {
        rmSync(join(p, '.config'));
        mkdirSync(join(p, '.config'));
      },
      ['error KDIR_NOT_CONFIGURED'],
      /has no \.config/,
    ],
    [
      'cleaned by mrproper, the .config put back',
      (p) => {
        for (const name of [
          'include/config',
          'include/generated',
          'arch/arm64/include/generated',
          'Module.symvers',
        ])
          rmSync(join(p, name), { recursive: true });
      },
      ['error KDIR_NOT_PREPARED', 'error KDIR_NO_SYMVERS'],
      /autoconf\.h or .*utsrelease\.h is missing$/,
    ],
    [
      'prepared by halves',
      (p) => {
        rmSync(join(p, 'include/config/auto.conf'));
        rmSync(join(p, 'include/generated/bounds.h'));
      },
      ['error KDIR_PREPARED_IN_PART'],
      /lacks include\/config\/auto\.conf, include\/generated\/bounds\.h/,
    ],
    [
      'utsrelease.h without a release',
      (p) => {
        writeFileSync(join(p, 'include/generated/utsrelease.h'), '');
      },
      ['error KDIR_NOT_PREPARED'],
      /names no kernel release/,
    ],
    [
      'module.lds',
      (p) => {
        rmSync(join(p, 'scripts/module.lds'));
      },
      ['error KDIR_MODULE_LDS_MISSING'],
      /scripts\/module\.lds/,
    ],
    [
      'modpost',
      (p) => {
        rmSync(join(p, 'scripts/mod/modpost'));
      },
      ['error KDIR_NOT_PREPARED'],
      /host tools .* are missing/,
    ],
    [
      'modpost cut off',
      (p) => {
        writeFileSync(join(p, 'scripts/mod/modpost'), Buffer.from(hostTool()).subarray(0, 100));
      },
      ['error KDIR_HOST_TOOL_UNREADABLE'],
      /scripts\/mod\/modpost cannot be read: not an ELF file/,
    ],
    [
      'genksyms',
      (p) => {
        rmSync(join(p, 'scripts/genksyms/genksyms'));
      },
      ['warning KDIR_HOST_TOOL_MISSING'],
      /genksyms is missing, which CONFIG_MODVERSIONS/,
    ],
    [
      'sign-file, which no build needs',
      (p) => {
        rmSync(join(p, 'scripts/sign-file'));
      },
      ['note KDIR_HOST_TOOL_MISSING'],
      /sign-file/,
    ],
    [
      'objtool, where it is asked for',
      (p) => {
        rmSync(join(p, 'tools/objtool/objtool'));
      },
      ['error KDIR_HOST_TOOL_MISSING'],
      /objtool/,
      `${arm64Config}CONFIG_OBJTOOL=y\n`,
    ],
    [
      'x bits',
      (p) => {
        chmodSync(join(p, 'scripts/basic/fixdep'), 0o644);
      },
      ['error KDIR_HOST_TOOL_NOT_EXECUTABLE'],
      /fixdep has no x bit/,
    ],
    [
      'host tools of another machine',
      (p) => {
        for (const name of healthyTools)
          writeFileSync(join(p, name), hostTool(['2.17'], machines.arm64));
      },
      ['error KDIR_HOST_TOOL_MACHINE'],
      /programs for arm64, and this machine is x86_64: scripts\/basic\/fixdep, scripts\/mod\/modpost, scripts\/genksyms/,
    ],
    [
      'a host tool of a newer glibc than the image has',
      (p) => {
        writeFileSync(join(p, 'scripts/mod/modpost'), hostTool(['2.4', '2.38']));
      },
      ['error KDIR_HOST_TOOL_GLIBC'],
      /modpost needs glibc 2\.38, and the image of bookworm has 2\.36/,
    ],
    [
      'a library that the image has in another version',
      (p) => {
        writeFileSync(join(p, 'scripts/sign-file'), dynamicTool('libcrypto.so.1.1', 'libc.so.6'));
      },
      ['note KDIR_HOST_TOOL_LIBRARY'],
      /sign-file needs libcrypto\.so\.1\.1, and the image of bookworm has libcrypto\.so\.3/,
    ],
    [
      'a library that no image has',
      (p) => {
        writeFileSync(join(p, 'scripts/mod/modpost'), dynamicTool('libyaml-0.so.2', 'libc.so.6'));
      },
      ['error KDIR_HOST_TOOL_LIBRARY'],
      /needs libyaml-0\.so\.2, and the image of bookworm has none/,
    ],
    [
      'Module.symvers',
      (p) => {
        rmSync(join(p, 'Module.symvers'));
      },
      ['error KDIR_NO_SYMVERS'],
      /has no Module\.symvers/,
    ],
    [
      'an empty Module.symvers',
      (p) => {
        writeFileSync(join(p, 'Module.symvers'), '');
      },
      ['error KDIR_SYMVERS_EMPTY'],
      /lists no symbol$/,
    ],
    [
      'a Module.symvers of modules alone',
      (p) => {
        writeFileSync(join(p, 'Module.symvers'), '0x1\ta\tdrivers/a\tEXPORT_SYMBOL\t\n');
      },
      ['error KDIR_SYMVERS_EMPTY'],
      /1 symbols of modules, and none of vmlinux/,
    ],
    [
      'CRCs with MODVERSIONS',
      (p) => {
        writeFileSync(join(p, 'Module.symvers'), '0x00000000\ta\tvmlinux\tEXPORT_SYMBOL\t\n');
      },
      ['error KDIR_SYMVERS_NO_CRCS'],
      /none of the 1 symbols of vmlinux/,
    ],
    [
      'no CRCs where there are to be none',
      () => undefined,
      ['warning KDIR_SYMVERS_STALE'],
      /CONFIG_MODVERSIONS is not set/,
      arm64Config.replace('CONFIG_MODVERSIONS=y\n', ''),
    ],
    [
      'a Module.symvers that is older than the configuration',
      (p) => {
        utimesSync(join(p, 'Module.symvers'), 1000, 1000);
        utimesSync(join(p, 'include/config/auto.conf'), 8200, 8200);
      },
      ['note KDIR_SYMVERS_OLDER'],
      /^Module\.symvers is 2 hours older/,
    ],
    [
      'a symbol of the vermagic changed after preparing',
      (p) => {
        writeFileSync(join(p, '.config'), arm64Config.replace('CONFIG_SMP=y\n', ''));
      },
      ['error KDIR_CONFIG_STALE'],
      /differ in 1 symbol: CONFIG_SMP \(CONFIG_SMP is not set in \.config, y in include\/config\/auto\.conf\)/,
    ],
    [
      'a driver switched on after preparing',
      (p) => {
        writeFileSync(join(p, '.config'), `${arm64Config}CONFIG_DUMMY=m\n`);
      },
      ['warning KDIR_CONFIG_DIFFERS'],
      /CONFIG_DUMMY/,
    ],
    [
      'the compiler’s name in the .config',
      () => undefined,
      ['error KDIR_COMPILER_UNKNOWN'],
      /names no compiler/,
      arm64Config.replace('CONFIG_GCC_VERSION=120200\n', ''),
    ],
    [
      'all symbols but those that modules use',
      () => undefined,
      ['warning KDIR_TRIMMED'],
      /CONFIG_TRIM_UNUSED_KSYMS is set/,
      `${arm64Config}CONFIG_TRIM_UNUSED_KSYMS=y\n`,
    ],
    [
      'GCC plugins',
      () => undefined,
      ['error KDIR_GCC_PLUGINS'],
      /plugins stackleak_plugin\.so of scripts\/gcc-plugins are missing/,
      `${arm64Config}CONFIG_GCC_PLUGINS=y\nCONFIG_GCC_PLUGIN_STACKLEAK=y\n`,
    ],
    [
      'the seed of randomised structures',
      () => undefined,
      ['error KDIR_RANDSTRUCT_SEED'],
      /the seed is not in the KDIR/,
      `${arm64Config}CONFIG_RANDSTRUCT=y\n`,
    ],
    [
      'crates of Rust',
      () => undefined,
      ['warning KDIR_RUST'],
      /rust\/libkernel\.rmeta/,
      `${arm64Config}CONFIG_RUST=y\n`,
    ],
    [
      'vmlinux for BTF',
      () => undefined,
      ['note KDIR_BTF_NO_VMLINUX'],
      /no vmlinux/,
      `${arm64Config}CONFIG_DEBUG_INFO_BTF_MODULES=y\n`,
    ],
    [
      'resolve_btfids, where there is a vmlinux to make BTF of',
      (p) => {
        writeFileSync(join(p, 'vmlinux'), '');
      },
      ['error KDIR_HOST_TOOL_MISSING', 'note KDIR_BTF_PAHOLE'],
      /resolve_btfids/,
      `${arm64Config}CONFIG_DEBUG_INFO_BTF_MODULES=y\n`,
    ],
    [
      'another Clang than the kernel’s',
      () => undefined,
      ['note KDIR_LTO_CLANG'],
      /built with thin link-time/,
      `${arm64Config}CONFIG_LTO_CLANG=y\nCONFIG_LTO_CLANG_THIN=y\n`,
    ],
  ])('tells of %s', (_, breakIt, wanted, message, config) => {
    const found = after(breakIt, config);
    expect(found.codes).toEqual(wanted);
    expect(found.findings[0]!.message).toMatch(message);
    for (const { remedy } of found.findings) expect(remedy).toMatch(/\.$/);
  });

  it('tells which of these `kernel prepare` mends, and keeps what it needs for that', () => {
    const mendOf = (names: string[]) => {
      const found = after((path) => {
        for (const name of names) rmSync(join(path, name));
      });
      expect(found.config!.get('CONFIG_ARM64')).toBe('y');
      expect(found.mounts).toEqual([{ source: found.path, target: found.path }]);
      return found.findings.map(({ mend }) => mend);
    };
    expect(mendOf(['include/generated/autoconf.h'])).toEqual(['prepare']);
    expect(mendOf(['scripts/module.lds'])).toEqual(['prepare']);
    expect(mendOf(['scripts/basic/fixdep'])).toEqual(['host-tools']);
    expect(mendOf(['Module.symvers'])).toEqual([undefined]);
  });

  it('leaves the symbols and the configuration unread where it is to be quick', () => {
    const found = after(
      (path) => {
        writeFileSync(join(path, 'Module.symvers'), '');
        writeFileSync(join(path, '.config'), arm64Config.replace('CONFIG_SMP=y\n', ''));
      },
      undefined,
      { depth: 'quick' },
    );
    expect(found.codes).toEqual([]);
    expect(found.kdir).toBeDefined();
  });

  it('says nothing of what lies behind a broken link, but that it is broken', () => {
    const roots = [
      temporaryDirectory(debianHeaders.headers),
      temporaryDirectory(debianHeaders.common),
    ];
    const { findings, kdir } = survey(debianHeaders.kdir, { roots, depth: 'quick' });
    expect(kdir).toBeUndefined();
    expect(findings.map(({ code, message }) => [code, message.split(' ')[0]])).toEqual([
      ['KDIR_BROKEN_LINK', `${debianHeaders.kdir}/scripts`],
      ['KDIR_BROKEN_LINK', `${debianHeaders.kdir}/tools`],
    ]);
  });

  it('counts the links deeper in the tree that lead nowhere', () => {
    const found = after((path) => {
      writeTree(path, {
        'include/uapi': { link: '../../other/uapi' },
        'arch/arm64/lib': { link: '/nowhere/lib' },
      });
    });
    expect(found.codes).toEqual(['warning KDIR_LINK_DANGLES']);
    expect(found.findings[0]!.message).toMatch(
      /^2 links lead nowhere: arch\/arm64\/lib, include\/uapi/,
    );
  });

  it('looks at what a wrapper of Debian’s linux-kbuild starts', () => {
    const found = after((path) => {
      writeFileSync(join(path, 'scripts/mod/modpost.real-lsb-64'), hostTool(['2.38']), {
        mode: 0o755,
      });
    });
    expect(found.codes).toEqual(['error KDIR_HOST_TOOL_GLIBC']);
    expect(found.kdir!.hostTools.glibc).toBe('2.38');
  });

  it('holds a plugin against the machine and the compiler that load it', () => {
    const config = `${arm64Config}CONFIG_GCC_PLUGINS=y\nCONFIG_GCC_PLUGIN_STACKLEAK=y\n`;
    const plugin = (version: string, machine: number) => {
      const data = Buffer.from(`\0${version}\0`);
      return (path: string) => {
        writeTree(path, {
          'scripts/gcc-plugins/stackleak_plugin.so': writeElf({
            ...{ class: 64, endian: 'little', type: 3, machine },
            sections: [{ name: '.rodata', type: 1, data }],
          }),
        });
      };
    };
    expect(after(plugin('12.2.0', machines.x86_64), config).codes).toEqual([]);
    expect(after(plugin('13.1.0', machines.x86_64), config).findings[0]!.message).toMatch(
      /is for GCC 13, and the kernel's compiler is gcc-12/,
    );
    expect(after(plugin('12.2.0', machines.arm64), config).findings[0]!.message).toMatch(
      /another machine/,
    );
  });

  it('takes randomised structures with their seed, of either age', () => {
    const config = `${arm64Config}CONFIG_RANDSTRUCT=y\n`;
    for (const files of [
      ['scripts/basic/randstruct.seed', 'include/generated/randstruct_hash.h'],
      ['scripts/gcc-plugins/randomize_layout_seed.h', 'include/generated/randomize_layout_hash.h'],
    ]) {
      const found = after((path) => {
        writeTree(path, Object.fromEntries(files.map((name) => [name, ''])));
      }, config);
      expect(found.codes).toEqual(['warning KDIR_RANDSTRUCT']);
    }
  });

  it('names the configured directories below one that is none', async () => {
    const directory = temporaryDirectory({
      'common/Makefile': '',
      'out/android14/common/.config': '',
      'out/android14/common/Makefile': '',
      'out/android14/dist/x': '',
      'a/.config/x': '',
      'a/Makefile': '',
    });
    const error = await kbuildErrorOf(() => readKdir(directory));
    expect(error.code).toBe('KDIR_NOT_CONFIGURED');
    expect(error.hint).toMatch(`Did you mean ${directory}/out/android14/common?`);
  });

  it('finds module.lds where Debian puts it, and asks old kernels for none', () => {
    const config = arm64Config.replace('6.1.192', '5.4.1');
    const files = without(healthyKdir(), 'scripts/module.lds');
    expect(codesOf(kdirAt({ ...files, 'arch/arm64/module.lds': '' }))).toEqual([]);
    const old = {
      ...without(healthyKdir(config), 'scripts/module.lds'),
      'include/generated/utsrelease.h': '#define UTS_RELEASE "5.4.1"\n',
    };
    expect(codesOf(kdirAt({ ...old, 'scripts/module-common.lds': '' }))).toEqual([]);
    expect(codesOf(kdirAt(old))).toEqual(['error KDIR_MODULE_LDS_MISSING']);
  });

  it('waits for no pipe that stands in the place of a file', () => {
    const config = `${arm64Config}CONFIG_OBJTOOL=y\n`;
    for (const name of ['.config', 'Makefile', 'Module.symvers', ...healthyTools]) {
      const path = kdirAt(healthyKdir(config));
      rmSync(join(path, name));
      execFileSync('mkfifo', [join(path, name)]);
      expect(codesOf(path)).toHaveLength(1);
    }
  });

  it.each(['.config', 'Makefile', 'Module.symvers', 'include/config/auto.conf'])(
    'says that %s is too long to be read, and does not try to hold it',
    (name) => {
      for (const size of [600 * 2 ** 20, 3 * 2 ** 30]) {
        const path = kdirAt(healthyKdir());
        truncateSync(join(path, name), size);
        const { findings, kdir } = survey(path);
        expect(findings.at(-1)!.code).toBe('KDIR_UNREADABLE');
        expect(findings.at(-1)!.message).toContain(`${name} is longer than 64 MiB`);
        expect(kdir).toBeUndefined();
      }
    },
  );

  it('survives files that are no text and no program', () => {
    const junk = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256));
    const files = Object.keys(healthyKdir());
    for (const name of files) {
      const path = kdirAt(healthyKdir());
      writeFileSync(join(path, name), junk);
      expect(() => survey(path)).not.toThrow();
    }
  });
});

describe('a path that Kbuild refuses', () => {
  it.each(['with blank', 'with:colon', 'with\ttab'])(
    'is shown to builds under another (%j)',
    (name) => {
      const path = join(temporaryDirectory(), name);
      renameSync(kdirAt(healthyKdir()), path);
      const { findings, kdir } = survey(path);
      expect(findings).toEqual([]);
      expect(kdir!.path).toMatch(/^\/usr\/src\/kbuild-ts\/kdir-[0-9a-f]{12}$/);
      expect(kdir!.inPlace).toBe(false);
      expect(kdir!.mounts).toEqual([{ source: path, target: kdir!.path }]);
      expect(kdir!.symversPath).toBe(join(path, 'Module.symvers'));
      rmSync(path, { recursive: true });
    },
  );

  it.each<[string, (path: string) => FileTree]>([
    ['by a link', (path) => ({ 'include/asm': { link: join(path, 'arch/arm64/include/asm') } })],
    ['in its Makefile', (path) => ({ '.kernelvariables': `KSRC = ${path}\n` })],
  ])('is refused where the KDIR names it %s', async (_, files) => {
    const path = join(temporaryDirectory(), 'with blank');
    renameSync(kdirAt(healthyKdir()), path);
    writeTree(path, files(path));
    expect(codesOf(path)).toEqual(['error KDIR_PATH_REFUSED']);
    const error = await kbuildErrorOf(() => readKdir(path));
    expect(error.code).toBe('KDIR_NOT_IN_PLACE');
    expect(error.message).toContain('it has a blank or a colon');
    rmSync(path, { recursive: true });
  });
});
