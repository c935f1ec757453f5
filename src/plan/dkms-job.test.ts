import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectAt } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import type { DkmsSettings } from '../project/project.js';
import { listSourceFiles } from '../project/source-files.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { dkmsJob } from './dkms-job.js';

const parent = () =>
  temporaryDirectory({
    'x-1.0/dkms.conf': 'PACKAGE_NAME=x\n',
    'x-1.0/x.c': '',
    'y-2/y.h': '#define Y\n',
    'etc/x.conf': 'AUTOINSTALL=no\n',
  });

const tree = (directory: string) => ({ directory, files: listSourceFiles(directory) });

/** The settings and the project of the source in such a directory. */
function sourceIn(directory: string, settings: Partial<DkmsSettings> = {}) {
  const dkms: DkmsSettings = { directives: [], with: [], ...settings };
  return projectAt(join(directory, 'x-1.0'), { method: { kind: 'dkms' }, dkms });
}

describe('dkmsJob', () => {
  const [x86, arm64] = [archByName('x86_64'), archByName('arm64')];
  const project = sourceIn(parent());
  const settings = { directives: [], with: [] };

  it('names the prefix of the tools where the kernel is for another machine', () => {
    const of = (toolchain: string, arch = arm64, machine = x86) => {
      const job = dkmsJob(project, settings, arch, machine, toolchainByName(toolchain), {});
      return [job.machine, job.prefix, job.binutils];
    };
    expect(of('gcc-12')).toEqual(['aarch64', 'aarch64-linux-gnu-', 'aarch64-linux-gnu-']);
    expect(of('gcc-12', x86)).toEqual(['x86_64', '', '']);
    expect(of('gcc-12', x86, arm64)).toEqual(['x86_64', 'x86_64-linux-gnu-', 'x86_64-linux-gnu-']);
    expect(of('clang-14')).toEqual(['aarch64', '', 'llvm-']);
  });

  it('places what lies beside it where no project is, by the names that it has in /usr/src', () => {
    const directory = parent();
    const trees = [{ name: 'y-2', ...tree(join(directory, 'y-2')) }];
    const job = jobOf(sourceIn(directory, { with: trees, overlay: tree(join(directory, 'etc')) }));
    expect(job.source.placement).toBe('x-1.0');
    expect(job.dkms?.directory).toBe('x-1.0');
    expect(job.dkms?.with).toMatchObject([{ name: 'y-2', placement: '.with-0' }]);
    expect(job.dkms?.overlay).toMatchObject({ placement: '.overlay' });
    expect(job.make).toEqual([]);
  });
});

describe('the key of a DKMS job', () => {
  /** The key for a directory that was made like all others, but for a change. */
  function key(
    change: (directory: string) => void = () => undefined,
    settings: (directory: string) => Partial<DkmsSettings> = () => ({}),
    kdir = kdirOf('arm64'),
  ): string {
    const directory = parent();
    change(directory);
    const trees = [{ name: 'y-2', ...tree(join(directory, 'y-2')) }];
    const overlay = tree(join(directory, 'etc'));
    const source = sourceIn(directory, { with: trees, overlay, ...settings(directory) });
    return jobOf(source, kdir).key;
  }
  const write = (path: string, text: string) => (directory: string) => {
    writeFileSync(join(directory, path), text);
  };

  it('is the same for the same, wherever it lies and whatever else lies there', () => {
    expect(key()).toBe(key());
    expect(key(write('other.txt', 'x'))).toBe(key());
    expect(
      key((directory) => {
        mkdirSync(join(directory, 'x-1.0/dist'));
      }),
    ).toBe(key());
    const old = (directory: string) => {
      utimesSync(join(directory, 'x-1.0/x.c'), 1, 1);
    };
    expect(key(old)).toBe(key());
  });

  it.each<[string, Parameters<typeof key>]>([
    ['its dkms.conf', [write('x-1.0/dkms.conf', 'PACKAGE_NAME=y\n')]],
    ['a source', [write('x-1.0/x.c', 'int x;\n')]],
    ['a new file', [write('x-1.0/new', '')]],
    ['a tree beside it', [write('y-2/y.h', '')]],
    ['an overlay', [write('etc/x.conf', '')]],
    ['a directive', [undefined, () => ({ directives: ['AUTOINSTALL=no'] })]],
    ['the order of directives', [undefined, () => ({ directives: ['A=1', 'A=2'] })]],
    ['no tree beside it', [undefined, () => ({ with: [] })]],
    [
      'another name of that tree',
      [undefined, (d) => ({ with: [{ name: 'y-3', ...tree(join(d, 'y-2')) }] })],
    ],
    ['the kernel', [undefined, undefined, kdirOf('x86_64')]],
  ])('is another for another of these: %s', (_, change) => {
    expect(key(...change)).not.toBe(key());
  });

  it('goes by the order of directives: the last one counts', () => {
    const [first, second] = ['A=1', 'A=2'];
    const of = (...directives: string[]) => key(undefined, () => ({ directives }));
    expect(of(first, second)).not.toBe(of(second, first));
  });
});
