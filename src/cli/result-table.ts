import { basename, join } from 'node:path';
import type { Artifact, JobRecord, Manifest, Verdict } from '../artifact/manifest-schema.js';
import { displayPath } from './display-path.js';
import { formatDiagnostic } from './reporters/plain.js';
import { withoutControls, type Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { formatDuration, formatSize } from './units.js';

const header = ['kernel', 'arch', 'toolchain', 'module', 'size', 'vermagic', 'signature', 'time'];

/** The result of a run for people: a row for each module, then what failed, then a summary. */
export function formatResult(manifest: Manifest, style: Style): string {
  const rows = manifest.jobs.flatMap((job) => jobRows(job));
  const failures = manifest.jobs.flatMap((job) => failureText(job, manifest, style));
  return [formatTable(header, rows, style), ...failures, summary(manifest, style)].join('\n\n');
}

function jobRows(job: JobRecord): Cell[][] {
  const label = [job.release, job.arch, job.toolchain].map((text) => ({ text }));
  const time: Cell =
    job.status === 'cached'
      ? { text: 'cached', format: 'dim', align: 'right' }
      : { text: formatDuration(job.milliseconds), align: 'right' };
  if (job.artifacts.length === 0) {
    const status: Cell = { text: job.status, format: job.status === 'failed' ? 'red' : 'yellow' };
    const none: Cell = { text: '-', format: 'dim' };
    return [[...label, { text: job.project }, none, status, none, time]];
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
    text: `${verdict}: ${withoutControls(artifact.signature.signer)}`,
    format: formats[status],
  };
}

const shownDiagnostics = 5;

function failureText(job: JobRecord, manifest: Manifest, style: Style): string[] {
  if (job.error === undefined) return [];
  const { paint } = style;
  const errors = job.diagnostics.filter(({ severity }) => severity === 'error');
  const title = `${paint('red', job.status)} ${job.id} ${paint('dim', `[${job.error.code}]`)}`;
  // Where compilers' own words are at hand, they say it better.
  const said =
    errors.length > 0
      ? errors.slice(0, shownDiagnostics).map((d) => formatDiagnostic(d, style))
      : job.error.message.split('\n').map(withoutControls);
  const more = errors.length - shownDiagnostics;
  return [
    [
      title,
      ...said,
      ...(more > 0 ? [`… and ${more} more errors`] : []),
      `${paint('cyan', 'hint')} ${job.error.hint}`,
      ...(job.log === undefined
        ? []
        : [`${paint('dim', 'log ')} ${displayPath(join(manifest.output, job.log))}`]),
    ].join('\n  '),
  ];
}

function summary(manifest: Manifest, { paint }: Style): string {
  const count = (status: JobRecord['status']) =>
    manifest.jobs.filter((job) => job.status === status).length;
  const parts = (['built', 'cached', 'skipped', 'failed'] as const)
    .map((status) => [count(status), status] as const)
    .filter(([n]) => n > 0)
    .map(([n, status]) => paint(status === 'failed' ? 'red' : 'bold', `${n} ${status}`));
  const where = displayPath(join(manifest.output, 'manifest.json'));
  return `${parts.join(', ')} in ${formatDuration(manifest.milliseconds)}; ${where}`;
}
