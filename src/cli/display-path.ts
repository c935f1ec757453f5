import { relative } from 'node:path';

/** A path as the user would type it: relative to the working directory where that is shorter. */
export function displayPath(path: string, from = process.cwd()): string {
  if (!path.startsWith('/')) return path;
  const short = relative(from, path) || '.';
  return short.length < path.length ? short : path;
}
