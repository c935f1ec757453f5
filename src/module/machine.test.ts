import { describe, expect, it } from 'vitest';
import { machineName } from './machine.js';

describe('machineName', () => {
  it.each([
    [62, 'x86_64'],
    [183, 'aarch64'],
    [40, 'arm'],
    [243, 'riscv'],
    [22, 's390'],
    [8, 'mips'],
    [0xfeed, 'machine 65261'],
  ])('calls %i %s', (machine, name) => {
    expect(machineName(machine)).toBe(name);
  });
});
