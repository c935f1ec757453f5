import { archByName } from '../arch/arch.js';
import { proxyVariables } from '../data/proxy.js';
import type { Emit } from '../events/event.js';
import { prepare } from '../events/prepare.js';
import { suiteByName, type Suite } from '../kernel/suite.js';
import type { Image, ImageRecipe, ImageStore } from '../runtime/port.js';
import { ensureBaseImage } from './base-image.js';
import { imageWith } from './build-deps-recipe.js';
import {
  expiredAptOptions,
  expiredIndex,
  expiredSince,
  type PackageOptions,
} from './expired-index.js';
import { toolchainImage } from './image-recipe.js';
import { RefusedPackages } from './refused-packages.js';
import type { Toolchain } from './toolchain.js';

export interface EnsureImageContext extends PackageOptions {
  images: ImageStore;
  /** The architecture that images are made for: this machine's. */
  buildArch: string;
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The image of a toolchain: found by the hash of what it is made of, else built.
 * @throws KbuildError IMAGE_*, ENGINE_*, FETCH_FAILED for an index that has expired
 */
export async function ensureToolchainImage(
  toolchain: Toolchain,
  context: EnsureImageContext,
): Promise<Image> {
  const { images, emit, scratch, signal } = context;
  const recipe = toolchainImage(toolchain, archByName(context.buildArch));
  const existing = await images.find(recipe.name);
  if (existing !== undefined) return existing;
  return prepare(emit, `image ${toolchain.name}`, async (onLine) => {
    const suite = suiteByName(toolchain.suite);
    const base = await ensureBaseImage(suite, images, scratch, onLine, signal, context);
    const args = { ...recipe.args, BASE: base.name };
    return buildWithApt({ ...recipe, args }, suite, context, onLine);
  });
}

/**
 * The image of a toolchain with more Debian packages in it: found by the hash of what it is made of,
 * else built.
 * @param base makes the toolchain's own image ready; called where this one must be built
 * @throws KbuildError BUILD_DEP_UNKNOWN, and what the toolchain's image throws
 */
export async function ensureImageWith(
  toolchain: Toolchain,
  packages: readonly string[],
  context: EnsureImageContext,
  base: () => Promise<Image>,
): Promise<Image> {
  const { images, emit } = context;
  const recipe = imageWith(toolchain, archByName(context.buildArch), packages);
  const existing = await images.find(recipe.name);
  if (existing !== undefined) return existing;
  await base();
  return prepare(emit, `image ${toolchain.name} + ${packages.join(', ')}`, async (onLine) => {
    const suite = suiteByName(toolchain.suite);
    const refused = new RefusedPackages();
    const listen = (line: string) => {
      refused.listen(line);
      onLine(line);
    };
    return buildWithApt(recipe, suite, context, listen).catch((error: unknown) => {
      throw refused.error(suite, toolchain, error) ?? error;
    });
  });
}

/** Builds an image of a Dockerfile that installs packages with apt. */
async function buildWithApt(
  recipe: ImageRecipe,
  suite: Suite,
  { images, allowExpired = false }: EnsureImageContext,
  onLine: (line: string) => void,
): Promise<Image> {
  let since: string | undefined;
  const listen = (line: string) => {
    since ??= expiredSince(line);
    onLine(line);
  };
  const args = {
    ...recipe.args,
    ...(allowExpired && { APT_OPTIONS: expiredAptOptions }),
    ...proxyVariables(), // Docker knows these: they leave no trace in the image
  };
  return images.build({ ...recipe, args }, listen).catch((error: unknown) => {
    throw since === undefined ? error : expiredIndex(suite, since, error);
  });
}
