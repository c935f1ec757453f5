import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest } from '../artifact/manifest-schema.js';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import { writeFileAtomic } from '../storage/atomic.js';

/** What of a build is written for other programs to read. Absolute paths. */
export interface ReportFiles {
  /** JUnit XML. */
  junit?: string;
  /** SARIF 2.1.0 of the compilers' diagnostics. */
  sarif?: string;
}

/**
 * Finds out that a report cannot be written before anything is built.
 * @throws KbuildError STORAGE_FAILED
 */
export function checkReports({ junit, sarif }: ReportFiles): void {
  for (const path of [junit, sarif]) if (path !== undefined) checkOutput(dirname(path));
}

/** @throws KbuildError STORAGE_FAILED */
export async function writeReports(files: ReportFiles, manifest: Manifest): Promise<void> {
  if (files.junit !== undefined) {
    const { buildJunitXml } = await import('../report/build-junit.js');
    await write(files.junit, buildJunitXml(manifest, sourceRoot()));
  }
  if (files.sarif !== undefined) {
    const { sarifText } = await import('../report/sarif.js');
    await write(files.sarif, sarifText(manifest, sourceRoot()));
  }
}

/**
 * The directory that the paths of reports are relative to: what a CI system has checked out, else the
 * repository that the working directory lies in, else that.
 */
export function sourceRoot(environment = process.env, from = process.cwd()): string {
  const { GITHUB_WORKSPACE: github, CI_PROJECT_DIR: gitlab } = environment;
  return github || gitlab || repositoryRoot(from) || from;
}

/** The nearest directory above that is a git repository's working tree. */
export function repositoryRoot(from: string): string | undefined {
  if (existsSync(join(from, '.git'))) return from;
  const parent = dirname(from);
  return parent === from ? undefined : repositoryRoot(parent);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw outputFailed(path, error);
  }
}
