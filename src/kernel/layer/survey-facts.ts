import { join } from 'node:path';
import { allArchs, type Arch } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { unknownArch } from '../checks/configured.js';
import { isSet, parseKernelConfig, type KernelConfig } from '../config.js';
import { refusalOf } from '../findings.js';
import { releaseOf } from '../kernel-release.js';
import { readText, regularFile } from '../read-text.js';
import type { KdirSurvey } from '../survey.js';
import { follow } from '../tree.js';

/**
 * The configuration of a KDIR.
 * @throws KbuildError KDIR_NOT_CONFIGURED
 */
export function configOf({ config, path, roots }: KdirSurvey): KernelConfig {
  if (config !== undefined) return config;
  const file = regularFile(follow(roots, join(path, '.config')));
  if (file !== undefined) return parseKernelConfig(readText(file));
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
  throw refusalOf(unknownArch(path)) ?? new Error(`no architecture of ${path} is known`);
}

/** The release that a KDIR's kernel has, where any of its files says so. */
export function knownRelease({ release, path, roots }: KdirSurvey): string | undefined {
  if (release !== undefined && release !== '') return release;
  const find = (name: string) => regularFile(follow(roots, join(path, name)));
  const [line] = /^\S+$/.exec(readText(find('include/config/kernel.release')).trim()) ?? [];
  return releaseOf(find) ?? line;
}
