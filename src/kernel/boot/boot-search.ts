import type { BootFiles } from '../boot-files.js';

/** What one place that kernels come from has of a KDIR's kernel, or where it was looked for in vain. */
export type BootSearch = { files: BootFiles } | { looked: string[] };
