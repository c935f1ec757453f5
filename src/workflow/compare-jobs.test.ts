import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
import { jobOf } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { describeModule } from '../artifact/describe.js';
import type { RecordedJob, RecordedRun } from '../artifact/rebuild/read-manifest.js';
import type { JobResult } from '../engine/job-result.js';
import { labelOf } from '../plan/job.js';
import { compareJob, unrecordedJob } from './compare-jobs.js';
import { inputsOf } from './job-inputs.js';

const name = 'params-x86_64';
const job = jobOf();
const inKernel = `${job.release}/${job.arch}`;

async function result(path: string): Promise<JobResult> {
  const artifact = await describeModule(`${inKernel}/${path}`, fixtureModule(name), []);
  const offers = { name: 'params', exports: [], proprietary: false };
  const modules = [{ artifact, offers, file: fixtureModulePath(name) }];
  return { job, status: 'built', milliseconds: 1, diagnostics: [], modules };
}

async function record(...paths: string[]): Promise<RecordedJob> {
  const described = paths.map((path) =>
    describeModule(`${inKernel}/${path}`, fixtureModule(name), []),
  );
  return { ...labelOf(job), ...inputsOf(job), artifacts: await Promise.all(described) };
}

const runIn = (directory: string): RecordedRun => ({
  tool: { version: '0.1.0' },
  jobs: [],
  file: join(directory, 'manifest.json'),
});

const found = async (was: RecordedJob, now: JobResult, run = runIn('/nowhere')) => {
  const { status, artifacts } = await compareJob(run, was, now);
  return { status, modules: artifacts.map(({ path, verdict }) => [path, verdict]) };
};

describe('compareJob', () => {
  it('finds a module where there is a directory of its toolchain no more', async () => {
    const status = 'rebuilt';
    for (const [was, now] of [
      ['gcc-12/params.ko', 'params.ko'],
      ['params.ko', 'gcc-12/params.ko'],
      ['gcc-12/a/params.ko', 'a/params.ko'],
    ] as const) {
      const modules = [[`${inKernel}/${was}`, 'equal']];
      expect(await found(await record(was), await result(now))).toEqual({ status, modules });
    }
  });

  it('tells of modules of other places', async () => {
    const modules = [
      [`${inKernel}/a/params.ko`, 'missing'],
      [`${inKernel}/b/params.ko`, 'extra'],
    ];
    const both = { status: 'rebuilt', modules };
    expect(await found(await record('a/params.ko'), await result('b/params.ko'))).toEqual(both);
    const none = unrecordedJob(await result('b/params.ko'));
    expect(none.artifacts.map(({ verdict }) => verdict)).toEqual(['extra']);
  });

  it('takes a file beside the manifest that was altered for no equal one', async () => {
    const directory = temporaryDirectory({ [`${inKernel}/params.ko`]: 'altered' });
    const [was, now] = [await record('params.ko'), await result('params.ko')];
    expect((await found(was, now, runIn(directory))).modules[0]?.[1]).toBe('differs');
  });

  it('counts what a dkms.conf excludes now as missing, and what fails as failed', async () => {
    const was = await record('params.ko');
    const error = { code: 'DKMS_EXCLUDED', message: 'm', hint: 'h' } as const;
    const ended = {
      ...(await result('params.ko')),
      status: 'skipped' as const,
      modules: [],
      error,
    };
    expect(await found(was, ended)).toMatchObject({ modules: [[expect.anything(), 'missing']] });
    const failed = { ...ended, error: { ...error, code: 'BUILD_TIMEOUT' as const } };
    expect(await found(was, failed)).toEqual({ status: 'failed', modules: [] });
  });
});
