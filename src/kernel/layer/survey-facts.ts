import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allArchs, type Arch } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isSet, parseKernelConfig, type KernelConfig } from '../config.js';
import type { KdirSurvey } from '../survey.js';
import { follow } from '../tree.js';

/**
 * The configuration of a KDIR.
 * @throws KbuildError KDIR_NOT_CONFIGURED
 */
export function configOf({ config, path, roots }: KdirSurvey): KernelConfig {
  if (config !== undefined) return config;
  const file = follow(roots, join(path, '.config'));
  if (file !== undefined) return parseKernelConfig(readFileSync(file, 'utf8'));
  throw new KbuildError(
    'KDIR_NOT_CONFIGURED',
    `${path} is not a configured KDIR: it has no .config`,
    "Which configuration it should have, nobody can guess: copy the kernel's own .config to it (/boot/config-<release>, or /proc/config.gz of the running kernel).",
  );
}

/** @throws KbuildError KDIR_ARCH_UNKNOWN */
export function archOf({ arch, path }: KdirSurvey, config: KernelConfig): Arch {
  const found = arch ?? allArchs().find((candidate) => isSet(config, candidate.config));
  if (found !== undefined) return found;
  throw new KbuildError(
    'KDIR_ARCH_UNKNOWN',
    `the KDIR ${path} is for an architecture that kbuild-ts does not know`,
    `Known: ${allArchs()
      .map(({ name }) => name)
      .join(', ')}. Another one is a file in toolchains/arch/.`,
  );
}

/** The release that a KDIR's kernel has, where any of its files says so. */
export function releaseOf({ release, path, roots }: KdirSurvey): string | undefined {
  if (release !== undefined && release !== '') return release;
  for (const name of ['include/generated/utsrelease.h', 'include/config/kernel.release']) {
    const file = follow(roots, join(path, name));
    const text = file === undefined ? '' : readFileSync(file, 'utf8').trim();
    const found = /UTS_RELEASE "([^"]+)"/.exec(text)?.[1] ?? (/^\S+$/.exec(text) ?? [])[0];
    if (found !== undefined) return found;
  }
  return undefined;
}
