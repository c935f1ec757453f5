import { writeElf } from './elf-writer.js';
import type { FileTree } from './temporary-directory.js';

/** Machines in ELF headers: what host tools are for. */
export const machines = { x86_64: 62, arm64: 183 } as const;

/** A host tool, as far as its ELF headers tell: dynamically linked to these versions of glibc. */
export function hostTool(glibc: string[] = ['2.2.5', '2.34'], machine = 62): Uint8Array {
  const strings = ['', 'libc.so.6', 'printf', ...glibc.map((version) => `GLIBC_${version}`), ''];
  const section = { name: '.dynstr', type: 3, data: Buffer.from(strings.join('\0')) };
  return writeElf({ class: 64, endian: 'little', type: 3, machine, sections: [section] });
}

export const arm64Config = `#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.1.192 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"
CONFIG_CC_IS_GCC=y
CONFIG_GCC_VERSION=120200
CONFIG_CLANG_VERSION=0
CONFIG_ARM64=y
CONFIG_SMP=y
# CONFIG_PREEMPT is not set
CONFIG_MODULES=y
CONFIG_MODULE_UNLOAD=y
CONFIG_MODVERSIONS=y
CONFIG_MODULE_SIG=y
# CONFIG_MODULE_SIG_FORCE is not set
CONFIG_MODULE_SIG_HASH="sha256"
CONFIG_MODULE_COMPRESS_NONE=y
`;

export const release = '6.1.0-56-arm64';

/** The files of a KDIR that lie in one directory, as `make` leaves them in a kernel tree. */
export function kdirFiles(config: string = arm64Config): FileTree {
  return {
    '.config': config,
    Makefile: '# the kernel\n',
    'Module.symvers': '0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n',
    'arch/arm64/Makefile': '# arm64\n',
    'arch/arm64/include/asm/page.h': '/* page */\n',
    'include/generated/autoconf.h': '#define CONFIG_ARM64 1\n',
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
    'include/linux/module.h': '/* module */\n',
    'scripts/Makefile.build': '# build\n',
    'scripts/basic/fixdep': hostTool(),
    'scripts/mod/modpost': hostTool(['2.36', '2.4']),
    'drivers/x.c': '/* no build of a module reads this */\n',
  };
}

/** A tree without the files that stand at or below a path. */
export function without(files: FileTree, ...paths: string[]): FileTree {
  return Object.fromEntries(
    Object.entries(files).filter(
      ([name]) => !paths.some((path) => name === path || name.startsWith(`${path}/`)),
    ),
  );
}

/** All paths of a tree moved below a directory. */
export function under(directory: string, files: FileTree): FileTree {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [`${directory}/${name}`, content]),
  );
}

/**
 * The three packages that make a KDIR of Debian 12, each unpacked into a directory of its own:
 * absolute includes and links that leave the directory, as in the real ones.
 */
export const debianHeaders = {
  kdir: `/usr/src/linux-headers-${release}`,
  headers: under(`usr/src/linux-headers-${release}`, {
    ...without(kdirFiles(), 'scripts', 'drivers', 'include/linux', 'Makefile'),
    Makefile: 'include /usr/src/linux-headers-6.1.0-56-common/Makefile\n',
    '.kernelvariables': 'override ARCH = arm64\nCC = $(CROSS_COMPILE)gcc-12\n',
    scripts: { link: '../../lib/linux-kbuild-6.1/scripts' },
    tools: { link: '../../lib/linux-kbuild-6.1/tools' },
  }),
  common: under('usr/src/linux-headers-6.1.0-56-common', {
    Makefile: '# the kernel\n',
    'arch/arm64/Makefile': '# arm64\n',
    'include/linux/module.h': '/* module */\n',
    scripts: { link: '../../lib/linux-kbuild-6.1/scripts' },
    tools: { link: '../../lib/linux-kbuild-6.1/tools' },
  }),
  kbuild: under('usr/lib/linux-kbuild-6.1', {
    'scripts/basic/fixdep': hostTool(),
    'scripts/mod/modpost': hostTool(),
    'tools/objtool/objtool': hostTool(),
  }),
} satisfies { kdir: string; headers: FileTree; common: FileTree; kbuild: FileTree };
