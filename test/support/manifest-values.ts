import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import type { Diagnostic } from '../../src/events/event.js';

/** The record of a job that was built. */
export function jobRecordOf(changes: Partial<JobRecord> = {}): JobRecord {
  const { project = 'hello', release = '6.1.0-56-amd64', arch = 'x86_64' } = changes;
  const { toolchain = 'gcc-12' } = changes;
  return {
    id: [project, release, arch, toolchain].join('-'),
    ...{ project, release, arch, toolchain },
    status: 'built',
    milliseconds: 1500,
    diagnostics: [],
    artifacts: [],
    key: 'k',
    make: [],
    env: {},
    image: { name: 'i' },
    kdir: { path: `/usr/src/${release}`, identity: 'k' },
    sources: [],
    ...changes,
  };
}

/** The record of a job that failed. */
export const failedJobOf = (
  code: string,
  changes: Partial<JobRecord> = {},
  message = 'it failed',
): JobRecord =>
  jobRecordOf({ status: 'failed', error: { code, message, hint: 'Mend it.' }, ...changes });

export const manifestOf = (
  jobs: readonly JobRecord[],
  changes: Partial<Manifest> = {},
): Manifest => ({
  schemaVersion: 1,
  tool: { name: 'kbuild-ts', version: '1.2.3' },
  output: '/ws/dist',
  startedAt: '2026-01-02T03:04:05.000Z',
  milliseconds: 2000,
  status: jobs.some(({ status }) => status === 'failed') ? 'failed' : 'succeeded',
  jobs: [...jobs],
  ...changes,
});

export const warningOf = (changes: Partial<Diagnostic> = {}): Diagnostic => ({
  severity: 'warning',
  message: "unused variable 'x'",
  file: '/ws/drv/a.c',
  line: 3,
  column: 5,
  flag: '-Wunused-variable',
  ...changes,
});
