import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/fuzz/random.js';
import { matchesGlob } from './glob.js';

/** Of pairs of a name and a pattern, what bash's `[[ name == pattern ]]` says. */
function inBash(pairs: readonly (readonly [string, string])[]): boolean[] {
  const script = `while IFS= read -r -d '' n && IFS= read -r -d '' p
    do [[ $n == $p ]] && echo 1 || echo 0; done`;
  const input = pairs.map(([name, pattern]) => `${name}\0${pattern}\0`).join('');
  const args = ['--norc', '--noprofile', '-c', script];
  const output = execFileSync('bash', args, { input, env: { LC_ALL: 'C' }, encoding: 'utf8' });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => line === '1');
}

const releases = ['6.1.0-56-cloud-arm64', '6.12.107+deb13-rt-amd64', '6.1', ''];
const patterns = [
  '*',
  '',
  '?',
  '*-cloud-*',
  '6.1.*',
  '6.1?0-5[0-6]-*',
  '6.1.0-[!4]*',
  '6.1.0-[^4]*',
  '*[+]deb*',
  '**amd64',
  '*-*-*-*-*',
  '[',
  '*[',
  '[]',
  '[!',
  '[!]',
  '[]6]*',
  '[!]]*',
  '[z-a]*',
  '[6-]*',
  '[-6]*',
  '6[.]1',
  '6\\.1',
  '6.1.0(56)',
  '.*',
  '6.1|6.2',
  '^6.1$',
  '\\*',
  '\\6*',
];

describe('matchesGlob', () => {
  it('is true of what bash says it is true of', () => {
    const pairs = patterns.flatMap((pattern) => releases.map((name) => [name, pattern] as const));
    const ours = pairs.map(([name, pattern]) => matchesGlob(name, pattern));
    expect(ours).toEqual(inBash(pairs));
    expect(new Set(ours).size).toBe(2);
  });

  it('is true of what bash says it is true of, whatever the pattern', () => {
    const random = new Random(7);
    const alphabet = ['a', ...Array.from('aab-]*??[[!^\\cz\n')] as const;
    const word = (length: number) =>
      Array.from({ length: random.below(length) }, () => random.pick(alphabet));
    const pairs = Array.from({ length: 3000 }, () => {
      const pattern = word(9);
      // Half the names follow the pattern as far as its characters stand for themselves.
      const name = random.below(2) === 0 ? word(6) : pattern.filter(() => random.below(5) > 0);
      return [name.join(''), pattern.join('')] as const;
    }).filter(([, pattern]) => !/[\\-]$/.test(pattern)); // bash by itself: fnmatch(3) differs
    const ours = pairs.map(([name, pattern]) => matchesGlob(name, pattern));
    const theirs = inBash(pairs);
    expect(pairs.filter((_, i) => ours[i] !== theirs[i])).toEqual([]);
    expect(theirs.filter(Boolean).length).toBeGreaterThan(100);
  });

  it.each([
    ['*a'.repeat(40) + 'b', 'a'.repeat(2000)],
    ['*'.repeat(2000) + 'b', 'a'.repeat(2000)],
    ['[a-z]*'.repeat(300) + '!', 'a'.repeat(1000)],
    ['['.repeat(5000), '['.repeat(5000)],
  ])('takes no time for a pattern that others never come back from: %#', (pattern, name) => {
    const start = performance.now();
    matchesGlob(name, pattern);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('takes a character outside of the basic plane for one', () => {
    expect(matchesGlob('🐧', '?')).toBe(true);
    expect(matchesGlob('🐧', '??')).toBe(false);
    expect(matchesGlob('🐧', '[🐧🐪]')).toBe(true);
  });
});
