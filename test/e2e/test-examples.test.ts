import { describe, expect, it } from 'vitest';
import { examples } from '../support/cli.js';
import { casesOf, tested } from '../support/tested.js';

describe('the examples', () => {
  it('pass in the kernels of two releases of Debian, on both architectures', async () => {
    const { manifest, exitCode, stderr } = await tested([
      ...[examples, '-k', 'debian:bookworm,debian:trixie', '-a', 'arm64,x86_64'],
    ]);
    expect(exitCode, stderr).toBe(0);
    const kernels = new Set(manifest.tests?.map(({ release, arch }) => `${release} ${arch}`));
    expect(kernels.size).toBe(4);
    expect(manifest.tests).toHaveLength(manifest.jobs.length);
    const failed = [...casesOf(manifest).values()].filter(({ verdict }) => verdict !== 'passed');
    expect(failed).toEqual([]);
    const names = [...casesOf(manifest).keys()];
    expect(names.length).toBeGreaterThan(new Set(names.map((name) => name.split(':')[0])).size);
  });
});
