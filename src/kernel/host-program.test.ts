import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostTool, machines } from '../../test/support/kdir-tree.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readHostProgram, readWrappedProgram } from './host-program.js';

const readelf = (...args: string[]) => execFileSync('readelf', args, { encoding: 'utf8' });

describe('readHostProgram', () => {
  it.each(['/bin/sh', '/usr/bin/readelf', '/usr/bin/make', '/usr/bin/openssl'])(
    'reads of %s what readelf reads',
    (name) => {
      const path = realpathSync(name);
      const program = readHostProgram(path);
      const needed = [...readelf('-dW', path).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((m) => m[1]);
      const versions = [...readelf('-VW', path).matchAll(/Name: GLIBC_([\d.]+)/g)].map((m) => m[1]);
      expect(needed.length).toBeGreaterThan(0);
      expect(program.libraries).toEqual(needed);
      expect(new Set(program.glibc)).toEqual(new Set(versions));
      expect(program.executable).toBe(true);
    },
  );

  it('finds the programs behind a wrapper, and no others', () => {
    const directory = temporaryDirectory({
      modpost: hostTool(),
      'modpost.real-lsb-64': hostTool(['2.38'], machines.arm64),
      'modpost.c': '',
      'fixdep.real-x': hostTool(),
    });
    const { behind, executable } = readWrappedProgram(join(directory, 'modpost'));
    expect(behind.map(({ file }) => file)).toEqual([join(directory, 'modpost.real-lsb-64')]);
    expect(behind[0]).toMatchObject({ machine: machines.arm64, glibc: ['2.38'] });
    expect(executable).toBe(false);
  });
});
