import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';

type Diagnostic = JobRecord['diagnostics'][number];

/** A kernel that a diagnostic was told for. */
export interface DiagnosedKernel {
  release: string;
  arch: string;
  toolchain: string;
}

/** What compilers said, once, however many kernels it was said for. */
export interface DistinctDiagnostic extends Diagnostic {
  severity: 'error' | 'warning';
  /** Each once, in the order of the jobs. */
  kernels: DiagnosedKernel[];
  projects: string[];
  /** What was said of it in addition, where it was told first. */
  notes: Diagnostic[];
}

/** Of a diagnostic that a header causes everywhere, as many notes are kept. */
const mostNotes = 20;

/**
 * The errors and warnings of all jobs, each once: errors first, else in the order of the jobs. A note
 * belongs to what it follows; one that follows nothing is left out.
 */
export function distinctDiagnostics({ jobs }: Pick<Manifest, 'jobs'>): DistinctDiagnostic[] {
  const known = new Map<string, DistinctDiagnostic>();
  for (const job of jobs) {
    let last: DistinctDiagnostic | undefined;
    let isFirst = false;
    for (const diagnostic of job.diagnostics) {
      const { severity, file, line, column, message, flag } = diagnostic;
      if (severity === 'note') {
        if (isFirst && last !== undefined && last.notes.length < mostNotes) {
          last.notes.push(diagnostic);
        }
        continue;
      }
      const key = JSON.stringify([severity, file, line, column, message, flag]);
      const found = known.get(key);
      isFirst = found === undefined;
      last = found ?? { ...diagnostic, severity, kernels: [], projects: [], notes: [] };
      if (isFirst) known.set(key, last);
      addJob(last, job);
    }
  }
  const all = [...known.values()];
  const of = (wanted: Diagnostic['severity']) => all.filter(({ severity }) => severity === wanted);
  return [...of('error'), ...of('warning')];
}

function addJob(diagnostic: DistinctDiagnostic, job: JobRecord): void {
  const { release, arch, toolchain, project } = job;
  const isKnown = diagnostic.kernels.some(
    (one) => one.release === release && one.arch === arch && one.toolchain === toolchain,
  );
  if (!isKnown) diagnostic.kernels.push({ release, arch, toolchain });
  if (!diagnostic.projects.includes(project)) diagnostic.projects.push(project);
}
