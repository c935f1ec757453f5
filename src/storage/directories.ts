import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * Where kbuild-ts keeps what it can make again: `$KBUILD_TS_CACHE_DIR`, else
 * `$XDG_CACHE_HOME/kbuild-ts`, else `~/.cache/kbuild-ts` (XDG Base Directory Specification).
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.KBUILD_TS_CACHE_DIR) return resolve(environment.KBUILD_TS_CACHE_DIR);
  const { XDG_CACHE_HOME: xdg = '' } = environment;
  const base = isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  return join(base, 'kbuild-ts');
}
