import { describe, expect, it } from 'vitest';
import { Machines } from './machines.js';

describe('Machines', () => {
  it('are had by so many at once, first come, first served', async () => {
    const machines = new Machines(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = (number: number) =>
      machines.use(() => {
        begun.push(number);
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const all = [1, 2, 3, 4].map(work);
    await Promise.resolve();
    expect(begun).toEqual([1, 2]);
    expect(machines.free).toBe(0);
    ends[0]?.();
    await all[0];
    expect(begun).toEqual([1, 2, 3]);
    // One that comes now is behind those that wait.
    const last = work(5);
    ends[1]?.();
    await all[1];
    expect(begun).toEqual([1, 2, 3, 4]);
    ends[2]?.();
    await all[2];
    for (const end of ends) end();
    await all[3];
    ends.at(-1)?.();
    await last;
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(machines.free).toBe(2);
  });

  it('are free again after work that failed', async () => {
    const machines = new Machines(1);
    await expect(machines.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(machines.free).toBe(1);
  });
});
