import { describe, expect, it } from 'vitest';
import { aptIndexText, type Stanza } from '../../../../test/support/apt-stanza.js';
import { imageSetsOf } from './image-packages.js';
import { parseAptIndex } from './index-file.js';

const wanted = { release: '7.2.13+deb14-arm64', architecture: 'arm64', version: '7.2.13-1' };
const rules = {
  packages: ['linux-image-{release}', 'linux-image-{release}-unsigned'],
  with: '^linux-(base|binary|modules)-\\d',
  files: ['/boot/x'],
  modules: [],
};
const named = (name: string, more: Partial<Stanza> = {}): Stanza => ({
  ...{ name: `linux-${name}`, version: wanted.version, arch: 'arm64' },
  ...more,
});
// As Debian's index of the release has them.
const whole = named(`image-${wanted.release}`, {
  depends: `dracut | initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool, linux-base-${wanted.release} (= 7.2.13-1), linux-binary-${wanted.release} (= 7.2.13-1), linux-modules-${wanted.release} (= 7.2.13-1)`,
});
const parts = ['base', 'binary', 'modules'].map((name) => named(`${name}-${wanted.release}`));

const sets = (...stanzas: Stanza[]) =>
  imageSetsOf(parseAptIndex(aptIndexText(...stanzas)), rules, wanted).map((set) =>
    set.map(({ name }) => name),
  );

describe('imageSetsOf', () => {
  it('gives the package with those of its dependencies that are parts of it', () => {
    expect(sets(...parts, named('base', { arch: 'all' }), whole)).toEqual([
      [whole, ...parts].map(({ name }) => name),
    ]);
  });

  it('gives the names in the order of the description, each of the wanted version and arch', () => {
    const [bare, unsigned] = [
      { ...whole, depends: 'kmod' },
      named(`image-${wanted.release}-unsigned`),
    ];
    expect(sets(unsigned, bare)).toEqual([[bare.name], [unsigned.name]]);
    expect(sets({ ...bare, version: '7.2.12-1' }, { ...unsigned, arch: 'amd64' })).toEqual([]);
  });

  it('gives nothing that lacks a part', () => {
    expect(sets(whole, ...parts.slice(1))).toEqual([]);
    expect(sets(whole, ...parts.slice(1), { ...parts[0]!, version: '7.2.12-1' })).toEqual([]);
  });
});
