import { describe, expect, it } from 'vitest';
import { kdirOf, projectOf } from '../../test/support/job-values.js';
import { make as runMake } from '../../test/support/make.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { makeLine } from './make-line.js';

const gcc12 = toolchainByName('gcc-12');
const kdir = kdirOf('arm64');

describe('the make line of a project that Kbuild builds', () => {
  it('runs Kbuild of the KDIR on the project', () => {
    expect(makeLine(projectOf(), 'hello', kdir, gcc12, [], {})).toEqual([
      ...['make', '-C', '/usr/src/linux-headers-6.1.0-56-arm64', 'M=/build/hello'],
      ...['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-', 'CC=aarch64-linux-gnu-gcc-12'],
      ...['HOSTCC=gcc-12', 'modules'],
    ]);
  });

  it('is the same for a generated Kbuild', () => {
    const method = { kind: 'generated', kbuild: 'obj-m := hello.o\n', makefile: '' } as const;
    const generated = makeLine(projectOf({}, { method }), 'hello', kdir, gcc12, [], {});
    expect(generated).toEqual(makeLine(projectOf(), 'hello', kdir, gcc12, [], {}));
  });

  it('names LLVM for Clang, and no cross compiler', () => {
    const line = makeLine(projectOf(), 'hello', kdir, toolchainByName('clang-14'), [], {});
    expect(line).toContain('LLVM=-14');
    expect(line.filter((word) => /^(CC|CROSS_COMPILE)=/.test(word))).toEqual([]);
  });

  it('names the symbols of the projects that it depends on, in one word', () => {
    const symvers = ['/symvers/a/Module.symvers', '/symvers/b/Module.symvers'];
    const line = makeLine(projectOf(), 'hello', kdir, gcc12, symvers, {});
    expect(line).toContain(`KBUILD_EXTRA_SYMBOLS=${symvers.join(' ')}`);
    const alone = makeLine(projectOf(), 'hello', kdir, gcc12, [], {});
    expect(alone.join(' ')).not.toContain('KBUILD_EXTRA_SYMBOLS');
  });

  it('passes W= and C= on where they are asked for, and only there', () => {
    const line = makeLine(projectOf(), 'hello', kdir, gcc12, [], { warnings: '12', check: '2' });
    expect(line).toEqual(expect.arrayContaining(['W=12', 'C=2']));
    const plain = makeLine(projectOf(), 'hello', kdir, gcc12, [], {});
    expect(plain.filter((word) => /^[WC]=/.test(word))).toEqual([]);
  });

  it("lets the project's own variables win over the toolchain's, each said once", () => {
    const make = { HOSTCC: 'gcc', DEBUG: '1', FLAGS: '-DA="b c"' };
    const line = makeLine(projectOf({}, { make }), 'hello', kdir, gcc12, [], {});
    expect(line.filter((word) => word.startsWith('HOSTCC='))).toEqual(['HOSTCC=gcc']);
    expect(line).toEqual(expect.arrayContaining(['DEBUG=1', 'FLAGS=-DA="b c"']));
    expect(line.at(-1)).toBe('modules');
  });
});

describe('the directory of MO=', () => {
  const project = (make: Record<string, string>) => projectOf({}, { make });

  it.each([
    ['out', '/build/a/hello/out'],
    ['out/modules', '/build/a/hello/out/modules'],
    ['.', '/build/a/hello'],
  ])('%s lies in the project, whatever directory make runs in', (MO, absolute) => {
    const line = makeLine(project({ MO }), 'a/hello', kdir, gcc12, [], {});
    expect(line.filter((word) => word.startsWith('MO='))).toEqual([`MO=${absolute}`]);
  });

  it('is not said where the project does not say it', () => {
    const line = makeLine(project({}), 'hello', kdir, gcc12, [], {});
    expect(line.join(' ')).not.toContain('MO=');
  });

  it('reaches the make that a Makefile runs', () => {
    const makefile = 'all: ; @$(MAKE) -s show\nshow: ; @echo $(origin MO): $(MO)\n';
    const directory = temporaryDirectory({ Makefile: makefile });
    const own = projectOf({}, { method: { kind: 'make' }, make: { MO: 'out' } });
    const line = makeLine(own, 'hello', kdir, gcc12, [], {});
    // Kbuild heeds it from the command line only.
    expect(runMake(directory, ...line.slice(3)).trim()).toBe('command line: /build/hello/out');
  });
});

describe('the make line of a project with a Makefile of its own', () => {
  const own = projectOf({ Makefile: '' }, { method: { kind: 'make' } });

  it('runs the Makefile in the project, with its default goal', () => {
    const line = makeLine(own, 'hello', kdir, gcc12, [], {});
    expect(line.slice(0, 3)).toEqual(['make', '-C', '/build/hello']);
    expect(line.slice(3).every((word) => /^\w+=/.test(word))).toBe(true);
  });

  it.each(['KDIR', 'KERNELDIR', 'KERNEL_DIR', 'KERNEL_SRC', 'KSRC', 'KERNEL_BUILD'])(
    'answers a Makefile that asks for the KDIR by %s',
    (name) => {
      const makefile = `${name} ?= /lib/modules/$(shell uname -r)/build\nall: ; @echo $(${name})\n`;
      const directory = temporaryDirectory({ Makefile: makefile });
      const line = makeLine(own, 'hello', kdir, gcc12, [], {});
      expect(runMake(directory, ...line.slice(3)).trim()).toBe(kdir.path);
    },
  );

  it.each(['KVER', 'KVERSION', 'KERNEL_VERSION'])(
    'answers a Makefile that asks for the kernel release by %s',
    (name) => {
      const makefile = `${name} := $(shell uname -r)\nall: ; @echo $(${name})\n`;
      const directory = temporaryDirectory({ Makefile: makefile });
      const line = makeLine(own, 'hello', kdir, gcc12, [], {});
      expect(runMake(directory, ...line.slice(3)).trim()).toBe('6.1.0-56-arm64');
    },
  );

  it("lets the project's own variables win over these answers", () => {
    const directory = temporaryDirectory({ Makefile: 'all: ; @echo $(KVER) $(ARCH)\n' });
    const project = projectOf({}, { method: { kind: 'make' }, make: { KVER: 'mine' } });
    const line = makeLine(project, 'hello', kdir, gcc12, [], {});
    expect(runMake(directory, ...line.slice(3)).trim()).toBe('mine arm64');
  });
});
