import type { Manifest } from '../../artifact/manifest-schema.js';
import { diagnosticText } from '../../report/diagnostic-text.js';
import { distinctDiagnostics, type DistinctDiagnostic } from '../../report/distinct-diagnostics.js';
import { sourcePlaceIn, type SourcePlace } from '../../report/source-place.js';

/** What GitHub shows beside a line of a file, or above a run. */
export interface Annotation {
  level: 'error' | 'warning';
  /** Relative to the workspace. */
  file?: string;
  line?: number;
  column?: number;
  title: string;
  message: string;
}

/** So many of each kind GitHub shows of a step. */
export const mostAnnotations = 10;

/**
 * What is worth an annotation of a run: what compilers said, each once however many kernels it is of;
 * jobs that failed in another way; cases that failed in a booted kernel; kernels that cannot be used.
 * Of more than GitHub shows, the last says how many are left out.
 * @param workspace the directory that the runner checked out; absolute
 */
export function annotationsOf(manifest: Manifest, workspace: string): Annotation[] {
  const placeOf = sourcePlaceIn(workspace);
  const all = [
    ...distinctDiagnostics(manifest).map((one) => ofDiagnostic(one, placeOf)),
    ...ofJobs(manifest),
    ...ofTests(manifest),
    ...(manifest.unusable ?? []).map(({ ref, error }) => failure(`kernel ${ref}`, error)),
  ];
  return [...bounded(all, 'error'), ...bounded(all, 'warning')];
}

function bounded(all: readonly Annotation[], level: Annotation['level']): Annotation[] {
  const own = all.filter((annotation) => annotation.level === level);
  if (own.length <= mostAnnotations) return own;
  const shown = own.slice(0, mostAnnotations - 1);
  const message = `${own.length - shown.length} more are in the summary and in the log`;
  return [...shown, { level, title: `More ${level}s`, message }];
}

function ofDiagnostic(
  diagnostic: DistinctDiagnostic,
  placeOf: (file: string) => SourcePlace,
): Annotation {
  const { severity, file, line, column, message, flag, kernels, projects } = diagnostic;
  const place = file === undefined ? undefined : placeOf(file);
  const names = kernels.map(({ release, arch }) => `${release} (${arch})`);
  const more = names.length - 3;
  const where = [...names.slice(0, 3), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  // A file that is not checked out cannot be shown: its name goes into the text.
  const isShown = place?.kind === 'source';
  const said = isShown
    ? `${message}${flag === undefined ? '' : ` [${flag}]`}`
    : diagnosticText(diagnostic);
  return {
    level: severity,
    ...(isShown && {
      file: place.path,
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
    }),
    title: `${projects.join(', ')}: ${flag ?? `compiler ${severity}`}`,
    message: `${said}\nfor ${where}`,
  };
}

/** Compilers said it themselves where they failed. */
function ofJobs({ jobs }: Manifest): Annotation[] {
  return jobs.flatMap(({ id, status, error, diagnostics }) => {
    const isTold =
      (error?.code === 'BUILD_COMPILE_ERROR' || error?.code === 'BUILD_UNDEFINED_SYMBOL') &&
      diagnostics.some(({ severity }) => severity === 'error');
    return status !== 'failed' || error === undefined || isTold ? [] : [failure(id, error)];
  });
}

function ofTests({ tests = [] }: Manifest): Annotation[] {
  return tests.flatMap(({ job, cases, error }) => [
    ...cases
      .filter(({ verdict }) => verdict === 'failed')
      .map(({ name, reasons }): Annotation => ({
        level: 'error',
        title: `${job}: ${name} failed`,
        message: reasons.map(({ code, text }) => `${code}: ${text}`).join('\n'),
      })),
    ...(error === undefined ? [] : [failure(job, error)]),
  ]);
}

const failure = (
  what: string,
  { code, message, hint }: { code: string; message: string; hint: string },
): Annotation => ({ level: 'error', title: `${what}: ${code}`, message: `${message}\n${hint}` });
