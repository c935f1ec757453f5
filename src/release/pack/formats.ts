import type { PackageFormat } from './format.js';

/** Loads a format when it is asked for. */
type Load = () => Promise<PackageFormat>;

/** The kinds of packages that `--format` takes. */
export const formats = {
  tar: async () => (await import('./tar-format.js')).tarFormat,
  dkms: async () => (await import('./dkms-format.js')).dkmsFormat,
} as const satisfies Record<string, Load>;

export type FormatName = keyof typeof formats;
