import type { Manifest } from '../../artifact/manifest-schema.js';
import type { ErrorReport } from '../../errors/kbuild-error.js';
import { annotates, sendCommand } from './output.js';

/** Tells GitHub what came of a run: annotations, and a part of the step's summary. */
export async function tellGithub(command: string, manifest: Manifest): Promise<void> {
  if (!annotates()) return;
  const [{ annotationsOf }, { stepSummary }, { appendSummary }] = await Promise.all([
    import('./annotations.js'),
    import('./step-summary.js'),
    import('./append-summary.js'),
  ]);
  const { GITHUB_WORKSPACE: workspace, GITHUB_STEP_SUMMARY: summary } = process.env;
  for (const annotation of annotationsOf(manifest, workspace || process.cwd())) {
    const { level, file, line, column, title, message } = annotation;
    sendCommand(level, { file, line, col: column, title }, message);
  }
  if (!summary) return;
  try {
    appendSummary(summary, stepSummary(command, manifest));
  } catch (error) {
    // It is there for people to read: the run counts all the same.
    sendCommand('warning', { title: 'kbuild-ts' }, `no summary: ${(error as Error).message}`);
  }
}

/** Tells GitHub of an error that ended the command. */
export function tellGithubOfError({ code, message, hint }: ErrorReport): void {
  if (annotates()) sendCommand('error', { title: `kbuild-ts: ${code}` }, `${message}\n${hint}`);
}
