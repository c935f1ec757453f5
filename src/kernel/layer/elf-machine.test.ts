import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeElf } from '../../../test/support/elf-writer.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { elfMachine } from './elf-machine.js';

const elf = (machine: number, endian: 'little' | 'big', bits: 32 | 64) =>
  writeElf({ class: bits, endian, type: 3, machine, sections: [] });

const directory = temporaryDirectory({
  arm64: elf(183, 'little', 64),
  s390: elf(22, 'big', 64),
  arm: elf(40, 'little', 32),
  script: '#!/bin/sh\nexit 0\n',
  short: '\x7fELF',
  empty: '',
});

describe('the machine of a program', () => {
  it.each([
    ['arm64', 183, 'AArch64'],
    ['s390', 22, 'IBM S/390'],
    ['arm', 40, 'ARM'],
  ])('is what readelf says of %s', (name, machine, said) => {
    expect(elfMachine(join(directory, name))).toBe(machine);
    const output = execFileSync('readelf', ['-h', join(directory, name)], { encoding: 'utf8' });
    expect(/Machine: +(.*)/.exec(output)?.[1]).toBe(said);
  });

  it.each(['script', 'short', 'empty', 'absent', '.'])('is none of %s', (name) => {
    expect(elfMachine(join(directory, name))).toBeUndefined();
  });
});
