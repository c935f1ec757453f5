import { allArchs } from '../../arch/arch.js';
import { isSet } from '../config.js';
import { kdirFinding, type KdirFinding } from '../findings.js';
import type { KdirCheck } from './subject.js';

/** The kernel can load modules at all. */
export const checkModules: KdirCheck = ({ config, path }) =>
  isSet(config, 'CONFIG_MODULES')
    ? []
    : [
        kdirFinding(
          'KDIR_MODULES_DISABLED',
          'error',
          `the kernel of ${path} cannot load modules: CONFIG_MODULES is not set`,
        ),
      ];

/** What is said of a KDIR for another architecture. */
export function unknownArch(path: string): KdirFinding {
  const known = allArchs().map(({ name, config: symbol }) => `${name} (${symbol})`);
  return kdirFinding(
    'KDIR_ARCH_UNKNOWN',
    'error',
    `the KDIR ${path} is for an architecture that kbuild-ts does not know`,
    { remedy: `Known: ${known.join(', ')}. Another one is a file in toolchains/arch/.` },
  );
}

/** It is for an architecture that is known. */
export const checkArch: KdirCheck = ({ arch, path }) =>
  arch === undefined ? [unknownArch(path)] : [];

/** It says which compiler it is for. */
export const checkCompiler: KdirCheck = ({ compiler }) =>
  compiler === undefined
    ? [
        kdirFinding(
          'KDIR_COMPILER_UNKNOWN',
          'error',
          'the .config names no compiler (neither CONFIG_GCC_VERSION nor CONFIG_CLANG_VERSION)',
        ),
      ]
    : [];
