import { describe, expect, it } from 'vitest';
import { breathe } from './breathe.js';

describe('breathe', () => {
  it('lets a signal and a timer have their turn in work that never waits', async () => {
    let signals = 0;
    let timers = 0;
    const onSignal = () => signals++;
    process.on('SIGUSR2', onSignal);
    const timer = setInterval(() => timers++, 1);
    process.kill(process.pid, 'SIGUSR2');
    const start = performance.now();
    while (performance.now() - start < 150) await breathe();
    clearInterval(timer);
    process.off('SIGUSR2', onSignal);
    expect(signals).toBe(1);
    expect(timers).toBeGreaterThan(1);
  });

  it('does not wait each time', async () => {
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    for (let i = 0; i < 1000; i++) await breathe();
    clearImmediate(immediate);
    expect(turns).toBeLessThan(100);
  });
});
