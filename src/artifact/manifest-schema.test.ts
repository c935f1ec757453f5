import { describe, expect, it } from 'vitest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { jobOf } from '../../test/support/job-values.js';
import { labelOf } from '../plan/job.js';
import { describeModule } from './describe.js';
import {
  manifestJsonSchema,
  manifestSchema,
  type JobRecord,
  type Manifest,
} from './manifest-schema.js';

async function manifest(): Promise<Manifest> {
  const job = jobOf();
  const verdicts = [{ check: 'vermagic', status: 'ok', detail: 'equal' } as const];
  const common = {
    ...labelOf(job),
    key: job.key,
    make: job.make,
    env: job.env,
    kdir: { path: job.kdir.path, identity: job.kdir.identity },
    sources: [{ placement: 'hello', digest: job.source.digest }],
    milliseconds: 1234.5,
  };
  const built: JobRecord = {
    ...common,
    version: '1.0',
    status: 'built',
    diagnostics: [{ severity: 'warning', message: 'unused', file: '/a.c', line: 1, column: 2 }],
    artifacts: [await describeModule('a/hello.ko', fixtureModule('params-x86_64'), verdicts)],
    log: 'logs/hello.log',
    image: { name: job.image, id: 'sha256:abc' },
  };
  const failed: JobRecord = {
    ...common,
    status: 'failed',
    error: { code: 'BUILD_NO_MODULES', message: 'none', hint: 'look' },
    diagnostics: [],
    artifacts: [],
    image: { name: job.image },
  };
  return {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: '0.1.0' },
    output: '/out',
    startedAt: new Date(0).toISOString(),
    milliseconds: 2000,
    status: 'failed',
    jobs: [built, failed],
  };
}

type Change = (good: Manifest) => unknown;

/** A manifest whose first job, or whose first artifact, has something else. */
const inJob =
  (change: object): Change =>
  (good) => ({ ...good, jobs: [{ ...good.jobs[0], ...change }] });
const inArtifact =
  (change: object): Change =>
  (good) =>
    inJob({ artifacts: [{ ...good.jobs[0]?.artifacts[0], ...change }] })(good);

const wrong: [string, Change][] = [
  ['another version', (good) => ({ ...good, schemaVersion: 2 })],
  ['another tool', (good) => ({ ...good, tool: { name: 'make', version: '4' } })],
  ['a key that does not exist', (good) => ({ ...good, extra: 1 })],
  ['no jobs', (good) => ({ ...good, jobs: undefined })],
  ['a time that is none', (good) => ({ ...good, startedAt: 'yesterday' })],
  ['a status that does not exist', inJob({ status: 'done' })],
  ['a negative duration', inJob({ milliseconds: -1 })],
  ['a make line that is no list', inJob({ make: 'make modules' })],
  ['an error without a hint', inJob({ error: { code: 'X', message: 'y' } })],
  ['a severity that does not exist', inJob({ diagnostics: [{ severity: 'fatal', message: '' }] })],
  [
    'a line that is no number',
    inJob({ diagnostics: [{ severity: 'note', message: '', line: '1' }] }),
  ],
  ['a key in a job that does not exist', inJob({ extra: 1 })],
  ['a hash in upper case', inArtifact({ sha256: 'A'.repeat(64) })],
  ['a hash of another length', inArtifact({ sha256: 'a'.repeat(63) })],
  ['a size that is no integer', inArtifact({ size: 1.5 })],
  [
    'a verdict that does not exist',
    inArtifact({ verdicts: [{ check: 'x', status: 'ok', detail: '' }] }),
  ],
  ['a signature that is missing instead of null', inArtifact({ signature: undefined })],
  ['modinfo with values that are no lists', inArtifact({ modinfo: { license: 'GPL' } })],
  [
    'an ELF class that does not exist',
    inArtifact({ elf: { class: 16, endian: 'big', machine: 1, type: 1 } }),
  ],
];

describe('the schema of the manifest', () => {
  it('takes a real one as it is, and after a way through JSON', async () => {
    const good = await manifest();
    expect(manifestSchema.parse(good)).toEqual(good);
    expect(manifestSchema.parse(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it.each(wrong)('refuses %s', async (_, change) => {
    expect(manifestSchema.safeParse(change(await manifest())).success).toBe(false);
  });
});

describe('the JSON schema of the manifest', () => {
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);
  const validate = ajv.compile(manifestJsonSchema());

  it('takes a real one', async () => {
    const good: unknown = JSON.parse(JSON.stringify(await manifest()));
    expect(validate(good), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(wrong)('refuses %s', async (_, change) => {
    expect(validate(JSON.parse(JSON.stringify(change(await manifest()))))).toBe(false);
  });
});
