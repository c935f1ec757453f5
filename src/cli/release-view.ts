import type { Manifest } from '../artifact/manifest-schema.js';
import type { ReleaseReport } from '../workflow/release.js';
import { displayPath } from './display-path.js';
import { formatResult } from './result-table.js';
import type { Style } from './style.js';
import { withoutControls } from './style.js';
import { formatTable, type Cell } from './table.js';
import { formatTestRun } from './test-view.js';
import { formatSize } from './units.js';

const header = ['file', 'size'];
/** More would not be read. */
const mostRows = 60;

/** A release for people: what was built, what was tried, the files, where they are. */
export function formatRelease({ manifest, release }: ReleaseReport, style: Style): string {
  const built = formatResult(manifest, style);
  const tests = manifest.tests === undefined ? [] : [formatTestRun(manifest, style, false)];
  if (release === undefined) return [built, ...tests, nothingReleased(manifest)].join('\n\n');
  const { path, files, projects } = release;
  const rows = files.map(({ path: file, bytes }): Cell[] => [
    { text: withoutControls(file) },
    { text: formatSize(bytes.length), align: 'right' },
  ]);
  const more = rows.length - mostRows;
  const modules = projects.flatMap(({ kernels }) => kernels.flatMap((kernel) => kernel.modules));
  return [
    built,
    ...tests,
    [
      formatTable(header, rows.slice(0, mostRows), style),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join('\n'),
    `${files.length} files in ${displayPath(path)}: ${modules.length} ${modules.length === 1 ? 'module' : 'modules'}, each read back out of its packages and verified`,
  ].join('\n\n');
}

const nothingReleased = ({ tests = [] }: Manifest): string =>
  tests.length === 0
    ? 'Nothing was released: a build has failed.'
    : 'Nothing was released: a module has failed its tests.';
