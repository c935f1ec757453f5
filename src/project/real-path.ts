import { realpathSync } from 'node:fs';

/** A path with all links followed, or as it is where it leads nowhere. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
