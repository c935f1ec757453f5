import type { Config } from './config-schema.js';

/** Gives a `kbuild.config.ts` or `.mjs` its types; returns what it is given. */
export function defineConfig<const C extends Config>(config: C): C {
  return config;
}
