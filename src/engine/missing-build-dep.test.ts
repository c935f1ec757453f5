import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { missingBuildDep, type BuildPlace } from './missing-build-dep.js';

const place = (changes: Partial<BuildPlace> = {}): BuildPlace => ({
  project: { buildDeps: [] },
  runtime: 'docker',
  ...changes,
});
const hintFor = (text: string, changes: Partial<BuildPlace> = {}) =>
  missingBuildDep(text.split('\n'), place(changes));

const fromArchive = (depends: string, buildDeps: string[] = []): Partial<BuildPlace> => ({
  project: { buildDeps, origin: { archive: '/x.deb', package: 'x-dkms', depends } },
});

describe('missingBuildDep', () => {
  it.each([
    ['sh', ['-c', 'nosuchprog --version']],
    ['bash', ['-c', 'nosuchprog --version']],
    ['env', ['nosuchprog']],
    ['make', ['--eval', 'all: ; @nosuchprog --version', 'all']],
    ['make', ['--eval', 'all: ; @nosuchprog --version | cat; false', 'all']],
  ])('knows what %s says of a program that is not there: %j', (program, args) => {
    const { stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    expect(stderr).toContain('nosuchprog');
    const hint = hintFor(stderr);
    expect(hint).toContain('the package that has nosuchprog');
    expect(hint).toContain('--build-dep nosuchprog');
    expect(hint).toContain('buildDeps');
  });

  it.each([
    ['/build/x/xt.c:3:10: fatal error: xtables.h: No such file or directory', 'xtables.h'],
    ["/build/x/xt.c:3:10: fatal error: 'libfoo/a.h' file not found", 'libfoo/a.h'],
    ['Package xtables was not found in the pkg-config search path.', 'xtables.pc'],
    ["Package 'xtables', required by 'virtual:world', not found", 'xtables.pc'],
    ["No package 'xtables' found", 'xtables.pc'],
    ['/usr/bin/ld: cannot find -lelf: No such file or directory', '-lelf'],
    ['ld.lld: error: unable to find library -lelf', '-lelf'],
    ["ModuleNotFoundError: No module named 'yaml'", 'yaml'],
    ["Can't locate Foo/Bar.pm in @INC (you may need to install the Foo::Bar module)", 'Foo/Bar.pm'],
    ['configure: error: libxtables is needed', 'what configure asks for (libxtables is needed)'],
  ])('knows %j', (line, what) => {
    const hint = hintFor(`checking…\n${line}\nmake: *** [Makefile:3: all] Error 1`);
    expect(hint).toContain(`the package that has ${what}`);
    // Nobody knows from this what the package is called.
    expect(hint).toContain('--build-dep PACKAGE');
  });

  it.each([
    'x.c:3:10: fatal error: linux/gone.h: No such file or directory',
    'x.c:3:10: fatal error: ../drm/gone.h: No such file or directory',
    "x.c:3:5: error: 'x' undeclared",
    'cp: cannot stat x: No such file or directory',
    'the symbol was not found in the table',
    'make: *** [Makefile:3: all] Error 1',
    '',
  ])('has nothing to say of %j', (line) => {
    expect(hintFor(line)).toBeUndefined();
  });

  it('tells the first that was missed', () => {
    const hint = hintFor('sh: 1: first: not found\nsh: 1: second: not found');
    expect(hint).toContain('first');
    expect(hint).not.toContain('second');
  });

  it('names what the archive of the sources depends on, but dkms, kernels and virtual packages', () => {
    const depends =
      'dkms (>= 2.1.0.0), iptables, libxtables-dev (>= 1.8) | libxtables, linux-headers-amd64 | linux-headers, c-compiler, perl:any, other-dkms, debconf (>= 0.5) | debconf-2.0';
    const hint = hintFor('sh: 1: iptables: not found', fromArchive(depends));
    expect(hint).toMatch(/--build-dep iptables,libxtables-dev,perl\.$/);
  });

  it('says what to take instead of a library', () => {
    const hint = hintFor('configure: error: no xtables', fromArchive('dkms, libxtables12'));
    expect(hint).toMatch(/--build-dep libxtables12 \(.*-dev package\)\.$/);
  });

  it('names no package that is there already', () => {
    const hint = (buildDeps: string[]) =>
      hintFor('sh: 1: x: not found', fromArchive('dkms, iptables, flex', buildDeps));
    expect(hint(['iptables'])).toMatch(/--build-dep flex\.$/);
    expect(hint(['iptables', 'flex'])).not.toContain('archive');
  });

  it('has no image to speak of on the host', () => {
    const hint = hintFor('sh: 1: x: not found', { runtime: 'host' });
    expect(hint).toContain('install it on this machine');
    expect(hint).not.toContain('--build-dep');
  });
});
