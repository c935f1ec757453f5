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
  return [
    formatTable(header, rows, style),
    ...failureTexts(manifest, style),
    summary(manifest, style),
  ].join('\n\n');
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
    { text: withoutControls(basename(artifact.path)) },
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

/** What failed, each once: what befell several jobs in the same way is told with all their names. */
function failureTexts(manifest: Manifest, style: Style): string[] {
  const groups = new Map<string, { jobs: JobRecord[]; text: string }>();
  for (const job of manifest.jobs) {
    if (job.error === undefined) continue;
    const { code, hint } = job.error;
    const text = [...explanation(job, style), `${style.paint('cyan', 'hint')} ${hint}`].join(
      '\n  ',
    );
    const key = `${code}\0${text.replaceAll(job.id, '')}`;
    const group = groups.get(key) ?? { jobs: [], text };
    group.jobs.push(job);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ jobs, text }) => {
    const titles = jobs.map(({ id, status }) => `${style.paint('red', status)} ${id}`).join('\n');
    const code = style.paint('dim', `[${jobs[0]?.error?.code ?? ''}]`);
    const logs = jobs.flatMap(({ log }) =>
      log === undefined
        ? []
        : [`\n  ${style.paint('dim', 'log ')} ${displayPath(join(manifest.output, log))}`],
    );
    return `${titles} ${code}\n  ${text}${logs.join('')}`;
  });
}

/** The compiler's own words where there are any: they say it better. */
function explanation({ diagnostics, error }: JobRecord, style: Style): string[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const compile = error?.code === 'BUILD_COMPILE_ERROR' || error?.code === 'BUILD_UNDEFINED_SYMBOL';
  if (!compile) return (error?.message ?? '').split('\n').map(withoutControls);
  const more = errors.length - shownDiagnostics;
  return [
    ...errors.slice(0, shownDiagnostics).map((diagnostic) => formatDiagnostic(diagnostic, style)),
    ...(more > 0 ? [`… and ${more} more`] : []),
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
