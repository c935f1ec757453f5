import { describe, expect, it } from 'vitest';
import { shippedRepositories, type DnfRepository } from '../../repository.js';
import { parseDnfIndex } from './index-file.js';
import { kernelsOf } from './kernels.js';

function shipped(distribution: string, name: string): DnfRepository {
  const found = shippedRepositories().find(
    (one) => one.distribution === distribution && one.name === name,
  );
  if (found?.manager !== 'dnf') throw new Error(`no ${distribution}:${name}`);
  return found;
}

/** An index of packages that are written `name version release arch`. */
const index = (...packages: string[]) =>
  parseDnfIndex(
    packages.map((text) => `package|${text.replace(' ', '|0|').replaceAll(' ', '|')}|1`).join('\n'),
  );

describe('kernelsOf', () => {
  it("names Fedora's kernels as uname does, the newest first", () => {
    const kernels = kernelsOf(
      index(
        'kernel-devel 6.9.12 200.fc41 x86_64',
        'kernel-devel 6.11.4 301.fc41 x86_64',
        'kernel-devel 6.11.4 301.fc41 aarch64',
        'kernel-devel 6.11.10 300.fc41 x86_64',
        'kernel-devel 6.11.4 301.fc41 s390x',
        'kernel-debug-devel 6.11.4 301.fc41 x86_64',
        'kernel-devel-matched 6.11.4 301.fc41 x86_64',
      ),
      shipped('fedora', '41'),
    );
    expect(kernels.map(({ release, arch, stock, kdir }) => [release, arch, stock, kdir])).toEqual([
      ['6.11.10-300.fc41.x86_64', 'x86_64', true, '/usr/src/kernels/6.11.10-300.fc41.x86_64'],
      [
        '6.11.4-301.fc41.x86_64+debug',
        'x86_64',
        false,
        '/usr/src/kernels/6.11.4-301.fc41.x86_64+debug',
      ],
      ['6.11.4-301.fc41.x86_64', 'x86_64', true, '/usr/src/kernels/6.11.4-301.fc41.x86_64'],
      ['6.11.4-301.fc41.aarch64', 'arm64', true, '/usr/src/kernels/6.11.4-301.fc41.aarch64'],
      ['6.9.12-200.fc41.x86_64', 'x86_64', true, '/usr/src/kernels/6.9.12-200.fc41.x86_64'],
    ]);
  });

  it("names the variants of RHEL's relatives by what follows the +", () => {
    const kernels = kernelsOf(
      index(
        'kernel-64k-debug-devel 5.14.0 503.el9 aarch64',
        'kernel-rt-devel 5.14.0 503.el9 x86_64',
      ),
      shipped('almalinux', '9'),
    );
    expect(kernels.map(({ release, stock }) => [release, stock])).toEqual([
      ['5.14.0-503.el9.x86_64+rt', false],
      ['5.14.0-503.el9.aarch64+64k-debug', false],
    ]);
  });

  it("takes openSUSE's shared part of the same source, of the same build if there is one", () => {
    const kernels = kernelsOf(
      index(
        'kernel-default-devel 6.4.0 150600.23.7.4 x86_64',
        'kernel-default-devel 6.4.0 150600.21.3 x86_64',
        'kernel-default-devel 6.4.0 150600.21.2 x86_64',
        'kernel-devel 6.4.0 150600.23.7.2 noarch',
        'kernel-devel 6.4.0 150600.21.3 noarch',
      ),
      shipped('opensuse', 'leap-15.6'),
    );
    const sets = kernels.map(({ release, sets: all }) => [
      release,
      all.map((set) => set.map(({ name, version }) => `${name} ${version}`)),
    ]);
    expect(sets).toEqual([
      [
        '6.4.0-150600.23.7-default',
        [['kernel-default-devel 6.4.0-150600.23.7.4', 'kernel-devel 6.4.0-150600.23.7.2']],
      ],
      [
        '6.4.0-150600.21-default',
        [
          ['kernel-default-devel 6.4.0-150600.21.3', 'kernel-devel 6.4.0-150600.21.3'],
          ['kernel-default-devel 6.4.0-150600.21.2', 'kernel-devel 6.4.0-150600.21.3'],
        ],
      ],
    ]);
    expect(kernels[0]?.kdir).toBe('/usr/src/linux-*-obj/*/default');
  });

  it('leaves out a kernel whose shared part is not to be had', () => {
    const others = [
      'kernel-devel 6.4.0 150600.21.3 noarch',
      'kernel-devel 6.4.1 150600.23.7.2 noarch',
    ];
    const all = index('kernel-default-devel 6.4.0 150600.23.7.4 x86_64', ...others);
    expect(kernelsOf(all, shipped('opensuse', 'leap-15.6'))).toEqual([]);
  });
});
