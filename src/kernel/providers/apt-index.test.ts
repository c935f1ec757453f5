import { describe, expect, it } from 'vitest';
import {
  aptIndexText,
  bookwormKernel,
  metaPackages,
  type Stanza,
} from '../../../test/support/apt-stanza.js';
import {
  headersReleases,
  headersSets,
  latestReleases,
  parseAptIndex,
  type AptPackage,
} from './apt-index.js';

const indexOf = (...stanzas: Stanza[]) => parseAptIndex(aptIndexText(...stanzas));

/** Sets of packages, as one reads them. */
const names = (sets: { packages: AptPackage[] }[]) =>
  sets.map(({ packages }) => packages.map((p) => `${p.name}=${p.version}:${p.architecture}`));

const bookworm = indexOf(
  ...bookwormKernel('6.1.0-50', '6.1.176-1'),
  ...metaPackages('6.1.0-56', '6.1.192-2'),
  ...metaPackages('6.1.0-50', '6.1.176-1'),
  ...bookwormKernel('6.1.0-56', '6.1.192-2'),
);

/** As in Debian 13: every update is another release, and linux-kbuild is named after it. */
const trixie = indexOf(
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
);

describe('parseAptIndex', () => {
  it('reads a stanza, and no more than its fields', () => {
    const [kbuild] = indexOf({
      name: 'linux-kbuild-6.1',
      version: '6.1.192-2',
      arch: 'amd64',
      depends: 'libc6 (>= 2.34), libelf1 (>= 0.142),  libssl3 (>= 3.0.0)',
      sha256: 'abc',
    });
    expect(kbuild).toEqual({
      name: 'linux-kbuild-6.1',
      version: '6.1.192-2',
      architecture: 'amd64',
      depends: ['libc6 (>= 2.34)', 'libelf1 (>= 0.142)', 'libssl3 (>= 3.0.0)'],
      sha256: 'abc',
    });
  });

  it('reads a package that depends on nothing', () => {
    expect(indexOf({ name: 'a', version: '1', arch: 'all' })[0]?.depends).toEqual([]);
  });

  it('keeps every version of a package, in the order of the index', () => {
    expect(bookworm.filter((p) => p.name === 'linux-headers-arm64').map((p) => p.version)).toEqual([
      '6.1.192-2',
      '6.1.176-1',
    ]);
  });

  it('passes over blank lines and what is no package', () => {
    const text = `\n\n\n${aptIndexText({ name: 'a', version: '1', arch: 'all' })}\n\n\nN: a note\n\n`;
    expect(parseAptIndex(text).map(({ name }) => name)).toEqual(['a']);
    expect(parseAptIndex('')).toEqual([]);
  });
});

describe('headersReleases', () => {
  it('are those of one architecture, without what they have in common', () => {
    expect(headersReleases(bookworm, 'arm64')).toEqual([
      '6.1.0-50-arm64',
      '6.1.0-50-rt-arm64',
      '6.1.0-56-arm64',
      '6.1.0-56-rt-arm64',
    ]);
    expect(headersReleases(trixie, 'amd64')).toEqual([
      '6.12.107+deb13-amd64',
      '6.12.115+deb13.1-amd64',
    ]);
    expect(headersReleases(trixie, 'arm64')).toEqual([]);
  });

  it('name a release once, however many versions of its package there are', () => {
    const index = indexOf(
      ...bookwormKernel('6.1.0-56', '6.1.192-2'),
      ...bookwormKernel('6.1.0-56', '6.1.192-1'),
    );
    expect(headersReleases(index, 'amd64')).toEqual(['6.1.0-56-amd64', '6.1.0-56-rt-amd64']);
  });

  it('are kernels only: not the meta packages that follow a series (bullseye, backports)', () => {
    const version = '6.1.174-1~deb11u1';
    const index = indexOf(
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
        depends: `linux-headers-6.1.0-0.deb11.52-common (= ${version}), linux-kbuild-6.1 (>= ${version}), gcc-10`,
      },
    );
    expect(headersReleases(index, 'arm64')).toEqual(['6.1.0-0.deb11.52-arm64']);
  });
});

