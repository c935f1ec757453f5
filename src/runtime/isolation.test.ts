import { describe, expect, it } from 'vitest';
import { buildUser, nextBuildUser } from './isolation.js';

describe('nextBuildUser', () => {
  it('gives builds that run side by side a user each, and never one that a machine has', () => {
    const users = Array.from({ length: 14 }, nextBuildUser);
    expect(new Set(users).size).toBe(14);
    expect(users).toContain(buildUser);
    for (const user of users) {
      const [id, group] = user.split(':').map(Number);
      expect(group).toBe(id);
      // What systemd and Debian leave free, and what a namespace of 65536 users has.
      expect(id).toBeGreaterThanOrEqual(65_520);
      expect(id).toBeLessThan(65_534);
    }
  });
});
