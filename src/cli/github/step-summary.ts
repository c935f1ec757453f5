import type { JobRecord, Manifest } from '../../artifact/manifest-schema.js';
import { diagnosticText } from '../../report/diagnostic-text.js';
import { distinctDiagnostics } from '../../report/distinct-diagnostics.js';
import { displayPath } from '../display-path.js';
import { shortReason } from '../result-reason.js';
import { withoutControls } from '../style.js';
import { formatDuration } from '../units.js';
import { codeBlock, escapeMarkdown, markdownTable } from './markdown.js';

/** Of a table with more rows, what went well is counted. */
const mostRows = 200;

/** As many diagnostics are told. */
const mostDiagnostics = 50;

/**
 * The result of a run as Markdown: jobs and their verdicts, tests, and what compilers and checks said. Its
 * parts, the most telling first: where there is no room for all, the last are left out.
 */
export function stepSummary(command: string, manifest: Manifest): string[] {
  const { jobs, tests = [], unusable = [], milliseconds } = manifest;
  return [
    `### kbuild-ts ${command}: ${counts(manifest)} in ${formatDuration(milliseconds)}`,
    ...(jobs.length + unusable.length > 0 ? [jobTable(manifest)] : []),
    ...(tests.length > 0 ? [testTable(manifest)] : []),
    ...failures(manifest),
    ...diagnostics(manifest),
  ];
}

const signs = { built: '✅', cached: '✅', skipped: '➖', failed: '❌' } as const;

function counts({ jobs, tests = [], unusable = [] }: Manifest): string {
  const cases = tests.flatMap((test) => test.cases);
  const told: [number, string][] = [
    [jobs.filter(({ status }) => status === 'built' || status === 'cached').length, 'built'],
    [jobs.filter(({ status }) => status === 'failed').length, 'failed'],
    [jobs.filter(({ status }) => status === 'skipped').length, 'skipped'],
    [unusable.length, 'without a kernel'],
    [cases.filter(({ verdict }) => verdict === 'passed').length, 'cases passed'],
    [cases.filter(({ verdict }) => verdict === 'failed').length, 'cases failed'],
    [tests.filter(({ error }) => error !== undefined).length, 'not tried'],
  ];
  const parts = told.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return parts.length === 0 ? 'nothing done' : parts.join(', ');
}

function jobTable({ jobs, unusable = [] }: Manifest): string {
  const rows = jobs.map((job) => ({
    isGood: job.status === 'built' || job.status === 'cached',
    cells: [
      `${signs[job.status]} ${verdictOf(job)}`,
      ...[job.project, job.release, job.arch, job.toolchain].map(escapeMarkdown),
      escapeMarkdown(job.artifacts.map(({ path }) => path.replace(/^.*\//, '')).join(', ') || '–'),
      job.status === 'cached' ? 'cached' : formatDuration(job.milliseconds),
    ],
  }));
  const others = unusable.map(({ ref, release, arch, error }) => ({
    isGood: false,
    cells: [
      `❌ ${escapeMarkdown(shortReason(error))}`,
      ...['–', release ?? ref, arch ?? '–', '–', '–', '–'].map(escapeMarkdown),
    ],
  }));
  return table(
    ['result', 'project', 'kernel', 'arch', 'toolchain', 'modules', 'time'],
    [...rows, ...others],
  );
}

/** What became of a job, in words; of one that was built, what was verified. */
function verdictOf({ status, error, artifacts }: JobRecord): string {
  if (error !== undefined) return escapeMarkdown(shortReason(error));
  const verdicts = artifacts.flatMap((artifact) => artifact.verdicts);
  const unknown = verdicts.filter((verdict) => verdict.status === 'unknown');
  if (verdicts.length === 0) return status;
  if (unknown.length === 0) return 'verified';
  return `verified, but for ${[...new Set(unknown.map(({ check }) => check))].join(', ')}`;
}

function testTable({ tests = [] }: Manifest): string {
  const rows = tests.flatMap(({ project, release, arch, cases, error }) => {
    const label = [project, release, arch].map(escapeMarkdown);
    return [
      ...cases.map(({ name, verdict, reasons, milliseconds }) => ({
        isGood: verdict === 'passed',
        cells: [
          verdict === 'passed'
            ? '✅ passed'
            : `❌ ${escapeMarkdown(reasons[0]?.code.toLowerCase().replaceAll('_', ' ') ?? 'failed')}`,
          ...label,
          escapeMarkdown(name),
          formatDuration(milliseconds),
        ],
      })),
      ...(error === undefined
        ? []
        : [{ isGood: false, cells: ['❌ not tried', ...label, '–', '–'] }]),
    ];
  });
  return table(['result', 'project', 'kernel', 'arch', 'case', 'time'], rows);
}

function table(header: string[], rows: { isGood: boolean; cells: string[] }[]): string {
  const shown = rows.length > mostRows ? rows.filter(({ isGood }) => !isGood) : rows;
  const cut = shown.slice(0, mostRows);
  const left = rows.length - cut.length;
  const cells = cut.map((row) => row.cells);
  return [
    ...(cut.length > 0 ? [markdownTable(header, cells)] : []),
    ...(left > 0
      ? [`… and ${left} more, ${cut.length < shown.length ? 'some' : 'none'} of which failed`]
      : []),
  ].join('\n\n');
}

/** What failed otherwise than in a compiler, in its own words. */
function failures({ jobs, tests = [], unusable = [] }: Manifest): string[] {
  const told = [
    ...jobs.flatMap(({ id, status, error, diagnostics: said }) =>
      status === 'failed' &&
      error !== undefined &&
      !said.some(({ severity }) => severity === 'error')
        ? [`${id} [${error.code}]\n${error.message}\nhint: ${error.hint}`]
        : [],
    ),
    ...tests.flatMap(({ job, cases }) =>
      cases.flatMap(({ name, reasons }) =>
        reasons.length === 0
          ? []
          : [`${job}, ${name}\n${reasons.map(({ code, text }) => `${code}: ${text}`).join('\n')}`],
      ),
    ),
    ...tests.flatMap(({ job, error }) =>
      error === undefined ? [] : [`${job} [${error.code}]\n${error.message}\nhint: ${error.hint}`],
    ),
    ...unusable.map(
      ({ ref, error }) => `kernel ${ref} [${error.code}]\n${error.message}\nhint: ${error.hint}`,
    ),
  ];
  return details('What failed', told);
}

function diagnostics(manifest: Manifest): string[] {
  return details(
    'What compilers said',
    distinctDiagnostics(manifest).map((one) => {
      const of = `${one.kernels.length} kernel${one.kernels.length === 1 ? '' : 's'}`;
      return `${diagnosticText(one, displayPath)} (${of})`;
    }),
  );
}

function details(title: string, told: readonly string[]): string[] {
  if (told.length === 0) return [];
  const more = told.length - mostDiagnostics;
  const lines = [...told.slice(0, mostDiagnostics), ...(more > 0 ? [`… and ${more} more`] : [])];
  const block = codeBlock(withoutControls(lines.join('\n')));
  return [`<details><summary>${title}</summary>\n\n${block}\n\n</details>`];
}
