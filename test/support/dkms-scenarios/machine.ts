import { moduleSource } from '../project.js';
import { usual, type Scenario, type Scenarios } from '../dkms-scenario.js';

const arm64 = 'archs: [arm64]';

/** A source with these files and this MAKE, for arm64: cross-built on most machines. */
const cross = (make: string, files: Scenario['files'], more: Partial<Scenario> = {}): Scenario => ({
  conf: `${usual}MAKE="${make}"\n`,
  files: { ...files },
  config: arm64,
  verdict: 'built',
  ...more,
});

/** A Makefile that asks for the machine in all ways at once. */
const asking = `ifneq ($(KERNELRELEASE),)
obj-m := SELF.o
else
RELEASE := $(shell uname -r)
DIRECTORY := $(shell pwd)
default:
	@echo "m=$(shell uname -m) r=$$(uname -r) rm=$$(uname -rm) long=$$(uname --machine) path=$$(/bin/uname -m)"
	@echo "a=$$(uname -a)"
	@echo "env=$$(env -i /usr/bin/env uname -s)"
	@test -e /lib/modules/$(RELEASE)/build/Makefile && test -e /usr/src/SELF/SELF.c
	@test -e /usr/src/SELF-1.0/SELF.c && test -e /var/lib/dkms/SELF/1.0/source/SELF.c
	@test "$(DIRECTORY)" = /var/lib/dkms/SELF/1.0/build
	cd /var/lib/dkms/SELF/1.0/build && $(MAKE) -C /lib/modules/\`uname -r\`/build M=$(DIRECTORY) modules
endif
`;

/** As an autoconf script does: it compiles programs for the machine that builds, and runs them. */
const configure = {
  program: `#!/bin/sh -e
for compiler in cc gcc "\${CC:-cc}"; do
  printf 'int main(void) { return 42; }\\n' > conftest.c
  $compiler -o conftest conftest.c
  status=0; ./conftest || status=$?
  test $status = 42 || { echo "$compiler makes programs that do not run here"; exit 1; }
  strip conftest && ./conftest || test $? = 42
done
echo "configured for $(uname -m)"
echo 'obj-m := SELF.o' > Kbuild
`,
};

/** Sources that ask the machine for what is the kernel's to say. */
export const machineScenarios: Scenarios = {
  machine_asked: cross(
    // Not "make": dkms would set KERNELRELEASE.
    "'make'",
    { Makefile: asking },
    {
      log: [
        /^m=aarch64 r=6\.1\S+-arm64 rm=6\.1\S+-arm64 aarch64 long=aarch64 path=aarch64$/,
        /^a=Linux \S+ 6\.1\S+-arm64 .* aarch64 GNU\/Linux$/,
        /^env=Linux$/,
      ],
    },
  ),
  machine_exclusive: {
    conf: `${usual}BUILD_EXCLUSIVE_ARCH="x86_64"\n`,
    config: arm64,
    verdict: 'excluded',
    says: [/BUILD_EXCLUSIVE_ARCH is 'x86_64'; the machine is aarch64/],
  },
  machine_exclusive_met: {
    conf: `${usual}BUILD_EXCLUSIVE_ARCH="^(aarch64|vax)"\n`,
    config: arm64,
    verdict: 'built',
  },
  machine_configure: cross(
    './configure && make -C $kernel_source_dir M=$dkms_tree/SELF/1.0/build',
    { configure, Makefile: 'include Kbuild\n' },
    { log: [/^configured for aarch64$/] },
  ),
  // A program for the build itself, and strip under its plain name on the module.
  machine_tools: cross('make all KERNEL_SOURCE=$kernel_source_dir', {
    Makefile: `obj-m := SELF.o
all: tool
	./tool > SELF.h
	$(MAKE) -C $(KERNEL_SOURCE) M=$(CURDIR) modules
	strip --strip-debug SELF.ko
tool: tool.c
	gcc -o $@ $<
	strip $@
`,
    'tool.c': '#include <stdio.h>\nint main(void) { puts("#define MADE 1"); return 0; }\n',
    'SELF.c': moduleSource('#include "SELF.h"\n#ifndef MADE\n#error not made\n#endif'),
  }),
  machine_nested: cross('make -C sub top', {
    'sub/Makefile': 'top:\n\t$(MAKE) -C .. inner\n',
    Makefile:
      'obj-m := SELF.o\ninner:\n\t+make -C /lib/modules/$(shell uname -r)/build M=$(abspath .) modules\n',
  }),
  // Round uname: refused, and nothing of it is published.
  machine_native: cross(
    'make native',
    {
      Makefile: `native:
	echo 'int x;' > x.c && gcc -c -o SELF.ko x.c
`,
    },
    { verdict: 'VERIFY_FAILED', says: [/SELF\.ko: .*machine|SELF\.ko/] },
  ),
  machine_release: {
    conf: `${usual}MAKE="make other"\n`,
    files: {
      Makefile: `obj-m := SELF.o
other:
	$(MAKE) -C /lib/modules/$(shell uname -r)/build M=$(CURDIR) modules
	grep -a -o 'vermagic=[ -~]*' SELF.ko
	sed -i 's/vermagic=6\\.1/vermagic=9.9/' SELF.ko
`,
    },
    verdict: 'VERIFY_FAILED',
    says: [/vermagic/],
  },
  machine_unlisted: {
    conf: `${usual}MAKE="make both"\n`,
    files: {
      Makefile: `obj-m := SELF.o SELF_more.o
both:
	$(MAKE) -C /lib/modules/$(shell uname -r)/build M=$(CURDIR) modules
	sed -i 's/vermagic=6\\.1/vermagic=9.9/' SELF_more.ko
`,
      'SELF_more.c': moduleSource(),
    },
    verdict: 'VERIFY_FAILED',
    says: [/SELF_more\.ko, which dkms\.conf does not name: vermagic/],
  },
};
