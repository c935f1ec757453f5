import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { findProgram } from './find-program.js';

const program = { program: '#!/bin/sh\n' };

describe('findProgram', () => {
  it('finds a program in the first directory of PATH that has it', () => {
    const [first, second, third] = [{}, { x: program }, { x: program }].map(temporaryDirectory);
    const PATH = [first, second, third].join(':');
    expect(findProgram('x', { PATH })).toBe(join(second!, 'x'));
  });

  it('passes by a file that cannot be run', () => {
    const [first, second] = [{ x: 'text' }, { x: program }].map(temporaryDirectory);
    chmodSync(join(first!, 'x'), 0o644);
    expect(findProgram('x', { PATH: [first, second].join(':') })).toBe(join(second!, 'x'));
  });

  it('passes by a link that leads nowhere, and follows one that does not', () => {
    const [first, second] = [
      { x: { link: '/nonexistent' } },
      { real: program, x: { link: 'real' } },
    ].map(temporaryDirectory);
    expect(findProgram('x', { PATH: [first, second].join(':') })).toBe(join(second!, 'x'));
  });

  it('passes by a directory', () => {
    const [first, second] = [{ 'x/y': '' }, { x: program }].map(temporaryDirectory);
    expect(findProgram('x', { PATH: [first, second].join(':') })).toBe(join(second!, 'x'));
  });

  it('does not look into the working directory, which an empty PATH would mean', () => {
    // Runnable, and from here, at the top of this repository, nowhere but here.
    const name = 'bin/kbuild-ts.js';
    expect(findProgram(name, { PATH: '.' })).toBe(name);
    for (const PATH of [undefined, '', ':/nonexistent']) {
      expect(findProgram(name, { PATH })).toBeUndefined();
    }
  });

  it('finds nothing where there is nothing', () => {
    expect(findProgram('kbuild-ts-no-such-program', { PATH: '/nonexistent' })).toBeUndefined();
    expect(findProgram('kbuild-ts-no-such-program', {})).toBeUndefined();
  });

  it('finds what a user’s PATH may lack: the programs of the system’s own directories', () => {
    // Debian's base-passwd and dpkg put ldconfig there on every machine.
    expect(findProgram('ldconfig', { PATH: '/nonexistent' })).toMatch(/^(\/usr)?\/sbin\/ldconfig$/);
  });

  it('goes by the PATH of this process unless told otherwise', () => {
    expect(findProgram('sh')).toMatch(/\/sh$/);
  });
});
