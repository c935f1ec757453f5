import type { ReleaseFile } from '../pack/format.js';
import { sha256 } from './content-id.js';
import { sortedBy } from './sorted.js';

/** What `sha256sum` prints of files, sorted by their paths: `sha256sum -c` checks them. */
export const checksums = (files: readonly ReleaseFile[]): string =>
  sortedBy(files, ({ path }) => path)
    .map(({ path, bytes }) => line(sha256(bytes), path))
    .join('');

/** A name that would break the line is escaped, and a backslash before the line says so (coreutils). */
function line(digest: string, path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${digest}  ${escaped}\n`;
}
