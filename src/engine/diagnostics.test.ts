import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectAt, projectOf } from '../../test/support/job-values.js';
import { make } from '../../test/support/make.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import type { Diagnostic } from '../events/event.js';
import { planJobs } from '../plan/plan-jobs.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { parseDiagnostic, userPaths } from './diagnostics.js';

const parse = (line: string) => parseDiagnostic(line, (path) => path);

const lines: [tool: string, line: string, expected: Diagnostic][] = [
  [
    'GCC',
    '/build/hello/hello.c:12:9: error: implicit declaration of function ‘frob’; did you mean ‘from’? [-Werror=implicit-function-declaration]',
    {
      severity: 'error',
      file: '/build/hello/hello.c',
      line: 12,
      column: 9,
      message: 'implicit declaration of function ‘frob’; did you mean ‘from’?',
      flag: '-Werror=implicit-function-declaration',
    },
  ],
  [
    'GCC',
    "/build/hello/hello.c:7:13: warning: 'unused' defined but not used [-Wunused-function]",
    {
      severity: 'warning',
      file: '/build/hello/hello.c',
      line: 7,
      column: 13,
      message: "'unused' defined but not used",
      flag: '-Wunused-function',
    },
  ],
  [
    'GCC',
    '/build/hello/hello.c:3:10: fatal error: nowhere.h: No such file or directory',
    {
      severity: 'error',
      file: '/build/hello/hello.c',
      line: 3,
      column: 10,
      message: 'nowhere.h: No such file or directory',
    },
  ],
  [
    'GCC',
    '/build/hello/hello.c:9:5: note: each undeclared identifier is reported only once for each function it appears in',
    {
      severity: 'note',
      file: '/build/hello/hello.c',
      line: 9,
      column: 5,
      message: 'each undeclared identifier is reported only once for each function it appears in',
    },
  ],
  [
    'GCC, in a directory with a blank',
    '/build/my dir/a b.c:1:2: error: #error "no [-Wthing] here"',
    {
      severity: 'error',
      file: '/build/my dir/a b.c',
      line: 1,
      column: 2,
      message: '#error "no [-Wthing] here"',
    },
  ],
  [
    'GCC, of a macro’s place in a header of the kernel',
    '/usr/src/linux-headers-6.1.0-56-common/include/linux/kern_levels.h:5:25: warning: format ‘%s’ expects argument of type ‘char *’, but argument 2 has type ‘int’ [-Wformat=]',
    {
      severity: 'warning',
      file: '/usr/src/linux-headers-6.1.0-56-common/include/linux/kern_levels.h',
      line: 5,
      column: 25,
      message: 'format ‘%s’ expects argument of type ‘char *’, but argument 2 has type ‘int’',
      flag: '-Wformat=',
    },
  ],
  [
    'Clang',
    "/build/hello/hello.c:5:2: error: call to undeclared function 'frob'; ISO C99 and later do not support implicit function declarations [-Werror,-Wimplicit-function-declaration]",
    {
      severity: 'error',
      file: '/build/hello/hello.c',
      line: 5,
      column: 2,
      message:
        "call to undeclared function 'frob'; ISO C99 and later do not support implicit function declarations",
      flag: '-Werror,-Wimplicit-function-declaration',
    },
  ],
  [
    'Clang',
    "/build/hello/hello.c:3:10: fatal error: 'nowhere.h' file not found",
    {
      severity: 'error',
      file: '/build/hello/hello.c',
      line: 3,
      column: 10,
      message: "'nowhere.h' file not found",
    },
  ],
  [
    'Clang’s assembler',
    '/build/hello/entry.S:3:2: error: unrecognized instruction mnemonic, did you mean: add, adr?',
    {
      severity: 'error',
      file: '/build/hello/entry.S',
      line: 3,
      column: 2,
      message: 'unrecognized instruction mnemonic, did you mean: add, adr?',
    },
  ],
  [
    'gas',
    "/build/hello/e.S:1: Error: no such instruction: `foo bar'",
    {
      severity: 'error',
      file: '/build/hello/e.S',
      line: 1,
      message: "no such instruction: `foo bar'",
    },
  ],
  [
    'gas',
    'e.S:3: Warning: value truncated',
    { severity: 'warning', file: 'e.S', line: 3, message: 'value truncated' },
  ],
  [
    'GCC, of its command line',
    'aarch64-linux-gnu-gcc-12: error: unrecognized command-line option ‘-fnonsense’',
    { severity: 'error', message: 'unrecognized command-line option ‘-fnonsense’' },
  ],
  [
    'GCC’s compiler proper',
    'cc1: warning: /nowhere: No such file or directory [-Wmissing-include-dirs]',
    {
      severity: 'warning',
      message: '/nowhere: No such file or directory',
      flag: '-Wmissing-include-dirs',
    },
  ],
  [
    'Clang, of its command line',
    "clang-14: error: unknown argument: '-fnonsense'",
    { severity: 'error', message: "unknown argument: '-fnonsense'" },
  ],
  [
    'sparse',
    "/build/hello/hello.c:4:5: warning: symbol 'hidden' was not declared. Should it be static?",
    {
      severity: 'warning',
      file: '/build/hello/hello.c',
      line: 4,
      column: 5,
      message: "symbol 'hidden' was not declared. Should it be static?",
    },
  ],
  [
    'sparse',
    '/build/hello/hello.c:20:17: warning: incorrect type in argument 1 (different address spaces)',
    {
      severity: 'warning',
      file: '/build/hello/hello.c',
      line: 20,
      column: 17,
      message: 'incorrect type in argument 1 (different address spaces)',
    },
  ],
  [
    'modpost',
    'ERROR: modpost: "nobody_exports_this" [/build/hello/hello.ko] undefined!',
    { severity: 'error', message: '"nobody_exports_this" [/build/hello/hello.ko] undefined!' },
  ],
  [
    'modpost',
    'WARNING: modpost: missing MODULE_DESCRIPTION() in /build/hello/hello.o',
    { severity: 'warning', message: 'missing MODULE_DESCRIPTION() in /build/hello/hello.o' },
  ],
  [
    'modpost',
    'WARNING: modpost: hello: section mismatch in reference: run (section: .text) -> setup (section: .init.text)',
    {
      severity: 'warning',
      message:
        'hello: section mismatch in reference: run (section: .text) -> setup (section: .init.text)',
    },
  ],
  [
    'modpost',
    "ERROR: modpost: GPL-incompatible module hello.ko uses GPL-only symbol 'device_create'",
    {
      severity: 'error',
      message: "GPL-incompatible module hello.ko uses GPL-only symbol 'device_create'",
    },
  ],
  [
    'modpost',
    'ERROR: modpost: module consumer uses symbol exporter_remove from namespace KBUILD_TS, but does not import it.',
    {
      severity: 'error',
      message:
        'module consumer uses symbol exporter_remove from namespace KBUILD_TS, but does not import it.',
    },
  ],
  [
    'modpost',
    'FATAL: modpost: parse error in symbol dump file',
    { severity: 'error', message: 'parse error in symbol dump file' },
  ],
  [
    'make',
    '/build/hello/Kbuild:3: *** missing separator.  Stop.',
    { severity: 'error', file: '/build/hello/Kbuild', line: 3, message: 'missing separator' },
  ],
  [
    'make, of $(error …)',
    'Makefile:7: *** Set KDIR.  Stop.',
    { severity: 'error', file: 'Makefile', line: 7, message: 'Set KDIR' },
  ],
  [
    'make',
    "make[2]: *** No rule to make target '/build/hello/gone.o', needed by '/build/hello/hello.o'.  Stop.",
    {
      severity: 'error',
      message: "No rule to make target '/build/hello/gone.o', needed by '/build/hello/hello.o'",
    },
  ],
  [
    'make, at the top',
    "make: *** No rule to make target 'modules'.  Stop.",
    { severity: 'error', message: "No rule to make target 'modules'" },
  ],
  [
    'make, of a directory that is not there',
    'make[1]: *** /nonexistent/build: No such file or directory.  Stop.',
    { severity: 'error', message: '/nonexistent/build: No such file or directory' },
  ],
  [
    'GNU ld',
    'aarch64-linux-gnu-ld: cannot find /build/hello/blob.o: No such file or directory',
    { severity: 'error', message: 'cannot find /build/hello/blob.o: No such file or directory' },
  ],
  [
    'GNU ld, by its path',
    "/usr/bin/x86_64-linux-gnu-ld.bfd: /build/hello/a.o: undefined reference to `frob'",
    { severity: 'error', message: "/build/hello/a.o: undefined reference to `frob'" },
  ],
  [
    'GNU ld, with a line',
    "/build/hello/b.c:1: multiple definition of `f'; /build/hello/a.o:/build/hello/a.c:3: first defined here",
    {
      severity: 'error',
      file: '/build/hello/b.c',
      line: 1,
      message:
        "multiple definition of `f'; /build/hello/a.o:/build/hello/a.c:3: first defined here",
    },
  ],
  [
    'GNU ld, with a place in a section',
    "/usr/bin/ld: hello.c:(.text+0x5): undefined reference to `frob'",
    { severity: 'error', file: 'hello.c', message: "undefined reference to `frob'" },
  ],
  [
    'GNU ld',
    'aarch64-linux-gnu-ld: warning: cannot find entry symbol _start; not setting start address',
    {
      severity: 'warning',
      message: 'cannot find entry symbol _start; not setting start address',
    },
  ],
  [
    'LLD',
    'ld.lld: error: duplicate symbol: f',
    { severity: 'error', message: 'duplicate symbol: f' },
  ],
  [
    'LLD',
    'ld.lld: error: undefined symbol: frob',
    { severity: 'error', message: 'undefined symbol: frob' },
  ],
  [
    'LLD, with its version',
    'ld.lld-14: error: cannot open /build/hello/blob.o: No such file or directory',
    { severity: 'error', message: 'cannot open /build/hello/blob.o: No such file or directory' },
  ],
];

