import { arm64Config, hostTool, kdirFiles } from './kdir-tree.js';
import type { FileTree } from './temporary-directory.js';

/** autoconf.h as Kconfig makes it of a .config. */
function autoconf(config: string): string {
  const lines = config.split('\n').flatMap((line) => {
    const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    if (value === 'm') return [`#define ${name}_MODULE 1`];
    return [`#define ${name} ${value === 'y' ? '1' : value}`];
  });
  return `${lines.join('\n')}\n`;
}

/** The host tools of such a KDIR. */
export const healthyTools = [
  'scripts/basic/fixdep',
  'scripts/mod/modpost',
  'scripts/genksyms/genksyms',
  'scripts/sign-file',
  'tools/objtool/objtool',
];

/** The files of a KDIR that nothing can be said against. */
export function healthyKdir(config = arm64Config): FileTree {
  return {
    ...kdirFiles(config),
    'include/config/auto.conf': config,
    'include/generated/autoconf.h': autoconf(config),
    'include/generated/bounds.h': '',
    'arch/arm64/include/generated/asm/rwonce.h': '',
    'scripts/module.lds': 'SECTIONS { }\n',
    ...Object.fromEntries(healthyTools.map((name) => [name, hostTool()])),
  };
}
