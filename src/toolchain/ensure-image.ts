import { archByName } from '../arch/arch.js';
import { proxyVariables } from '../data/proxy.js';
import type { Emit } from '../events/event.js';
import { prepare } from '../events/prepare.js';
import { suiteByName } from '../kernel/suite.js';
import type { Image, ImageStore } from '../runtime/port.js';
import { ensureBaseImage } from './base-image.js';
import {
  expiredAptOptions,
  expiredIndex,
  expiredSince,
  type PackageOptions,
} from './expired-index.js';
import { toolchainImage } from './image-recipe.js';
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
  const { images, emit } = context;
  const recipe = toolchainImage(toolchain, archByName(context.buildArch));
  const existing = await images.find(recipe.name);
  if (existing !== undefined) return existing;
  return prepare(emit, `image ${toolchain.name}`, async (onLine) => {
    const suite = suiteByName(toolchain.suite);
    const { scratch, signal } = context;
    const base = await ensureBaseImage(suite, images, scratch, onLine, signal, context);
    let since: string | undefined;
    const listen = (line: string) => {
      since ??= expiredSince(line);
      onLine(line);
    };
    const args = {
      ...recipe.args,
      BASE: base.name,
      ...(context.allowExpired === true && { APT_OPTIONS: expiredAptOptions }),
      ...proxyVariables(), // Docker knows these: they leave no trace in the image
    };
    return images.build({ ...recipe, args }, listen).catch((error: unknown) => {
      throw since === undefined ? error : expiredIndex(suite, since, error);
    });
  });
}
