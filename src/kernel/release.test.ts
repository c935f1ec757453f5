import { describe, expect, it } from 'vitest';
import { isSince } from './release.js';

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