describe('parseDiagnostic', () => {
  it.each(lines)('reads what %s says: %s', (_, line, expected) => {
    expect(parse(line)).toEqual(expected);
  });

  it.each([
    '',
    '  CC [M]  /build/hello/hello.o',
    '  MODPOST /build/hello/Module.symvers',
    "make[1]: Entering directory '/usr/src/linux-headers-6.1.0-56-arm64'",
    'make[2]: *** [/usr/src/linux/scripts/Makefile.build:250: /build/hello/hello.o] Error 1',
    'make: *** [Makefile:238: __sub-make] Error 2',
    "/build/hello/hello.c: In function 'hello_init':",
    'In file included from /build/hello/hello.c:2:',
    '                 from /build/hello/hello.c:2:',
    '   12 |         frob();',
    '      |         ^~~~',
    'make[2]: *** Waiting for unfinished jobs....',
    'build: 0 errors, 0 warnings',
    'scaffold: cannot find optional tool, going on',
    '1 error generated.',
    'cc1: some warnings being treated as errors',
    'In file included from /usr/src/linux/include/linux/kernel.h:29,',
    '  LD [M]  /build/hello/error.ko',
    'warning: the compiler differs from the one used to build the kernel',
  ])('takes nothing else for a diagnostic: %s', (line) => {
    expect(parse(line)).toBeUndefined();
  });

  it('reads what this machine’s make itself says of a Makefile that it cannot read', () => {
    const directory = temporaryDirectory({ Makefile: 'all:\n        echo blanks for a tab\n' });
    let said = '';
    try {
      make(directory);
    } catch (failure) {
      said = (failure as { stderr: string }).stderr;
    }
    const diagnostics = said.split('\n').flatMap((line) => parse(line) ?? []);
    expect(diagnostics).toEqual([
      {
        severity: 'error',
        file: 'Makefile',
        line: 2,
        message: expect.stringContaining('missing separator'),
      },
    ]);
  });

  it('gives paths in file and message to be mapped', () => {
    const mapped = parseDiagnostic(
      '/build/hello/hello.c:1:2: error: conflicts with /build/hello/hello.h',
      (text) => text.replaceAll('/build/hello/', '/home/me/drv/'),
    );
    expect(mapped).toMatchObject({
      file: '/home/me/drv/hello.c',
      message: 'conflicts with /home/me/drv/hello.h',
    });
  });
});