describe('latestReleases', () => {
  it('are those that the meta package has followed, newest first', () => {
    expect(latestReleases(bookworm, 'arm64', 'arm64')).toEqual([
      '6.1.0-56-arm64',
      '6.1.0-50-arm64',
    ]);
    expect(latestReleases(trixie, 'amd64', 'amd64')).toEqual(['6.12.115+deb13.1-amd64']);
  });

  it('are none where the suite has no such flavour', () => {
    expect(latestReleases(bookworm, 'cloud-arm64', 'arm64')).toEqual([]);
    expect(latestReleases(bookworm, 'arm64', 'amd64')).toEqual([]);
    expect(latestReleases(trixie, 'arm64', 'arm64')).toEqual([]);
  });
});

describe('headersSets', () => {
  it('are the headers, what they have in common, and the host tools of the build machine', () => {
    expect(names(headersSets(bookworm, '6.1.0-56-arm64', 'arm64', 'amd64'))[0]).toEqual([
      'linux-headers-6.1.0-56-arm64=6.1.192-2:arm64',
      'linux-headers-6.1.0-56-common=6.1.192-2:all',
      'linux-kbuild-6.1=6.1.192-2:amd64',
    ]);
    expect(names(headersSets(bookworm, '6.1.0-56-arm64', 'arm64', 'arm64'))[0]).toContain(
      'linux-kbuild-6.1=6.1.192-2:arm64',
    );
  });

  it("are those of trixie, whose host tools carry the release's name", () => {
    expect(names(headersSets(trixie, '6.12.115+deb13.1-amd64', 'amd64', 'amd64'))).toEqual([
      [
        'linux-headers-6.12.115+deb13.1-amd64=6.12.115-1:amd64',
        'linux-headers-6.12.115+deb13.1-common=6.12.115-1:all',
        'linux-kbuild-6.12.115+deb13.1=6.12.115-1:amd64',
      ],
    ]);
  });

  it('are those of a real-time kernel, with its own common part', () => {
    const [set] = names(headersSets(bookworm, '6.1.0-50-rt-amd64', 'amd64', 'amd64'));
    expect(set).toContain('linux-headers-6.1.0-50-common-rt=6.1.176-1:all');
  });

  it("take host tools of the headers' own version first, then the newest", () => {
    const index = indexOf(
      ...bookwormKernel('6.1.0-56', '6.1.192-2'),
      ...bookwormKernel('6.1.0-50', '6.1.176-1'),
    );
    const kbuilds = names(headersSets(index, '6.1.0-50-arm64', 'arm64', 'amd64')).map((set) =>
      set.find((name) => name.startsWith('linux-kbuild')),
    );
    expect(kbuilds).toEqual([
      'linux-kbuild-6.1=6.1.176-1:amd64',
      'linux-kbuild-6.1=6.1.192-2:amd64',
    ]);
  });

  it('are the newest version of the headers first, then older ones', () => {
    const index = indexOf(
      ...bookwormKernel('6.1.0-56', '6.1.192-2'),
      ...bookwormKernel('6.1.0-56', '6.1.192-1'),
    );
    const mains = names(headersSets(index, '6.1.0-56-amd64', 'amd64', 'amd64')).map(
      ([main]) => main,
    );
    expect(mains[0]).toBe('linux-headers-6.1.0-56-amd64=6.1.192-2:amd64');
    expect(mains.at(-1)).toBe('linux-headers-6.1.0-56-amd64=6.1.192-1:amd64');
  });

  it('name the same set once', () => {
    expect(headersSets(trixie, '6.12.107+deb13-amd64', 'amd64', 'amd64')).toHaveLength(1);
  });

  it('are none where the index lacks a part, or the release', () => {
    const incomplete = bookworm.filter(({ name }) => !name.endsWith('-common'));
    expect(headersSets(incomplete, '6.1.0-56-arm64', 'arm64', 'amd64')).toEqual([]);
    expect(headersSets(bookworm, '6.1.0-99-arm64', 'arm64', 'amd64')).toEqual([]);
    expect(headersSets(bookworm, '6.1.0-56-arm64', 'arm64', 'riscv64')).toEqual([]);
  });
});
