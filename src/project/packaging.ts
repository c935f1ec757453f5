import type { ProjectConfig } from './config-schema.js';

/** What packages of a project's modules are made with: the configuration, with its defaults. Serialisable. */
export interface Packaging {
  /** What names of packages begin with. */
  name?: string;
  /** `Name <address>`. */
  maintainer?: string;
  /** Its first line is the summary. */
  description?: string;
  homepage?: string;
  /** SPDX expression. */
  license?: string;
  /** Where modules go, relative to /lib/modules/<release>. */
  directory: string;
  strip: boolean;
  compress: 'auto' | 'none' | 'gzip' | 'xz' | 'zstd';
  /** Names of modules. */
  autoload: string[];
  /** Parameters by module. */
  options: Record<string, string>;
  blacklist: string[];
  softdep: Record<string, { pre: string[]; post: string[] }>;
  initramfs: boolean;
}

/** What counts where a project says nothing. */
export const defaultPackaging = (): Packaging => ({
  directory: 'updates',
  strip: true,
  compress: 'auto',
  autoload: [],
  options: {},
  blacklist: [],
  softdep: {},
  initramfs: false,
});

/** What a configuration says of packages; undefined if it says nothing. */
export function packagingOf({ package: own, dkms }: ProjectConfig): Packaging | undefined {
  if (own === undefined && dkms?.package === undefined) return undefined;
  const { softdep = {}, ...said } = own ?? {};
  const { maintainer, description, homepage } = dkms?.package ?? {};
  return withoutUndefined({
    ...defaultPackaging(),
    ...withoutUndefined({ maintainer, description, homepage }),
    ...said,
    softdep: Object.fromEntries(
      Object.entries(softdep).map(([module, { pre = [], post = [] }]) => [module, { pre, post }]),
    ),
  }) as Packaging;
}

const withoutUndefined = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
