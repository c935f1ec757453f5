import { KbuildError } from '../../../errors/kbuild-error.js';

/**
 * A project's name as the last part of an image's: lower-case letters and digits, with single
 * separators between them (distribution-spec, "Pulling manifests").
 * @throws KbuildError PACKAGE_NAME
 */
export function imageName(name: string): string {
  const legal = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, (separators) =>
      /^(?:\.|_|__|-+)$/.test(separators) ? separators : '-',
    )
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  if (legal !== '') return legal;
  throw new KbuildError(
    'PACKAGE_NAME',
    `no image can be called after ${name}`,
    "Give the project another name with 'package.name' in its configuration.",
  );
}

/** The most that a tag may have (distribution-spec). */
const longestTag = 128;

/**
 * A kernel release as a tag: what the Kernel Module Management operator puts in place of
 * `${KERNEL_FULL_VERSION}` on a node that runs it. It leaves a `+` at the end out.
 * @throws KbuildError PACKAGE_NAME
 */
export function releaseTag(release: string): string {
  return tag(release.replace(/\+$/, ''));
}

/**
 * The same for one version of the modules: `1.2.0-6.1.0-56-amd64`.
 * @throws KbuildError PACKAGE_NAME
 */
export function versionTag(version: string, release: string): string {
  return tag(`${version}-${release.replace(/\+$/, '')}`);
}

function tag(text: string): string {
  const legal = text.replaceAll(/[^\w.-]/g, '_');
  if (legal.length <= longestTag && /^\w/.test(legal)) return legal;
  throw new KbuildError(
    'PACKAGE_NAME',
    `no image can have the tag ${legal}`,
    `A tag begins with a letter or a digit and has at most ${longestTag} characters: shorten the version.`,
  );
}
