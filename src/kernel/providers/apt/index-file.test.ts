import { describe, expect, it } from 'vitest';
import {
  aptIndexText,
  bookwormKernel,
  mirror,
  type Stanza,
} from '../../../../test/support/apt-stanza.js';
import { parseAptIndex } from './index-file.js';

const sha256 = 'a1'.repeat(32);
const kbuild: Stanza = {
  name: 'linux-kbuild-6.1',
  version: '6.1.192-2',
  arch: 'amd64',
  depends: 'libc6 (>= 2.34), a | b,  libssl3:any (>= 3.0.0)',
  sha256,
};
const text = aptIndexText(kbuild);

describe('parseAptIndex', () => {
  it('reads a package, with where the repository has it', () => {
    expect(parseAptIndex(text)).toEqual([
      {
        name: 'linux-kbuild-6.1',
        version: '6.1.192-2',
        architecture: 'amd64',
        depends: ['libc6', 'a', 'libssl3'],
        sha256,
        size: 1835236,
        uri: `${mirror}pool/main/l/linux/linux-kbuild-6.1_6.1.192-2_amd64.deb`,
      },
    ]);
  });

  it('reads a package that depends on nothing, and one of unknown size', () => {
    const [item] = parseAptIndex(text.replace(/^Depends.*\n/m, '').replace(/^Size.*\n/m, ''));
    expect(item?.depends).toEqual([]);
    expect(item).not.toHaveProperty('size');
  });

  it('names a version of a package once, though several pockets have it', () => {
    const other = text.replace(mirror, 'http://security/debian/');
    const items = parseAptIndex(text + other + text);
    expect(items.map(({ uri }) => uri)).toEqual([expect.stringContaining(mirror)]);
  });

  it('keeps every version of a package', () => {
    const stanzas = ['6.1.192-2', '6.1.176-1'].flatMap((v) => bookwormKernel('6.1.0-56', v));
    expect(parseAptIndex(aptIndexText(...stanzas))).toHaveLength(stanzas.length);
  });

  it('passes over blank lines and what is no package', () => {
    expect(parseAptIndex(`\n\n\n${text}\n\n\nN: a note\n\n`)).toHaveLength(1);
    expect(parseAptIndex('')).toEqual([]);
    expect(parseAptIndex(':\n: \n\n\0\n')).toEqual([]);
  });

  it('passes over a package of which the end is missing, wherever it is cut', () => {
    const whole = parseAptIndex(text);
    for (let length = 0; length < text.length - 1; length++) {
      expect(parseAptIndex(text.slice(0, length))).toEqual([]);
      // What comes before it counts all the same.
      const before = text + text.replaceAll('6.1.192-2', '6.1.193-1').slice(0, length);
      expect(parseAptIndex(before)).toEqual(whole);
    }
  });

  it.each([
    ['Package', '../../../etc/cron.d/x'],
    ['Package', 'a/b'],
    ['Package', '..'],
    ['Package', 'a b'],
    ['Package', '-rf'],
    ['Package', '$(reboot)'],
    ['Package', ''],
    ['Version', '../../x'],
    ['Version', "1';reboot;'"],
    ['Version', '1 2'],
    ['Version', ''],
    ['Architecture', '../amd64'],
    ['Architecture', ''],
    ['SHA256', ''],
    ['SHA256', 'a1'],
    ['SHA256', '$(reboot)'],
    ['SHA256', `${sha256}; reboot`],
    ['SHA256', `../${sha256.slice(3)}`],
  ])('passes over a package whose %s is %j', (field, value) => {
    const hostile = text.replace(new RegExp(`^${field}: .*$`, 'm'), () => `${field}: ${value}`);
    expect(hostile).not.toBe(text);
    expect(parseAptIndex(hostile)).toEqual([]);
  });

  it.each(['1:9.9~rc1+b1-1', '9'.repeat(200), '0'])('takes the version %s', (version) => {
    const items = parseAptIndex(aptIndexText({ ...kbuild, version }));
    expect(items.map((item) => item.version)).toEqual([version]);
  });

  it.each(['-1', 'NaN', '1e999', '0', 'many'])('does not believe a size of %s', (size) => {
    const [item] = parseAptIndex(text.replace(/^Size: .*$/m, `Size: ${size}`));
    expect(item).not.toHaveProperty('size');
  });
});
