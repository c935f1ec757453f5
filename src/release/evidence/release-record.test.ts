import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../artifact/manifest-schema.js';
import { readManifest } from '../../artifact/rebuild/read-manifest.js';
import { releaseSchema } from '../../artifact/release-schema.js';
import { manifestOf, releaseValues } from '../../../test/support/release-values.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { releaseRecord } from './release-record.js';

/** A job as another run may have recorded it: elsewhere, later, from a cache. */
const elsewhere = (job: JobRecord): JobRecord => ({
  ...job,
  status: 'cached',
  cache: 'shared',
  milliseconds: 123,
  diagnostics: [{ severity: 'warning', message: 'unused' }],
  log: 'logs/other.log',
  objects: { compiled: 1, reused: 2 },
  usage: { cpuMilliseconds: 5, memoryBytes: 6 },
});

describe('the record of a release', () => {
  it('is what its schema says', async () => {
    const record = releaseRecord(await releaseValues());
    expect(releaseSchema.parse(record)).toEqual(record);
    expect(record.projects).toEqual([
      { name: 'consumer', version: '1.0', package: 'consumer' },
      { name: 'exporter', version: '1.0', package: 'exporter' },
    ]);
  });

  it('is the same text for a run elsewhere, at another time, in another order, from a cache', async () => {
    const input = await releaseValues();
    const { manifest, projects, files } = input;
    const tests = manifest.jobs.map(({ id, project, release, arch }) => ({
      ...{ job: id, project, release, arch },
      cases: [{ ...passed, milliseconds: 1 }],
    }));
    const other = {
      ...manifestOf([...manifest.jobs].reverse().map(elsewhere)),
      output: '/srv/other',
      startedAt: new Date().toISOString(),
      milliseconds: 99,
      sharedCache: { hits: 1, misses: 0, puts: 0, failures: 0, refused: 0 },
      tests: [...tests].reverse().map((test) => ({
        ...test,
        accelerator: 'kvm' as const,
        bootMilliseconds: 5,
        cases: test.cases.map((one) => ({ ...one, milliseconds: 77, log: 'a/console' })),
      })),
    };
    const text = JSON.stringify(releaseRecord({ ...input, manifest: { ...manifest, tests } }));
    const again = releaseRecord({
      ...input,
      manifest: other,
      projects: [...projects].reverse(),
      files: [...files].reverse(),
    });
    expect(JSON.stringify(again)).toBe(text);
    expect(text).toContain('"cases":[{"name":"load","verdict":"passed"}]');
    // And not because it holds nothing of them.
    const changed = manifestOf(manifest.jobs.map((job) => ({ ...job, make: ['make', 'other'] })));
    expect(JSON.stringify(releaseRecord({ ...input, manifest: changed }))).not.toBe(text);
  });

  it('names no path of this machine as a kernel', async () => {
    const input = await releaseValues();
    const kernels = ['/home/me/linux', './linux', 'source:/home/me/kernel.yaml', 'host/6.1'];
    const jobs = input.manifest.jobs.map((job, i) => ({ ...job, kernel: kernels[i]! }));
    const record = releaseRecord({ ...input, manifest: manifestOf(jobs) });
    expect(record.jobs.flatMap(({ kernel }) => kernel ?? [])).toEqual(['host/6.1']);
  });

  it('can be built again: a rebuild reads it as it reads a manifest', async () => {
    const { manifest, ...input } = await releaseValues();
    const record = releaseRecord({ ...input, manifest });
    const [run, original] = [record, manifest].map((document, i) => {
      const name = i === 0 ? 'release.json' : 'manifest.json';
      const directory = temporaryDirectory({ [name]: JSON.stringify(document) });
      const read = readManifest(directory);
      expect(read.file).toBe(join(directory, name));
      return read;
    });
    const byId = <T extends { id: string }>(jobs: T[]) =>
      [...jobs].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(run!.jobs)).toEqual(byId(original!.jobs));
    expect(run!.options).toEqual(original!.options);
  });
});

const noTaint = { value: 0, letters: '' };
const passed = {
  ...{ name: 'load', verdict: 'passed' as const, reasons: [], end: 'completed' as const },
  ...{
    repetitions: 1,
    modules: [],
    requests: [],
    unloads: [],
    leftBehind: [],
    reports: [],
    tail: [],
  },
  taint: { before: noTaint, after: noTaint },
};
