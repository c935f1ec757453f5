import { readFileSync } from 'node:fs';

/**
 * The release of a KDIR, as its vermagic is made of: include/generated/utsrelease.h holds one line,
 * `#define UTS_RELEASE "6.1.0-56-arm64"`. (Debian's include/config/kernel.release says something else.)
 * @param find where a file of the KDIR lies on this machine
 */
export function releaseOf(find: (name: string) => string | undefined): string | undefined {
  const path = find('include/generated/utsrelease.h');
  if (path === undefined) return undefined;
  // It becomes part of paths.
  return /UTS_RELEASE "([A-Za-z0-9][^"/\p{C}]*)"/u.exec(readFileSync(path, 'utf8'))?.[1];
}

/** The version of a kernel: of its release, else of the first lines of its .config. */
export function kernelVersion(
  release: string | undefined,
  config: string,
): readonly [number, number] | undefined {
  const [, major, minor] =
    /^(\d+)\.(\d+)/.exec(release ?? '') ??
    /^# Linux\/\S+ (\d+)\.(\d+)\S* Kernel Configuration/m.exec(config.slice(0, 500)) ??
    [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
