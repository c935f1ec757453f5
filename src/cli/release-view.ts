import type { Manifest } from '../artifact/manifest-schema.js';
import type { Release, ReleaseReport } from '../workflow/release.js';
import { displayPath } from './display-path.js';
import { formatResult } from './result-table.js';
import type { Style } from './style.js';
import { withoutControls } from './style.js';
import { formatTable, type Cell } from './table.js';
import { formatTestRun } from './test-view.js';
import { formatDuration, formatSize } from './units.js';

const header = ['file', 'files', 'size'];
/** More would not be read. */
const mostRows = 60;

/** A release for people: what was built, what was tried, the files, where they are. */
export function formatRelease(report: ReleaseReport, style: Style): string {
  const { manifest, release } = report;
  const built = formatResult(report.built, style);
  const tests = manifest.tests === undefined ? [] : [formatTestRun(testedOf(report), style, false)];
  if (release === undefined) return [built, ...tests, nothingReleased(manifest)].join('\n\n');
  const { path, files, projects, pushed } = release;
  const rows = grouped(files).map(({ name, count, size }): Cell[] => [
    { text: withoutControls(name) },
    { text: name.endsWith('/') ? `${count}` : '', align: 'right' },
    { text: formatSize(size), align: 'right' },
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
    ...(pushed.length > 0
      ? [pushed.map(({ reference, digest }) => `pushed ${reference} (${digest})`).join('\n')]
      : []),
    `${files.length} files in ${displayPath(path)}: ${modules.length} ${modules.length === 1 ? 'module' : 'modules'}, each read back out of its packages and verified; ${formatDuration(report.milliseconds)} in all`,
  ].join('\n\n');
}

/** Trees of many files that are of use only together: an OCI layout, a repository, a partition. */
const tree = /^((oci|android)\/[^/]+|apt|yum)\//;

interface FileGroup {
  name: string;
  count: number;
  size: number;
}

/** Files by themselves, and trees as one, in their order. */
function grouped(files: Release['files']): FileGroup[] {
  const groups = new Map<string, FileGroup>();
  for (const { path, bytes } of files) {
    const name = tree.exec(path)?.[0] ?? path;
    const { count, size } = groups.get(name) ?? { count: 0, size: 0 };
    groups.set(name, { name, count: count + 1, size: size + bytes.length });
  }
  return [...groups.values()];
}

/** What the tests alone took. */
const testedOf = ({ built, manifest }: ReleaseReport): Manifest => ({
  ...manifest,
  milliseconds: manifest.milliseconds - built.milliseconds,
});

const nothingReleased = ({ tests = [] }: Manifest): string =>
  tests.length === 0
    ? 'Nothing was released: a build has failed.'
    : 'Nothing was released: a module has failed its tests.';
