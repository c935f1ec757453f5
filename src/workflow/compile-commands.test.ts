import { describe, expect, it } from 'vitest';
import { hostArch } from '../arch/arch.js';
import type { Job } from '../plan/job.js';
import { newestOfEach } from './compile-commands.js';

const other = hostArch().name === 'arm64' ? 'x86_64' : 'arm64';
const job = (directory: string, release: string, arch = hostArch().name) =>
  ({
    id: `${directory} ${release} ${arch}`,
    release,
    arch,
    source: { project: { directory } },
  }) as unknown as Job;
const chosen = (...jobs: Job[]) => newestOfEach(jobs).map(({ id }) => id);

describe('newestOfEach', () => {
  it('takes the newest kernel of each project', () => {
    const jobs = [
      ...[job('a', '5.10.0-9-amd64'), job('a', '6.1.0-56-amd64'), job('a', '6.1.0-9-amd64')],
      ...[job('b', '6.9.1'), job('b', '6.12.1')],
    ];
    const own = hostArch().name;
    expect(chosen(...jobs)).toEqual([`a 6.1.0-56-amd64 ${own}`, `b 6.12.1 ${own}`]);
  });

  it("of the same, that of this machine's architecture, else the first", () => {
    const [foreign, own] = [job('a', '6.1.0-56-x', other), job('a', '6.1.0-56-y')];
    expect(chosen(foreign, own)).toEqual([own.id]);
    expect(chosen(own, foreign)).toEqual([own.id]);
    const [first, second] = [job('a', '6.1.0-56-a', other), job('a', '6.1.0-56-b', other)];
    expect(chosen(first, second)).toEqual([first.id]);
  });

  it('takes a newer kernel of another architecture', () => {
    expect(chosen(job('a', '6.1.0-1-x'), job('a', '6.12.1-y', other))).toEqual([
      `a 6.12.1-y ${other}`,
    ]);
  });
});
