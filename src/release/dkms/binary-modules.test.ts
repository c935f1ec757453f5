import { createHash } from 'node:crypto';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import type { JobRecord, Manifest } from '../../artifact/manifest-schema.js';
import { readBinaryModules } from './binary-modules.js';

const content = 'the bytes of a module';

function job(changes: Partial<JobRecord> = {}): JobRecord {
  return {
    id: 'demo-1',
    project: 'demo',
    version: '1.0',
    release: '6.1.0-56-arm64',
    arch: 'arm64',
    toolchain: 'gcc-12',
    status: 'built',
    milliseconds: 1,
    diagnostics: [],
    artifacts: [
      {
        path: '6.1.0-56-arm64/arm64/demo.ko',
        sha256: createHash('sha256').update(content).digest('hex'),
        size: content.length,
        modinfo: {},
        elf: { class: 64, endian: 'little', machine: 183, type: 1 },
        signature: null,
        verdicts: [],
      },
    ],
    log: 'logs/demo-1.log',
    key: 'k',
    make: ['make'],
    env: {},
    image: { name: 'i' },
    kdir: { path: '/kdir', identity: 'x' },
    sources: [],
    ...changes,
  };
}

function output(jobs: JobRecord[], module = content): string {
  const manifest: Manifest = {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: '0.1.0' },
    output: '/out',
    startedAt: '2026-01-01T00:00:00.000Z',
    milliseconds: 1,
    status: 'succeeded',
    jobs,
  };
  return temporaryDirectory({
    'manifest.json': JSON.stringify(manifest),
    '6.1.0-56-arm64/arm64/demo.ko': module,
    'logs/demo-1.log': 'a log\n',
  });
}

const read = (directory: string, expected = ['demo'], version = '1.0') =>
  readBinaryModules(directory, { name: 'demo', version }, expected, () => 'aarch64');

describe('readBinaryModules', () => {
  it('gives what the manifest tells of, with its log', async () => {
    expect(await read(output([job(), job({ project: 'other' })]))).toEqual([
      {
        release: '6.1.0-56-arm64',
        arch: 'arm64',
        machine: 'aarch64',
        modules: [{ name: 'demo', bytes: Buffer.from(content) }],
        log: 'a log\n',
      },
    ]);
  });

  it.each([
    ['a module that was changed since', output([job()], 'other bytes'), 'not what its manifest'],
    ['a job that failed', output([job({ status: 'failed' })]), 'no modules of demo'],
    ['another version', output([job({ version: '0.9' })]), 'of version 0.9'],
    ['a module that is gone', output([job({ artifacts: [] })]), 'no demo.ko'],
    ['two toolchains', output([job(), job({ toolchain: 'clang-14' })]), 'gcc-12 and clang-14'],
    ['no run at all', temporaryDirectory(), 'cannot be read'],
    ['a broken manifest', temporaryDirectory({ 'manifest.json': '{}' }), 'cannot be read'],
  ])('refuses %s', async (_, directory, why) => {
    const error = await kbuildErrorOf(() => read(directory));
    expect(error.code).toBe('DKMS_PACK_BINARY');
    expect(error.message).toContain(why);
  });

  it('reads nothing that a link leads to out of the output directory', async () => {
    const outside = temporaryDirectory({ module: content, log: 'secret' });
    const directory = output([job()]);
    const module = join(directory, '6.1.0-56-arm64/arm64/demo.ko');
    const log = join(directory, 'logs/demo-1.log');
    rmSync(log);
    symlinkSync(join(outside, 'log'), log);
    expect((await read(directory))[0]?.log).toBe('');
    rmSync(module);
    symlinkSync(join(outside, 'module'), module);
    const { message } = await kbuildErrorOf(() => read(directory));
    expect(message).toContain('out of the output directory');
  });

  it('refuses a path that leaves the output directory', async () => {
    const [artifact] = job().artifacts;
    const outside = temporaryDirectory({ 'demo.ko': content });
    const path = join('..', basename(outside), 'demo.ko');
    const directory = output([job({ artifacts: [{ ...artifact!, path }] })]);
    expect(existsSync(join(directory, path))).toBe(true);
    const { message } = await kbuildErrorOf(() => read(directory));
    expect(message).toContain('does not lie in the output directory');
  });
});
