import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/fuzz/random.js';
import { compareNumbers, compareReleases, isSince } from './release.js';

describe('isSince', () => {
  it.each([
    ['5.13.0-1-amd64', true],
    ['5.12.19', false],
    ['5.13-rc1', true],
    ['6.1.0-56-arm64', true],
    ['4.19.0', false],
    ['5.10.0-46-cloud-amd64', false],
  ])('%s', (release, expected) => {
    expect(isSince(release, 5, 13)).toBe(expected);
  });
});

/** Releases of Debian, as its index has had them. */
const debian = [
  ...['30', '32', '43', '44', '45', '46'].map((abi) => `5.10.0-${abi}`),
  ...['48', '49', '50', '51', '52'].map((abi) => `6.1.0-0.deb11.${abi}`),
  ...['9', '47', '50', '53', '54', '55', '56', '100'].map((abi) => `6.1.0-${abi}`),
  ...['94', '107', '111', '113', '115', '117'].flatMap((patch) => [
    `6.12.${patch}+deb12`,
    `6.12.${patch}+deb13`,
    `6.12.${patch}+deb13.1`,
  ]),
  '7.2.13+deb14',
].flatMap((abi) => ['amd64', 'arm64', 'cloud-arm64', 'rt-amd64'].map((f) => `${abi}-${f}`));

/** Of pairs of versions, what rpm says: a `-` would divide a version from a release there. */
function inRpm(pairs: readonly (readonly [string, string])[]): number[] {
  const list = pairs.map(([a, b]) => `{"${a}","${b}"}`.replaceAll('-', '.')).join(',');
  const lua = `for _, p in ipairs({${list}}) do print(rpm.vercmp(p[1], p[2]) .. "\\n") end`;
  const output = execFileSync('rpm', ['--eval', `%{lua:${lua}}`], { encoding: 'utf8' });
  return output.trim().split('\n').map(Number);
}

describe('compareReleases', () => {
  it("orders Debian's releases as sort -V does", () => {
    const input = `${debian.join('\n')}\n`;
    const sorted = execFileSync('sort', ['-V'], { input, env: { LC_ALL: 'C' }, encoding: 'utf8' });
    const shuffled = debian.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
    expect(shuffled.sort(compareReleases)).toEqual(sorted.trim().split('\n'));
  });

  it("orders the releases of rpm's distributions as rpm does", () => {
    const releases = [
      '4.18.0-305.el8.x86_64',
      '4.18.0-305.3.1.el8.x86_64',
      '4.18.0-305.10.2.el8_4.x86_64',
      '4.18.0-348.el8.x86_64',
      '5.14.0-70.13.1.el9_0.x86_64',
      '6.1.109-118.189.amzn2023.x86_64',
      '6.4.0-150600.21-default',
      '6.4.0-150600.23.60-default',
      '6.8.5-301.fc40.aarch64',
      '6.8.5-301.1.fc40.aarch64',
      '6.11.4-301.fc41.x86_64',
      '6.12.0-0.rc1.20240930git9852d85ec9d4.18.fc42.x86_64',
      '6.12.0-0.rc1.18.fc42.x86_64',
    ];
    const pairs = releases.flatMap((a) => releases.map((b) => [a, b] as const));
    expect(pairs.map(([a, b]) => Math.sign(compareReleases(a, b)))).toEqual(inRpm(pairs));
    expect(compareReleases('4.18.0-305.10.2.el8_4', '4.18.0-305.el8')).toBeGreaterThan(0);
  });

  it('orders anything as rpm does', () => {
    const random = new Random(11);
    const alphabet = ['99999999999999999999', ...Array.from('00199aZb..~^-_+')] as const;
    const word = () =>
      Array.from({ length: 1 + random.below(7) }, () => random.pick(alphabet)).join('');
    const pairs = Array.from({ length: 3000 }, () => [word(), word()] as const);
    const theirs = inRpm(pairs);
    const wrong = pairs.filter(([a, b], i) => Math.sign(compareReleases(a, b)) !== theirs[i]);
    expect(wrong).toEqual([]);
    expect(new Set(theirs)).toEqual(new Set([-1, 0, 1]));
  });
});

describe('compareNumbers', () => {
  it.each([
    ['9', '10', -1],
    ['010', '10', 0],
    ['', '0', 0],
    ['99999999999999999999', '99999999999999999998', 1],
    ['100000000000000000000', '99999999999999999999', 1],
  ])('holds %j against %j', (a, b, expected) => {
    expect(Math.sign(compareNumbers(a, b))).toBe(expected);
    expect(Math.sign(compareNumbers(b, a))).toBe(expected === 0 ? 0 : -expected);
  });
});
