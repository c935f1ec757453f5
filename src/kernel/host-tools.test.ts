import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostTool, machines } from '../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import { compareVersions, readHostTools } from './host-tools.js';

/** The host tools of a KDIR with these files, in a tree of its own. */
const toolsOf = (files: FileTree) => readHostTools([temporaryDirectory(files)], '/');

describe('readHostTools', () => {
  it('names the machine and the newest glibc that any of them needs', () => {
    const tools = toolsOf({
      'scripts/basic/fixdep': hostTool(['2.2.5', '2.34'], machines.arm64),
      'scripts/mod/modpost': hostTool(['2.4', '2.38', '2.9'], machines.arm64),
    });
    expect(tools).toEqual({ machine: machines.arm64, glibc: '2.38' });
  });

  it('finds in a real program the versions that readelf finds', () => {
    const program = readFileSync('/bin/sh');
    const output = execFileSync('readelf', ['-VW', '/bin/sh'], { encoding: 'utf8' });
    const versions = [...output.matchAll(/Name: GLIBC_([\d.]+)/g)].map(([, v]) => v ?? '');
    const header = execFileSync('readelf', ['-hW', '/bin/sh'], { encoding: 'utf8' });
    const tools = toolsOf({ 'scripts/basic/fixdep': program, 'scripts/mod/modpost': program });
    expect(versions.length).toBeGreaterThan(0);
    expect(tools?.glibc).toBe(versions.sort(compareVersions).at(-1));
    expect(header.includes('X86-64')).toBe(tools?.machine === machines.x86_64);
  });

  it('names no glibc for programs that are linked statically', () => {
    const program = hostTool([]);
    const tools = toolsOf({ 'scripts/basic/fixdep': program, 'scripts/mod/modpost': program });
    expect(tools).toEqual({ machine: machines.x86_64 });
  });

  it('follows links to them', () => {
    const tools = toolsOf({
      'scripts/basic/fixdep': { link: '/usr/lib/kbuild/fixdep' },
      'scripts/mod': { link: '../usr/lib/kbuild' },
      'usr/lib/kbuild/fixdep': hostTool(),
      'usr/lib/kbuild/modpost': hostTool(),
    });
    expect(tools).toEqual({ machine: machines.x86_64, glibc: '2.34' });
  });

  it.each(['scripts/basic/fixdep', 'scripts/mod/modpost'])('finds none without %s', (program) => {
    expect(toolsOf({ [program]: hostTool() })).toBeUndefined();
  });

  it('names the program that is no ELF file, such as a script in its place', async () => {
    const error = await kbuildErrorOf(() =>
      toolsOf({
        'scripts/basic/fixdep': '#!/bin/sh\nexec /opt/fixdep "$@"\n',
        'scripts/mod/modpost': hostTool(),
      }),
    );
    expect(error.message).toContain('scripts/basic/fixdep');
    expect(error.code).toMatch(/^KDIR_/);
  });
});

describe('compareVersions', () => {
  it('compares numbers, not letters', () => {
    const versions = ['2.34', '2.4', '2.2.5', '2.36', '2.3', '2.3.4', '2.38', '10.0'];
    expect(versions.sort(compareVersions)).toEqual([
      '2.2.5',
      '2.3',
      '2.3.4',
      '2.4',
      '2.34',
      '2.36',
      '2.38',
      '10.0',
    ]);
  });

  it('takes a missing part for 0', () => {
    expect(compareVersions('2.34', '2.34.0')).toBe(0);
    expect(compareVersions('2.34', '2.34.1')).toBeLessThan(0);
  });
});
