import { describe, expect, it } from 'vitest';
import { errorCodes } from './codes.js';

describe('errorCodes', () => {
  it('are written in capitals, so that scripts and people see where one begins', () => {
    for (const code of Object.keys(errorCodes)) expect(code).toMatch(/^[A-Z]+(_[A-Z0-9]+)*$/);
  });

  it('lead to an exit status of failure, and to no other than those that are documented', () => {
    const failures = Object.values(errorCodes).filter((status) => status !== 0);
    expect(new Set(failures)).toEqual(new Set([1, 2, 3, 4, 70, 130]));
  });

  it('but for what says why a job was rightly skipped', () => {
    const harmless = Object.entries(errorCodes).filter(([, status]) => status === 0);
    expect(harmless).toEqual([['DKMS_EXCLUDED', 0]]);
  });

  it.each([
    ['BUILD_COMPILE_ERROR', 1],
    ['CONFIG_INVALID', 2],
    ['VERIFY_FAILED', 3],
    ['ENGINE_NOT_RUNNING', 4],
    ['INTERNAL', 70],
    ['INTERRUPTED', 130],
  ] as const)('give %s the exit status %i', (code, status) => {
    expect(errorCodes[code]).toBe(status);
  });
});
