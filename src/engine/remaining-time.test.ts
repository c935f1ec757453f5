import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/fuzz/random.js';
import { remainingTime, type Work } from './remaining-time.js';

/** Numbers from 0 to 1, the same each time. */
function fractions(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(1e6) / 1e6;
}

/** Works of these durations, which need nothing. */
const independent = (...durations: number[]): Work[] =>
  durations.map((milliseconds, i) => ({ id: `${i}`, milliseconds, needs: [] }));

describe('remainingTime', () => {
  it('is nothing for nothing', () => {
    expect(remainingTime([], [], 2)).toBe(0);
  });

  it.each([
    [1, [1, 2, 3], 6],
    [2, [1, 2, 3], 3],
    [2, [3, 3, 2, 2, 2], 7], // R. L. Graham's example of how the longest first does
    [3, [1, 1, 1, 6], 6],
    [100, [1, 2, 3], 3],
    [0, [1, 2], 3], // at least one is worked on, or it would never end
  ])('with %i at once, %j take %i', (slots, durations, expected) => {
    expect(remainingTime([], independent(...durations), slots)).toBe(expected);
  });

  it('begins when a slot is free, whoever holds it', () => {
    const running = [{ id: 'r', milliseconds: 5, needs: [] }];
    expect(remainingTime(running, independent(2, 2), 2)).toBe(5);
    expect(remainingTime(running, independent(2, 2), 1)).toBe(9);
    expect(remainingTime(running, [], 1)).toBe(5);
  });

  it('lets wait what needs something, of what runs and of what is to come', () => {
    const work = (id: string, milliseconds: number, ...needs: string[]) => ({
      ...{ id, milliseconds, needs },
    });
    const chain = [work('c', 1, 'b'), work('b', 2, 'a', 'gone'), work('x', 1)];
    expect(remainingTime([work('a', 4)], chain, 4)).toBe(7);
    expect(remainingTime([], [work('a', 4), ...chain], 4)).toBe(7);
  });

  it('ends where works need each other', () => {
    const [a, b] = [
      { id: 'a', milliseconds: 1, needs: ['b'] },
      { id: 'b', milliseconds: 1, needs: ['a'] },
    ];
    expect(remainingTime([], [a, b, ...independent(3)], 2)).toBe(3);
  });

  it('is never less than the longest chain and than all work shared out, nor more than Graham’s bound', () => {
    const random = fractions(1);
    for (let round = 0; round < 300; round++) {
      const slots = 1 + Math.floor(random() * 6);
      const works: Work[] = Array.from({ length: Math.floor(random() * 40) }, (_, i) => ({
        id: `${i}`,
        milliseconds: Math.floor(random() * 1000),
        needs: i > 0 && random() < 0.4 ? [`${Math.floor(random() * i)}`] : [],
      }));
      const chains = new Map<string, number>();
      for (const { id, milliseconds, needs } of works) {
        chains.set(id, milliseconds + Math.max(0, ...needs.map((need) => chains.get(need)!)));
      }
      const longest = Math.max(0, ...chains.values());
      const shared = works.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / slots;
      const time = remainingTime([], works, slots);
      expect(time).toBeGreaterThanOrEqual(Math.max(longest, shared) - 1e-6);
      expect(time).toBeLessThanOrEqual(shared + longest * (1 - 1 / slots) + 1e-6);
    }
  });
});
