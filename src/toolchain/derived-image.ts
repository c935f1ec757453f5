import { createHash } from 'node:crypto';
import { proxyVariables } from '../data/proxy.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Image, ImageStore } from '../runtime/port.js';
import type { BaseImage } from './base-image.js';

/** An image with more in it than another: what a package manager needs. */
export interface DerivedImage {
  /** For people who look at the engine. */
  name: string;
  /** The image that it is made of, by the name that registries know; default: `base`. */
  image?: string;
  base?: BaseImage | undefined;
  /** Shell commands, run as root with a network. */
  setup?: string;
}

/**
 * The image that commands make of another: found by the hash of what it is made of, else built.
 * @throws KbuildError IMAGE_BASE_UNAVAILABLE, IMAGE_BUILD_FAILED
 */
export async function derivedImage(
  { name, image, base, setup }: DerivedImage,
  images: ImageStore,
  onLine: (line: string) => void,
): Promise<Image> {
  const from = image === undefined ? base : await named(image, images, onLine);
  if (from === undefined) {
    throw new KbuildError(
      'IMAGE_BASE_UNAVAILABLE',
      `the description of ${name} names neither an image nor a suite`,
      "Add 'image:' with an image that has its package manager, or 'suite:'.",
    );
  }
  if (setup === undefined) return from;
  // As JSON it is one line, whatever the commands are made of.
  const run = JSON.stringify(['sh', '-ec', setup]);
  const dockerfile = `ARG BASE\nFROM \${BASE}\nRUN ${run}\n`;
  const key = createHash('sha256')
    .update(JSON.stringify([dockerfile, from.name]))
    .digest('hex');
  const tag = `kbuild-ts/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}:${key.slice(0, 12)}`;
  const existing = await images.find(tag);
  if (existing !== undefined) return existing;
  const args = { BASE: from.name, ...proxyVariables() };
  return images.build({ name: tag, key, dockerfile, args }, onLine);
}

async function named(
  name: string,
  images: ImageStore,
  onLine: (line: string) => void,
): Promise<BaseImage> {
  let last = '';
  const image =
    (await images.find(name)) ??
    (await images.pull(name, (line) => {
      last = line;
      onLine(line);
    }));
  if (image !== undefined) return { ...image, name };
  throw new KbuildError(
    'IMAGE_BASE_UNAVAILABLE',
    `the image ${name} is not there, and no registry gives it: ${last}`,
    'Give the engine a registry that has it, or import it under this name.',
  );
}
