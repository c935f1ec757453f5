import { moduleSource } from '../project.js';
import { usual, type Scenarios } from '../dkms-scenario.js';

const arm64 = 'archs: [arm64]';

/** Kbuild with more on its command line, for the kernel that uname names. */
const kbuildWith = (variables: string) => `ifneq ($(KERNELRELEASE),)
obj-m := SELF.o
else
all:
	$(MAKE) -C /lib/modules/$(shell uname -r)/build M=$(CURDIR) ${variables} modules
endif
`;
const plainMake = `${usual}MAKE="'make' all"\n`;

/** What sources do that work with dkms on a machine of the kernel's own. */
export const nativeScenarios: Scenarios = {
  native_cc_passed_on: {
    conf: plainMake,
    files: { Makefile: kbuildWith('CC=$(CC)'), 'SELF.c': moduleSource() },
    config: arm64,
    verdict: 'built',
  },
  native_gcc_and_ld_named: {
    conf: plainMake,
    files: { Makefile: kbuildWith('CC=gcc LD=ld CROSS_COMPILE='), 'SELF.c': moduleSource() },
    config: arm64,
    verdict: 'built',
  },
  native_ld_embeds_firmware: {
    files: {
      Makefile: `obj-m := SELF.o
SELF-y := main.o firmware.o
$(obj)/firmware.o: $(src)/firmware.bin
	cd $(obj) && ld -r -b binary -o firmware.o firmware.bin && echo > .firmware.o.cmd
`,
      'firmware.bin': 'firmware\n',
      'main.c': moduleSource(),
    },
    config: arm64,
    verdict: 'built',
  },
  native_kernel_probed: {
    conf: `${usual}PRE_BUILD=probe.sh\n`,
    files: {
      Makefile: 'obj-m := SELF.o\n',
      'SELF.c': moduleSource(),
      'probe.sh': {
        program: `#!/bin/sh
echo 'int probe(void) { return 0; }' > probe.c
$CC -D__KERNEL__ -c probe.c -o probe.o || exit
readelf -h probe.o | grep Machine
`,
      },
    },
    config: arm64,
    verdict: 'built',
    log: [/Machine: +AArch64/],
  },
  native_source_tree_written: {
    conf: `${usual}PRE_BUILD=generate.sh\n`,
    files: {
      Makefile: 'obj-m := SELF.o\n',
      'SELF.c': `#include "made.h"\n${moduleSource()}`,
      'generate.sh': {
        program: `#!/bin/sh -e
cd /usr/src/SELF-1.0
echo '#define MADE 1' > made.h
cp made.h /var/lib/dkms/SELF/1.0/build/
`,
      },
    },
    verdict: 'built',
  },
  native_as_root: {
    conf: `${usual}PRE_BUILD=root.sh\n`,
    files: {
      Makefile: 'obj-m := SELF.o\n',
      'SELF.c': moduleSource(),
      'root.sh': {
        program: `#!/bin/sh -e
test "$(id -u)" = 0 && test "$(whoami)" = root
install -o root -g root -m 644 SELF.c copy.c && chown root:root copy.c && cmp SELF.c copy.c
echo "arch $(arch) dpkg $(dpkg --print-architecture) version $(uname -v)"
grep -q ^CONFIG_MODULES=y "/boot/config-$(uname -r)"
`,
      },
    },
    config: arm64,
    verdict: 'built',
    log: [/^arch aarch64 dpkg arm64 version #1 SMP Debian /],
  },
  native_module_renamed: {
    conf: `PACKAGE_NAME=SELF
PACKAGE_VERSION=1.0
BUILT_MODULE_NAME=SELF_other
DEST_MODULE_LOCATION=/extra
MAKE="make -C $kernel_source_dir M=$dkms_tree/SELF/1.0/build && mv SELF.ko SELF_other.ko"
`,
    verdict: 'built',
    modules: ['SELF_other'],
  },
  native_text_called_ko: {
    files: {
      Makefile: `obj-m := SELF.o
$(obj)/SELF.o: $(obj)/fake.ko
$(obj)/fake.ko: $(src)/fake.txt
	cp $< $@
`,
      'fake.txt': 'no ELF file\n',
      'SELF.c': moduleSource(),
    },
    verdict: 'built',
  },
  native_location_with_dots: {
    conf: `${usual}BUILT_MODULE_LOCATION=.././build/./\n`,
    verdict: 'built',
  },
  native_extglob: {
    conf: `${usual}case $kernelver in @(2|3).*) BUILD_EXCLUSIVE_KERNEL=none ;; esac\n`,
    verdict: 'built',
  },
  native_archive_inside: {
    conf: `${usual}PRE_BUILD=unpack.sh\n`,
    bare: true,
    files: {
      'SELF.c': moduleSource(),
      'unpack.sh': {
        program: `#!/bin/sh -e
echo 'obj-m := SELF.o' > Kbuild
tar -cjf inner.tar.bz2 Kbuild && rm Kbuild && tar -xjf inner.tar.bz2
lsb_release -is && file SELF.c && dpkg-architecture -qDEB_HOST_ARCH
`,
      },
    },
    verdict: 'built',
  },
};
