import { archByName } from '../arch/arch.js';
import { proxyVariables } from '../data/proxy.js';
import type { Emit } from '../events/event.js';
import { prepare } from '../events/prepare.js';
import { suiteByName } from '../kernel/suite.js';
import type { Image, ImageStore } from '../runtime/port.js';
import { ensureBaseImage } from './base-image.js';
import { toolchainImage } from './image-recipe.js';
import type { Toolchain } from './toolchain.js';

export interface EnsureImageContext {
  images: ImageStore;
  /** The architecture that images are made for: this machine's. */
  buildArch: string;
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * The image of a toolchain: found by the hash of what it is made of, else built.
 * @throws KbuildError IMAGE_*, ENGINE_*
 */
export async function ensureToolchainImage(
  toolchain: Toolchain,
  context: EnsureImageContext,
): Promise<Image> {
  const { images, emit } = context;
  const recipe = toolchainImage(toolchain, archByName(context.buildArch));
  const existing = await images.find(recipe.name);
  if (existing !== undefined) return existing;
  return prepare(emit, `image ${toolchain.name}`, async (onLine) => {
    const suite = suiteByName(toolchain.suite);
    const base = await ensureBaseImage(suite, images, context.scratch, onLine, context.signal);
    // Docker knows the proxy variables: they leave no trace in the image.
    const args = { ...recipe.args, BASE: base.name, ...proxyVariables() };
    return images.build({ ...recipe, args }, onLine);
  });
}
