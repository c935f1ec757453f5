import { dirname } from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Manifest } from '../artifact/manifest-schema.js';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import type { TestRecord } from '../artifact/test-record-schema.js';
import type { ErrorCode, ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { junitXml } from '../report/test-junit.js';
import type { BuildRequest } from './build.js';
import { runTests } from './run-tests.js';
import type { Session } from './session.js';

/** What to build, and how to try it in a booted kernel. What is absent is as the configuration says. */
export interface TestRequest extends BuildRequest {
  /** Modules that are tried as they are, with nothing built; then `directories` is empty. Absolute. */
  files: string[];
  /** The image to boot, in place of the one that belongs to the kernel. Absolute. */
  kernelImage?: string;
  /** Globs of the names of cases; empty: all. */
  cases: string[];
  /** Each case gets a virtual machine of its own. */
  isolated: boolean;
  machine: {
    memoryBytes?: number;
    cpus?: number;
    /** How long a step of a case may take. */
    timeoutMs?: number;
    /** Parameters for the kernel, after those of the configuration. */
    commandLine: string[];
    /** `auto`: KVM where it works. */
    accelerator: 'auto' | 'kvm' | 'tcg';
  };
  /** Virtual machines at once. */
  machines: number;
  /** File to write as JUnit XML. Absolute. */
  junit?: string;
}

export interface TestReport {
  /** With `tests`. */
  manifest: Manifest;
  exitStatus: ExitStatus;
}

/**
 * Builds modules, or takes those that are there, loads them in the kernels that they were built for, and
 * says what came of it. A case that fails is in the report.
 */
export async function test(request: TestRequest, session: Session): Promise<TestReport> {
  // Found out before anything is done.
  if (request.junit !== undefined) checkOutput(dirname(request.junit));
  const manifest = await runTests(request, session);
  if (request.junit !== undefined) await writeJunit(request.junit, manifest.tests ?? []);
  return { manifest, exitStatus: testStatus(manifest) };
}

/** The gravest of what befell builds, kernels, virtual machines and cases. */
export function testStatus({ jobs, unusable = [], tests = [] }: Manifest): ExitStatus {
  const errors = [
    ...jobs.filter(({ status }) => status === 'failed').map(({ error }) => error),
    ...unusable.map(({ error }) => error),
    ...tests.map(({ error }) => error),
  ];
  const isFailed = tests.some(({ cases }) => cases.some(({ verdict }) => verdict === 'failed'));
  return exitStatus([
    ...errors.flatMap((error) => (error === undefined ? [] : [error.code as ErrorCode])),
    ...(isFailed ? (['TEST_FAILED'] as const) : []),
  ]);
}

async function writeJunit(path: string, tests: readonly TestRecord[]): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, junitXml(tests));
  } catch (error) {
    throw outputFailed(path, error);
  }
}
