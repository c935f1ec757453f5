import { describe, expect, it } from 'vitest';
import {
  aptIndexText,
  bookwormKernel,
  metaPackages,
  type Stanza,
} from '../../../../test/support/apt-stanza.js';
import { bookwormRepository } from '../../../../test/support/fake-apt.js';
import type { AvailableKernel } from '../package-manager.js';
import { parseAptIndex } from './index-file.js';
import { kernelsOf } from './kernels.js';

const kernelsIn = (stanzas: Stanza[], machine = 'amd64', repository = bookwormRepository) =>
  kernelsOf(parseAptIndex(aptIndexText(...stanzas)), repository, machine);

const releases = (kernels: AvailableKernel[]) => kernels.map(({ release }) => release);

/** Sets of packages, as one reads them. */
const names = (kernel: AvailableKernel | undefined) =>
  kernel?.sets.map((set) => set.map((p) => `${p.name}=${p.version}:${p.architecture}`));

const find = (kernels: AvailableKernel[], release: string) =>
  kernels.find((kernel) => kernel.release === release);

const bookworm = [
  ...bookwormKernel('6.1.0-50', '6.1.176-1'),
  ...metaPackages('6.1.0-56', '6.1.192-2'),
  ...metaPackages('6.1.0-50', '6.1.176-1'),
  ...bookwormKernel('6.1.0-56', '6.1.192-2'),
];

/** As in Debian 13: every update is another release, and linux-kbuild is named after it. */
const trixie = [
  ...['6.12.107+deb13', '6.12.115+deb13.1'].flatMap((abi) => {
    const version = abi.replace(/\+deb13(\.1)?/, '-1');
    const depends = [
      'linux-base (>= 4.12~)',
      `linux-headers-${abi}-common (= ${version})`,
      `linux-image-${abi}-amd64 (= ${version}) | linux-image-${abi}-amd64-unsigned (= ${version})`,
      `linux-kbuild-${abi}`,
      'gcc-14',
    ].join(', ');
    return [
      { name: `linux-headers-${abi}-amd64`, version, arch: 'amd64', depends },
      { name: `linux-headers-${abi}-common`, version, arch: 'all' },
      { name: `linux-kbuild-${abi}`, version, arch: 'amd64' },
    ];
  }),
  {
    name: 'linux-headers-amd64',
    version: '6.12.115-1',
    arch: 'amd64',
    depends: 'linux-headers-6.12.115+deb13.1-amd64 (= 6.12.115-1)',
  },
];

