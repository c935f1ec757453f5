import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { describeModule } from '../describe.js';
import type { Artifact, Manifest } from '../manifest-schema.js';
import { readManifest } from './read-manifest.js';

async function manifest(path = '6.1/arm64/params.ko'): Promise<Manifest> {
  return {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: '0.1.0' },
    output: '/out',
    startedAt: new Date(0).toISOString(),
    milliseconds: 1,
    status: 'succeeded',
    options: { runtime: 'docker', prepare: 'auto', directives: ['STRIP[1]=no'] },
    jobs: [
      {
        ...{ id: 'hello', project: 'hello', release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
        ...{ kernel: 'debian:bookworm/6.1', status: 'built', milliseconds: 1, diagnostics: [] },
        artifacts: [await describeModule(path, fixtureModule('params-x86_64'), [])],
        ...{ key: 'k', make: [], env: {}, image: { name: 'i' }, sources: [] },
        kdir: { path: '/kdir', identity: 'i' },
      },
    ],
  };
}

const written = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return join(temporaryDirectory({ 'manifest.json': text }), 'manifest.json');
};

describe('readManifest', () => {
  it('reads what a build wrote, by the path of the file or of its directory', async () => {
    const whole = await manifest();
    const file = written(whole);
    const [job] = whole.jobs;
    const [{ path, sha256, size, modinfo, signature }] = job!.artifacts as [Artifact];
    const artifact = { path, sha256, size, modinfo, signature };
    const { id, project, release, arch, toolchain, kernel, key, make, env, image, kdir, sources } =
      job!;
    const known = { id, project, release, arch, toolchain, kernel, key, make, env, image, kdir };
    const expected = {
      tool: { version: '0.1.0' },
      options: whole.options,
      jobs: [{ ...known, sources, artifacts: [artifact] }],
      file,
    };
    expect(readManifest(file)).toEqual(expected);
    expect(readManifest(join(file, '..'))).toEqual(expected);
  });

  it('reads what a later kbuild-ts has added fields to', async () => {
    const whole = await manifest();
    const [job] = whole.jobs;
    const later = { ...whole, new: 1, jobs: [{ ...job, new: 1, image: { name: 'i', new: 1 } }] };
    expect(readManifest(written(later)).jobs).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{"schemaVersion": 1,', 'MANIFEST_INVALID', 'not JSON'],
    ['another document', { schemaVersion: 1, error: {} }, 'MANIFEST_INVALID', 'tool'],
    ['no document', [], 'MANIFEST_INVALID', 'no manifest'],
    ['a later version', { schemaVersion: 2 }, 'MANIFEST_VERSION', 'schemaVersion 2'],
  ])('refuses %s', async (_, content, code, words) => {
    const file = written(content);
    const error = await kbuildErrorOf(() => readManifest(file));
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(error.message).toContain(file);
  });

  it('refuses one that names no module', async () => {
    const whole = await manifest();
    const jobs = whole.jobs.map((job) => ({ ...job, artifacts: [] }));
    for (const empty of [
      { ...whole, jobs },
      { ...whole, jobs: [] },
    ]) {
      const error = await kbuildErrorOf(() => readManifest(written(empty)));
      expect(error.code).toBe('MANIFEST_EMPTY');
    }
  });

  it.each(['../x.ko', '/etc/x.ko', 'a/../../x.ko', '..', '', 'a\0b'])(
    'refuses a module at %j',
    async (path) => {
      const file = written(await manifest(path));
      const error = await kbuildErrorOf(() => readManifest(file));
      expect(error.code).toBe('MANIFEST_INVALID');
      expect(error.message).toContain('jobs.0.artifacts.0.path');
    },
  );

  it('refuses what is not there', async () => {
    const error = await kbuildErrorOf(() => readManifest('/nowhere/manifest.json'));
    expect(error).toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});
