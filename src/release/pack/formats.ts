import type { PackageFormat } from './format.js';

/** Loads a format when it is asked for. */
type Load = () => Promise<PackageFormat>;

/** The kinds of packages that `--format` takes. */
export const formats = {
  android: async () => (await import('./android/android-format.js')).androidFormat,
  oci: async () => (await import('./oci/oci-format.js')).ociFormat,
  deb: async () => (await import('./deb/deb-format.js')).debFormat,
  rpm: async () => (await import('./rpm/rpm-format.js')).rpmFormat,
  tar: async () => (await import('./tar-format.js')).tarFormat,
  dkms: async () => (await import('./dkms-format.js')).dkmsFormat,
} as const satisfies Record<string, Load>;

export type FormatName = keyof typeof formats;
