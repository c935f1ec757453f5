import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../arch/arch.js';
import { packageRoot } from '../data/package-root.js';
import type { ImageRecipe } from '../runtime/port.js';
import { toolchainImage } from './image-recipe.js';
import type { Toolchain } from './toolchain.js';

/**
 * The image that a project is built in: that of its toolchain, or one made of it with the Debian
 * packages that the project needs besides. It is named `kbuild-ts/<toolchain>-deps:<key>` after the
 * hash over the Dockerfile, the toolchain's image and the packages, in whatever order they stand.
 * @param packages as apt takes them: `name`, `name:arch`, `name=version`
 */
export function imageWith(
  toolchain: Toolchain,
  machine: Arch,
  packages: readonly string[],
): ImageRecipe {
  const base = toolchainImage(toolchain, machine);
  if (packages.length === 0) return base;
  const dockerfile = readFileSync(join(packageRoot, 'templates', 'build-deps.Dockerfile'), 'utf8');
  const names = sorted(packages);
  const args = {
    BASE: base.name,
    FOREIGN: sorted(names.flatMap((name) => /:([a-z0-9-]+)/.exec(withoutVersion(name))?.[1] ?? []))
      .filter((arch) => arch !== 'native')
      .join(' '),
    PACKAGES: names.join(' '),
  };
  const key = createHash('sha256')
    .update(JSON.stringify([dockerfile, args]))
    .digest('hex');
  return { name: `kbuild-ts/${toolchain.name}-deps:${key.slice(0, 12)}`, key, dockerfile, args };
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** A version may hold a colon too: its epoch. */
const withoutVersion = (name: string): string => name.replace(/=.*/, '');
