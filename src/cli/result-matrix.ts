import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { shortReason } from './result-reason.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';

/** Width of a terminal that the matrix is to fit into. Columns. */
const terminal = 100;

/** Of more rows than this, those where all is well are told of together. */
const mostRows = 60;

/** The jobs of one kernel with one toolchain. */
interface Line {
  labels: Cell[];
  jobs: JobRecord[];
}

/**
 * The result of many jobs: a row for each kernel and toolchain, a column for each project, in it
 * why it failed. Where the projects are too many for that, how many are well stands in their place;
 * where the kernels are too many, those that are all well have one row together.
 * Undefined where all is for one kernel: that would be one row.
 */
export function formatMatrix(manifest: Manifest, style: Style): string | undefined {
  const all = linesOf(manifest.jobs);
  const unusable = manifest.unusable ?? [];
  if (all.length + unusable.length < 2) return undefined;
  const { lines, rest } = all.length > mostRows ? notable(all) : { lines: all, rest: [] };
  const projects = [...new Set(manifest.jobs.map(({ project }) => project))].sort();
  const label = ['kernel', 'arch', 'toolchain'];
  const labelsOfUnusable = unusable.map(({ ref, release, arch = '-' }): Cell[] => [
    { text: release ?? ref, format: 'red' },
    { text: arch },
    dash,
  ]);
  const table = (header: string[], cells: (line: Line) => Cell[]) => {
    const rows = lines.map((line) => [...line.labels, ...cells(line)]);
    return [
      [...label, ...header],
      [...rows, ...labelsOfUnusable],
    ] as const;
  };
  const byProject = table(projects, ({ jobs }) =>
    projects.map((project) => jobCell(jobs.find((job) => job.project === project))),
  );
  const [header, rows] =
    widthOf(...byProject) <= terminal
      ? byProject
      : table(['projects', 'why'], ({ jobs }) => [countCell(jobs), why(jobs)]);
  const text = rows.length === 0 ? [] : formatTable(header, rows, style).split('\n');
  // A kernel that cannot be used has no jobs: its reason takes the place of all of their columns.
  const reasons = unusable.map(({ error }) => style.paint('red', shortReason(error)));
  return [
    ...text.slice(0, text.length - reasons.length),
    ...(rest.length === 0 ? [] : [restText(rest, rows.length, style)]),
    ...reasons.map((reason, i) => `${text.at(i - reasons.length) ?? ''}  ${reason}`),
  ].join('\n');
}

/** The rows of which there is something to tell, if these are not too many themselves, and the others. */
function notable(all: readonly Line[]): { lines: Line[]; rest: Line[] } {
  const wrong = all.filter(({ jobs }) => !jobs.every(isWell));
  const lines = wrong.slice(0, mostRows);
  const shown = new Set(lines);
  return { lines, rest: all.filter((line) => !shown.has(line)) };
}

const isWell = ({ status }: JobRecord): boolean => status === 'built' || status === 'cached';

/** `and 88 more targets: 8800 ok` */
function restText(rest: readonly Line[], others: number, style: Style): string {
  const { text, format } = countCell(rest.flatMap(({ jobs }) => jobs));
  const targets = others === 0 ? `${rest.length} targets` : `and ${rest.length} more targets`;
  return `${targets}: ${format === undefined ? text : style.paint(format, text)}`;
}

const dash: Cell = { text: '-', format: 'dim' };

function linesOf(jobs: readonly JobRecord[]): Line[] {
  const lines = new Map<string, Line>();
  for (const job of jobs) {
    const labels = [job.release, job.arch, job.toolchain];
    const key = [...labels, job.kdir.path, job.kdir.identity].join('\0');
    const line: Line = lines.get(key) ?? { labels: labels.map((text) => ({ text })), jobs: [] };
    line.jobs.push(job);
    lines.set(key, line);
  }
  return [...lines.values()];
}

function widthOf(header: readonly string[], rows: readonly Cell[][]): number {
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)),
  );
  return widths.reduce((sum, width) => sum + width + 2, -2);
}

/** What became of a project. A green word says that all of its modules were verified. */
function jobCell(job: JobRecord | undefined): Cell {
  if (job === undefined) return dash;
  const { status, error, artifacts } = job;
  if (status === 'failed') return { text: error ? shortReason(error) : status, format: 'red' };
  if (status === 'skipped') return { text: status, format: 'yellow' };
  const verdicts = artifacts.flatMap((artifact) => artifact.verdicts);
  const sure = verdicts.every((verdict) => verdict.status === 'ok');
  return { text: status === 'built' ? 'ok' : status, format: sure ? 'green' : 'yellow' };
}

/** `17 ok, 2 failed` */
function countCell(jobs: readonly JobRecord[]): Cell {
  const count = (...statuses: JobRecord['status'][]) =>
    jobs.filter(({ status }) => statuses.includes(status)).length;
  const [ok, skipped, failed] = [count('built', 'cached'), count('skipped'), count('failed')];
  const counts = { ok, skipped, failed };
  const text = Object.entries(counts).flatMap(([word, n]) => (n > 0 ? [`${n} ${word}`] : []));
  return { text: text.join(', '), format: failed > 0 ? 'red' : skipped > 0 ? 'yellow' : 'green' };
}

/** What the jobs of a row failed of, each reason once. */
function why(jobs: readonly JobRecord[]): Cell {
  const reasons = jobs.flatMap(({ status, error }) =>
    status === 'failed' && error !== undefined ? [shortReason(error)] : [],
  );
  return { text: [...new Set(reasons)].join(', '), format: 'red' };
}
