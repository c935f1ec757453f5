import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../test/support/fuzz/random.js';
import { compareDebianVersions } from './version.js';

/** Of pairs of versions, what dpkg says. */
function inDpkg(pairs: readonly (readonly [string, string])[]): number[] {
  const script = `while read -r a b; do
    if dpkg --compare-versions "$a" lt "$b"; then echo -1
    elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done`;
  const input = pairs.map(([a, b]) => `${a} ${b}\n`).join('');
  const output = execFileSync('sh', ['-c', script], { input, encoding: 'utf8' });
  return output.trim().split('\n').map(Number);
}

const ours = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([a, b]) => Math.sign(compareDebianVersions(a, b)));

describe('compareDebianVersions', () => {
  // Versions that Debian's indexes have had of packages of the kernel, in dpkg's order.
  const real = [
    '5.10.218-1',
    '5.10.251-5',
    '5.10.262-1',
    '6.1.170-3',
    '6.1.176-1~deb11u1',
    '6.1.176-1',
    '6.1.192-1',
    '6.1.192-2',
    '6.12~rc1-1~exp1',
    '6.12-1~exp1',
    '6.12.9-1',
    '6.12.94-1',
    '6.12.107-1~bpo12+1',
    '6.12.107-1~deb12u1',
    '6.12.107-1',
    '6.12.115-2~deb12u1',
    '6.12.115-2',
    '7.2.13-1',
    '1:2.6.32',
  ];

  it("orders all of Debian's versions as dpkg does", () => {
    const neighbours = real.slice(1).map((version, i) => [real[i] ?? '', version] as const);
    expect(inDpkg(neighbours)).toEqual(neighbours.map(() => -1));
    for (const [i, a] of real.entries()) {
      for (const [j, b] of real.entries()) {
        expect([a, b, Math.sign(compareDebianVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  it.each([
    ['1.0', '1.0-0'],
    ['0:1.0', '1.0'],
    ['1.00', '1.0'],
    ['1.0-1', '1.0-01'],
    ['1.0~', '1.0'],
    ['1.0~~', '1.0~'],
    ['1.0a', '1.0+'],
    ['1.0-1-1', '1.0-1'],
    ['1.99999999999999999999', '1.99999999999999999998'],
    ['1.100000000000000000000', '1.99999999999999999999'],
    ['1:0', '999999999'],
    ['1.a', '1.'],
    ['1.A', '1.a'],
  ])('holds %s against %s as dpkg does', (a, b) => {
    const pairs = [
      [a, b],
      [b, a],
    ] as const;
    expect(ours(pairs)).toEqual(inDpkg(pairs));
  });

  it('orders any versions as dpkg does', () => {
    const random = new Random(5);
    const alphabet = ['0', ...Array.from('0019aZ...+~-')] as const;
    const word = () => {
      const text = Array.from({ length: random.below(8) }, () => random.pick(alphabet)).join('');
      return `${random.pick(['', '', '', '0:', '1:'])}${random.below(3)}${text}1`;
    };
    const pairs = Array.from({ length: 400 }, () => [word(), word()] as const);
    const [mine, theirs] = [ours(pairs), inDpkg(pairs)];
    expect(pairs.filter((_, i) => mine[i] !== theirs[i])).toEqual([]);
    expect(new Set(theirs).size).toBeGreaterThan(1);
  });
});