describe('kernelsOf', () => {
  it('gives the kernels of each arch, the newest first, without what they have in common', () => {
    const kernels = kernelsIn(bookworm);
    const ofArch = (name: string) => releases(kernels.filter(({ arch }) => arch === name));
    expect(ofArch('arm64').map((release) => release.replace('-rt', ''))).toEqual([
      ...['6.1.0-56-arm64', '6.1.0-56-arm64', '6.1.0-50-arm64', '6.1.0-50-arm64'],
    ]);
    expect(ofArch('x86_64').toSorted()).toEqual([
      ...['6.1.0-50-amd64', '6.1.0-50-rt-amd64', '6.1.0-56-amd64', '6.1.0-56-rt-amd64'],
    ]);
    expect(find(kernels, '6.1.0-56-arm64')?.kdir).toBe('/usr/src/linux-headers-6.1.0-56-arm64');
    expect(releases(kernelsIn(trixie))).toEqual(['6.12.115+deb13.1-amd64', '6.12.107+deb13-amd64']);
  });

  it('gives them in the same order, in whatever order the index has them', () => {
    expect(releases(kernelsIn([...trixie].reverse()))).toEqual(releases(kernelsIn(trixie)));
  });

  it('names a release once, however many versions of its package there are, newest first', () => {
    const versions = ['6.1.192-1', '6.1.192-10', '6.1.192-2'];
    const kernels = kernelsIn(versions.flatMap((v) => bookwormKernel('6.1.0-56', v)));
    expect(new Set(releases(kernels)).size).toBe(kernels.length);
    const mains = names(find(kernels, '6.1.0-56-amd64'))?.map(([main]) => main);
    expect([...new Set(mains)]).toEqual([
      'linux-headers-6.1.0-56-amd64=6.1.192-10:amd64',
      'linux-headers-6.1.0-56-amd64=6.1.192-2:amd64',
      'linux-headers-6.1.0-56-amd64=6.1.192-1:amd64',
    ]);
  });

  it('gives kernels only: not the meta packages that follow a series (bullseye, backports)', () => {
    const version = '6.1.174-1~deb11u1';
    const common = 'linux-headers-6.1.0-0.deb11.52-common';
    const kernels = kernelsIn([
      {
        name: 'linux-headers-6.1-arm64',
        version,
        arch: 'arm64',
        depends: `linux-headers-6.1.0-0.deb11.52-arm64 (= ${version})`,
      },
      {
        name: 'linux-headers-6.1.0-0.deb11.52-arm64',
        version,
        arch: 'arm64',
        depends: `${common} (= ${version}), linux-kbuild-6.1 (>= ${version}), gcc-10`,
      },
      { name: common, version, arch: 'all' },
      { name: 'linux-kbuild-6.1', version, arch: 'amd64' },
    ]);
    expect(releases(kernels)).toEqual(['6.1.0-0.deb11.52-arm64']);
  });

  it('tells the stock kernels: those that a version of the meta package has followed', () => {
    const stock = (stanzas: Stanza[]) =>
      kernelsIn(stanzas).flatMap((kernel) => (kernel.stock ? [kernel.release] : []));
    expect(stock(bookworm).toSorted()).toEqual([
      ...['6.1.0-50-amd64', '6.1.0-50-arm64', '6.1.0-56-amd64', '6.1.0-56-arm64'],
    ]);
    expect(stock(trixie)).toEqual(['6.12.115+deb13.1-amd64']);
    expect(stock(bookwormKernel('6.1.0-56', '6.1.192-2'))).toEqual([]);
    // A meta package of another arch says nothing of this one.
    const [arm64] = metaPackages('6.1.0-56', '6.1.192-2');
    expect(stock([...bookwormKernel('6.1.0-56', '6.1.192-2'), arm64!])).toEqual(['6.1.0-56-arm64']);
  });

  it('takes other flavours for stock where the repository says so', () => {
    const flavours = { arm64: 'rt-arm64', x86_64: 'rt-amd64' };
    const repository = {
      ...bookwormRepository,
      kernels: { ...bookwormRepository.kernels, flavours },
    };
    const meta = {
      name: 'linux-headers-rt-arm64',
      version: '6.1.192-2',
      arch: 'arm64',
      depends: 'linux-headers-6.1.0-56-rt-arm64 (= 6.1.192-2)',
    };
    const kernels = kernelsIn([...bookworm, meta], 'amd64', repository);
    expect(releases(kernels.filter(({ stock }) => stock))).toEqual(['6.1.0-56-rt-arm64']);
  });

  it('makes a KDIR of the headers, what they have in common, and tools of the build machine', () => {
    expect(names(find(kernelsIn(bookworm), '6.1.0-56-arm64'))?.[0]).toEqual([
      'linux-headers-6.1.0-56-arm64=6.1.192-2:arm64',
      'linux-headers-6.1.0-56-common=6.1.192-2:all',
      'linux-kbuild-6.1=6.1.192-2:amd64',
    ]);
    expect(names(find(kernelsIn(bookworm, 'arm64'), '6.1.0-56-arm64'))?.[0]).toContain(
      'linux-kbuild-6.1=6.1.192-2:arm64',
    );
    expect(names(find(kernelsIn(bookworm), '6.1.0-50-rt-amd64'))?.[0]).toContain(
      'linux-headers-6.1.0-50-common-rt=6.1.176-1:all',
    );
    expect(names(find(kernelsIn(trixie), '6.12.115+deb13.1-amd64'))).toEqual([
      [
        'linux-headers-6.12.115+deb13.1-amd64=6.12.115-1:amd64',
        'linux-headers-6.12.115+deb13.1-common=6.12.115-1:all',
        'linux-kbuild-6.12.115+deb13.1=6.12.115-1:amd64',
      ],
    ]);
  });

  it("takes host tools of the headers' own version first, then the newest", () => {
    const kbuilds = names(find(kernelsIn(bookworm), '6.1.0-50-arm64'))?.map((set) => set.at(-1));
    expect(kbuilds).toEqual([
      'linux-kbuild-6.1=6.1.176-1:amd64',
      'linux-kbuild-6.1=6.1.192-2:amd64',
    ]);
  });

  it('gives no kernel of which the index lacks a part', () => {
    const without = bookworm.filter(({ name }) => name !== 'linux-headers-6.1.0-56-common');
    expect(find(kernelsIn(without), '6.1.0-56-arm64')).toBeUndefined();
    expect(find(kernelsIn(without), '6.1.0-50-arm64')).toBeDefined();
    expect(kernelsIn(bookworm, 'riscv64')).toEqual([]);
    expect(kernelsIn([])).toEqual([]);
  });

  it('takes the release from the first group where it has no name (Ubuntu)', () => {
    const rules = {
      package: '^linux-headers-(\\d[\\d.-]*-[a-z]+)$',
      with: '^linux-headers-\\d[\\d.-]*$',
      latest: 'linux-headers-{flavour}',
      flavours: { arm64: 'generic', x86_64: 'generic' },
      kdir: '/usr/src/linux-headers-{release}',
    };
    const version = '6.8.0-45.45';
    const kernels = kernelsIn(
      [
        {
          name: 'linux-headers-6.8.0-45-generic',
          version,
          arch: 'amd64',
          depends: 'linux-headers-6.8.0-45, libc6 (>= 2.38)',
        },
        { name: 'linux-headers-6.8.0-45', version, arch: 'all' },
        {
          name: 'linux-headers-generic',
          version,
          arch: 'amd64',
          depends: 'linux-headers-6.8.0-45-generic',
        },
      ],
      'amd64',
      { ...bookwormRepository, kernels: rules },
    );
    expect(kernels).toMatchObject([{ release: '6.8.0-45-generic', arch: 'x86_64', stock: true }]);
  });

  it('takes headers for whole where nothing is said to belong to them (bindeb-pkg)', () => {
    const rules = {
      package: '^linux-headers-(\\d.*)$',
      latest: 'linux-headers-{flavour}',
      kdir: '/usr/src/linux-headers-{release}',
    };
    const stanza = {
      name: 'linux-headers-6.12.5',
      version: '6.12.5-1',
      arch: 'arm64',
      depends: 'linux-kbuild-6.1, libc6',
    };
    const kernels = kernelsIn([stanza, ...bookworm], 'amd64', {
      ...bookwormRepository,
      kernels: rules,
    });
    const whole = find(kernels, '6.12.5');
    expect(whole).toMatchObject({ arch: 'arm64', kdir: '/usr/src/linux-headers-6.12.5' });
    expect(names(whole)).toEqual([['linux-headers-6.12.5=6.12.5-1:arm64']]);
    expect(kernels.filter(({ arch, release }) => arch !== 'arm64' && release === '6.12.5')).toEqual(
      [],
    );
  });
});
