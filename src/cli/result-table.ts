import { basename, join } from 'node:path';
import type { Artifact, JobRecord, Manifest, Verdict } from '../artifact/manifest-schema.js';
import { displayPath } from './display-path.js';
import { formatFailures } from './result-failures.js';
import { formatMatrix } from './result-matrix.js';
import { shortReason, type UnusableKernel } from './result-reason.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { formatDuration, formatSize } from './units.js';

const header = ['kernel', 'arch', 'toolchain', 'module', 'size', 'vermagic', 'signature', 'time'];

/** A terminal of usual height shows so many modules; of more, the matrix is seen at a glance. */
const mostRows = 24;

/**
 * The result of a run for people: a row for each module, or, of many, a row for each kernel with a
 * column for each project; then what failed and why, then a summary.
 */
export function formatResult(manifest: Manifest, style: Style): string {
  const rows = [
    ...manifest.jobs.flatMap(jobRows),
    ...(manifest.unusable ?? []).map((kernel) => unusableRow(kernel)),
  ];
  const table = rows.length > mostRows ? formatMatrix(manifest, style) : undefined;
  return [
    table ?? formatTable(header, rows, style),
    ...formatFailures(manifest, style),
    summary(manifest, style),
  ].join('\n\n');
}

const none: Cell = { text: '-', format: 'dim' };

function jobRows(job: JobRecord): Cell[][] {
  const label = [job.release, job.arch, job.toolchain].map((text) => ({ text }));
  const time: Cell =
    job.status === 'cached'
      ? { text: 'cached', format: 'dim', align: 'right' }
      : { text: formatDuration(job.milliseconds), align: 'right' };
  if (job.artifacts.length === 0) {
    const format = job.status === 'failed' ? 'red' : 'yellow';
    const reason = job.error === undefined ? none : { text: shortReason(job.error), format };
    return [[...label, { text: job.project }, none, { text: job.status, format }, reason, time]];
  }
  return job.artifacts.map((artifact, i) => [
    ...label,
    { text: basename(artifact.path) },
    { text: formatSize(artifact.size), align: 'right' },
    verdictCell(artifact, 'vermagic'),
    signatureCell(artifact),
    // Modules of one job come out together: its time stands once.
    i === 0 ? time : { text: '″', format: 'dim', align: 'right' },
  ]);
}

function unusableRow({ ref, release, arch, error }: UnusableKernel): Cell[] {
  const failed: Cell[] = ['failed', shortReason(error)].map((text) => ({ text, format: 'red' }));
  return [{ text: release ?? ref }, { text: arch ?? '-' }, none, none, none, ...failed, none];
}

const formats: Record<Verdict['status'], NonNullable<Cell['format']>> = {
  ok: 'green',
  failed: 'red',
  unknown: 'yellow',
};

function verdictCell({ verdicts }: Artifact, check: Verdict['check']): Cell {
  const status = verdicts.find((verdict) => verdict.check === check)?.status ?? 'unknown';
  return { text: status, format: formats[status] };
}

function signatureCell(artifact: Artifact): Cell {
  const status = artifact.verdicts.find(({ check }) => check === 'signature')?.status ?? 'unknown';
  if (artifact.signature === null) {
    return { text: 'unsigned', format: status === 'ok' ? 'dim' : formats[status] };
  }
  const verdict = status === 'ok' ? 'verified' : status;
  return {
    text: `${verdict}: ${artifact.signature.signer}`,
    format: formats[status],
  };
}

function summary(manifest: Manifest, { paint }: Style): string {
  const count = (status: JobRecord['status']) =>
    manifest.jobs.filter((job) => job.status === status).length;
  const shared = manifest.jobs.filter(({ cache }) => cache === 'shared').length;
  const parts = (['built', 'cached', 'skipped', 'failed'] as const)
    .map((status) => [count(status), status] as const)
    .filter(([n]) => n > 0)
    .map(([n, status]) => {
      const text = paint(status === 'failed' ? 'red' : 'bold', `${n} ${status}`);
      return status === 'cached' && shared > 0 ? `${text} (${shared} from the shared cache)` : text;
    });
  const unusable = manifest.unusable?.length ?? 0;
  if (unusable > 0) {
    parts.push(paint('red', `${unusable} kernel${unusable > 1 ? 's' : ''} not usable`));
  }
  const where = displayPath(join(manifest.output, 'manifest.json'));
  return `${parts.join(', ')} in ${formatDuration(manifest.milliseconds)}; ${where}`;
}
