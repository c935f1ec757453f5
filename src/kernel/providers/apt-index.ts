/** A version of a binary package, as a stanza of an apt repository's index describes it. */
export interface AptPackage {
  name: string;
  version: string;
  /** Debian's name of the architecture, or `all`. */
  architecture: string;
  depends: string[];
  sha256: string;
}

/** The packages of an index that `apt-cache show` printed; versions of one package newest first. */
export function parseAptIndex(text: string): AptPackage[] {
  return text.split(/\n{2,}/).flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
    const name = field('Package');
    const version = field('Version');
    if (name === undefined || version === undefined) return [];
    const depends = (field('Depends') ?? '').split(/,\s*/).filter(Boolean);
    const architecture = field('Architecture') ?? '';
    return [{ name, version, architecture, depends, sha256: field('SHA256') ?? '' }];
  });
}

/** A release of the kernel and the packages that make its KDIR, the headers themselves first. */
export interface HeadersSet {
  release: string;
  packages: AptPackage[];
}

const headersName = /^linux-headers-(\d.*)$/;

/** The kernel releases that an index has headers for, for one architecture; in index order. */
export function headersReleases(index: readonly AptPackage[], debianArch: string): string[] {
  const releases = index.flatMap(({ name, architecture, depends }) => {
    const release = headersName.exec(name)?.[1];
    // Meta packages of a series (linux-headers-6.1-arm64) are called like a kernel.
    const whole = depends.some((text) => dependencyName(text).startsWith('linux-kbuild-'));
    return release !== undefined && whole && architecture === debianArch ? [release] : [];
  });
  return [...new Set(releases)].filter((release) => !/-common(-rt)?$/.test(release));
}

/**
 * The releases that the versions of a flavour's meta package (`linux-headers-arm64`) have
 * followed, newest first.
 */
export function latestReleases(
  index: readonly AptPackage[],
  flavour: string,
  debianArch: string,
): string[] {
  return index
    .filter((p) => p.name === `linux-headers-${flavour}` && p.architecture === debianArch)
    .flatMap((p) => p.depends.flatMap((text) => headersName.exec(dependencyName(text))?.[1] ?? []));
}

const dependencyName = (text: string): string => text.split(/[\s(|:]/, 1)[0] ?? '';

/**
 * The sets of packages that make a release's KDIR, the best first: linux-headers-<release> with
 * what it needs of linux-headers-…-common and linux-kbuild-…, whose host tools must be the build
 * machine's. An older linux-kbuild serves where the newest cannot be had.
 */
export function headersSets(
  index: readonly AptPackage[],
  release: string,
  debianArch: string,
  buildDebianArch: string,
): HeadersSet[] {
  const headers = index.filter(
    (p) => p.name === `linux-headers-${release}` && p.architecture === debianArch,
  );
  return headers.flatMap((main) => {
    const needed = main.depends
      .map(dependencyName)
      .filter((name) => /^linux-(headers-.*-common|kbuild-)/.test(name));
    const choices = needed.map((name) =>
      index.filter(
        (p) => p.name === name && (p.architecture === 'all' || p.architecture === buildDebianArch),
      ),
    );
    if (choices.length === 0 || choices.some((versions) => versions.length === 0)) return [];
    // Of each package the version that fits the headers' own, else the newest.
    const same = choices.map(
      (versions) => versions.find((p) => p.version === main.version) ?? versions[0],
    );
    const newest = choices.map((versions) => versions[0]);
    const sets = same.every((p, i) => p === newest[i]) ? [same] : [same, newest];
    return sets.map((set) => ({
      release,
      packages: [main, ...set.filter((p) => p !== undefined)],
    }));
  });
}