describe('userPaths', () => {
  const project = projectOf({ 'hello.c': '', 'sub/part.c': '', 'include/x.h': '', Kbuild: '' });
  const toUser = userPaths(jobOf(project));

  it('maps what lies in the build directory to the user’s own file', () => {
    expect(toUser('/build/hello/hello.c')).toBe(`${project.directory}/hello.c`);
    expect(toUser('/build/hello/sub/part.c')).toBe(`${project.directory}/sub/part.c`);
  });

  it('maps every path in a text', () => {
    expect(toUser("'/build/hello/a.o', needed by '/build/hello/hello.o'")).toBe(
      `'${project.directory}/a.o', needed by '${project.directory}/hello.o'`,
    );
  });

  it('maps the relative paths that Linux 6.13 and later give', () => {
    expect(toUser('hello.c')).toBe(`${project.directory}/hello.c`);
    expect(toUser('sub/part.c')).toBe(`${project.directory}/sub/part.c`);
    expect(toUser('./include/x.h')).toBe(`${project.directory}/include/x.h`);
  });

  it('leaves what is not the project’s as the compiler named it', () => {
    for (const path of [
      '/usr/src/linux-headers-6.1.0-56-common/include/linux/module.h',
      'include/linux/module.h',
      'generated.c',
      '/build/hello2/hello.c',
      '/build/hellohello.c',
    ]) {
      expect(toUser(path)).toBe(path);
    }
  });

  it('maps what lies in the projects that a job depends on', () => {
    const parent = temporaryDirectory({ 'base/base.h': '', 'top/top.c': '' });
    const base = projectAt(`${parent}/base`, { name: 'base' });
    const top = projectAt(`${parent}/top`, { name: 'top', depends: [base.directory] });
    const targets = [{ kdir: kdirOf('arm64'), toolchain: toolchainByName('gcc-12') }];
    const jobs = planJobs(
      [
        { project: base, targets },
        { project: top, targets },
      ],
      'x86_64',
    );
    const mapped = userPaths(jobs[1]!);
    expect(mapped('/build/base/base.h')).toBe(`${parent}/base/base.h`);
    expect(mapped('/build/top/top.c')).toBe(`${parent}/top/top.c`);
  });

  it('maps a path once, where a project lies in one that it depends on', () => {
    const parent = join(temporaryDirectory({ 'build/dep/app/x.c': '' }), 'build');
    const dep = projectAt(join(parent, 'dep'), { name: 'dep' });
    const app = projectAt(join(parent, 'dep/app'), { name: 'app', depends: [dep.directory] });
    const targets = [{ kdir: kdirOf('arm64'), toolchain: toolchainByName('gcc-12') }];
    const projects = [dep, app].map((project) => ({ project, targets }));
    const [, job] = planJobs(projects, 'x86_64');
    expect(userPaths(job!)('/build/dep/app/x.c')).toBe(`${parent}/dep/app/x.c`);
  });

  it('maps another build directory, as the host has it', () => {
    const onHost = userPaths(jobOf(project), '/cache/runs/1/host/hello/build');
    const path = '/cache/runs/1/host/hello/build/hello/hello.c';
    expect(onHost(path)).toBe(`${project.directory}/hello.c`);
  });
});
