import type { ReleaseProject } from '../release-project.js';
import type { Annotations } from './descriptor.js';

/** SPDX's name for the licence of BusyBox, which is in every image. */
const busyboxLicense = 'GPL-2.0-only';

/**
 * What an image says of itself, by the keys that the specification lays down (image-spec,
 * annotations.md), sorted.
 */
export function annotationsOf(
  { name, version, about }: ReleaseProject,
  release: string,
  created: string,
): Annotations {
  const [summary] = (about.description ?? '').split('\n');
  const said: Record<string, string | undefined> = {
    'org.opencontainers.image.authors': about.maintainer,
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.description': summary === '' ? undefined : summary,
    'org.opencontainers.image.licenses': about.license && licenses(about.license),
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.url': about.homepage,
    'org.opencontainers.image.vendor': about.maintainer && vendorOf(about.maintainer),
    'org.opencontainers.image.version': version,
    'io.kbuild-ts.kernel-release': release,
  };
  const set = Object.entries(said).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function licenses(own: string): string {
  if (own === busyboxLicense) return own;
  return `${own.includes(' ') ? `(${own})` : own} AND ${busyboxLicense}`;
}

/** The name of `Name <address>`. */
const vendorOf = (maintainer: string): string => maintainer.replace(/\s*<.*$/, '');
