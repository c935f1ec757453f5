import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allArchs, type Arch } from '../arch/arch.js';
import { packageRoot } from '../data/package-root.js';
import { suiteByName } from '../kernel/suite.js';
import type { ImageRecipe } from '../runtime/port.js';
import type { Toolchain } from './toolchain.js';

/**
 * The image of a toolchain on a build machine of the given architecture. It is named
 * `kbuild-ts/<toolchain>:<key>` after the hash over the Dockerfile, the base image's name and the
 * packages, so that the same inputs give the same name on every machine.
 */
export function toolchainImage(toolchain: Toolchain, machine: Arch): ImageRecipe {
  const suite = suiteByName(toolchain.suite);
  const cross = allArchs()
    .filter((arch) => arch.name !== machine.name)
    .flatMap((arch) => toolchain.packages.cross.map((p) => expand(p, arch)));
  const file = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
  const dockerfile = file('Dockerfile');
  const args = {
    BASE: suite.image,
    SUITE_PACKAGES: suite.packages.join(' '),
    TOOLCHAIN_PACKAGES: [...toolchain.packages.native, ...cross].join(' '),
    TOOLCHAIN_FAMILY: toolchain.family,
    TOOLCHAIN_MAJOR: String(toolchain.major),
    UNAME: file('templates/image/uname'),
  };
  const key = createHash('sha256')
    .update(JSON.stringify([dockerfile, args, machine.oci]))
    .digest('hex');
  return { name: `kbuild-ts/${toolchain.name}:${key.slice(0, 12)}`, key, dockerfile, args };
}

/** Debian's package names have the triple with `-` for `_`. */
function expand(name: string, arch: Arch): string {
  return name.replaceAll('{triple}', arch.triple.replaceAll('_', '-'));
}
