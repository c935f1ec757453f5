import { describe, expect, it } from 'vitest';
import { compareInputs } from './compare-inputs.js';
import type { RecordedJob } from './read-manifest.js';

const record: RecordedJob = {
  ...{ id: 'hello', project: 'hello', release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
  artifacts: [],
  key: 'a'.repeat(64),
  make: ['make', '-C', '/kdir', 'W=1', 'modules'],
  env: { SOURCE_DATE_EPOCH: '0', KBUILD_BUILD_USER: 'k' },
  image: { name: 'kbuild-ts/gcc-12:1', id: 'sha256:1' },
  kdir: { path: '/kdir', identity: '1' },
  sources: [
    { placement: 'hello', digest: '1' },
    { placement: 'exporter', digest: '2' },
  ],
};

describe('compareInputs', () => {
  it.each<[Partial<RecordedJob>, string, string]>([
    [
      { sources: [{ placement: 'hello', digest: '9' }, record.sources[1]!] },
      'sources',
      'the sources of hello differ (which files cannot be told)',
    ],
    [{ sources: [record.sources[0]!] }, 'sources', 'the sources of exporter are gone'],
    [
      { sources: [...record.sources, { placement: 'new', digest: '3' }] },
      'sources',
      'the sources of new are there besides',
    ],
    [{ kdir: { path: '/kdir', identity: '2' } }, 'kernel', 'the contents of the KDIR /kdir differ'],
    [{ kdir: { path: '/k', identity: '1' } }, 'kernel', 'lay at /kdir, and now at /k'],
    [{ image: { name: 'kbuild-ts/gcc-12:2', id: 'sha256:1' } }, 'image', 'now kbuild-ts/gcc-12:2'],
    [{ image: { ...record.image, id: 'sha256:2' } }, 'image', 'is not the same one'],
    [
      { make: ['make', '-C', '/kdir', 'C=2', 'modules'] },
      'make',
      'make runs without W=1, with C=2',
    ],
    [
      { env: { SOURCE_DATE_EPOCH: '1' } },
      'env',
      'SOURCE_DATE_EPOCH was 0, now 1; KBUILD_BUILD_USER was k, now not set',
    ],
    [{ key: 'b'.repeat(64) }, 'other', 'aaaaaaaaaaaa, now bbbbbbbbbbbb'],
  ])('tells of %j', (change, input, detail) => {
    const found = compareInputs(record, { ...record, ...change });
    expect(found).toEqual([{ input, detail: expect.stringContaining(detail) }]);
  });

  it('tells of nothing where all is as it was, or where an id is not known', () => {
    expect(compareInputs(record, record)).toEqual([]);
    expect(compareInputs(record, { ...record, image: { name: record.image.name } })).toEqual([]);
  });

  it('has a reason for another key in what it tells of already', () => {
    const now = { ...record, key: 'b', kdir: { path: '/kdir', identity: '2' } };
    expect(compareInputs(record, now).map(({ input }) => input)).toEqual(['kernel']);
  });
});
