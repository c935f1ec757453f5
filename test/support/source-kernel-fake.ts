import type { FileTree } from './temporary-directory.js';

/**
 * The source of a kernel that takes milliseconds: its Makefile obeys the targets that a kernel is
 * made with, and gives what a KDIR must have. Variables of the make line have it misbehave:
 * BROKEN=1 does not compile, SLOW=<seconds> takes its time, EVIL=1 leaves links that lead outside.
 * Symbols that begin with CONFIG_NEVER never take effect.
 */
export const fakeKernel = (changes: FileTree = {}): FileTree => ({
  Makefile: makefile,
  Kconfig: 'mainmenu "A kernel of tests"\n',
  'scripts/kconfig/merge_config.sh': mergeConfig,
  'init/main.c': 'int main(void) { return 0; }\n',
  'certs/README': 'keys\n',
  ...changes,
});

const makefile = `VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 99
SRC := $(CURDIR)
SYMBOL_x86_64 = CONFIG_X86_64=y
SYMBOL_arm64 = CONFIG_ARM64=y
ifdef LLVM
COMPILER = CONFIG_CC_VERSION_TEXT="Debian clang version 14.0.6"\\nCONFIG_CLANG_VERSION=140006
else
COMPILER = CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14) 12.2.0"\\nCONFIG_GCC_VERSION=120200
endif

.PHONY: defconfig tinyconfig allnoconfig olddefconfig modules_prepare all image_name
defconfig tinyconfig allnoconfig:
	printf '# $@\\n$(SYMBOL_$(ARCH))\\n$(COMPILER)\\n' > $(O)/.config
	[ $@ != defconfig ] || printf 'CONFIG_MODULES=y\\n' >> $(O)/.config
	[ -z "$(KCONFIG_ALLCONFIG)" ] || cat $(KCONFIG_ALLCONFIG) >> $(O)/.config
	sed -i /CONFIG_NEVER/d $(O)/.config
olddefconfig:
	sed -i /CONFIG_NEVER/d $(O)/.config
modules_prepare:
	mkdir -p $(O)/include/generated $(O)/scripts/basic $(O)/scripts/mod
	: > $(O)/include/generated/autoconf.h
	echo '#define UTS_RELEASE "6.1.99'$$(sed -n 's/CONFIG_LOCALVERSION="\\(.*\\)"/\\1/p' $(O)/.config)'"' > $(O)/include/generated/utsrelease.h
	cp /bin/true $(O)/scripts/basic/fixdep
	cp /bin/true $(O)/scripts/mod/modpost
	echo prepared > $(O)/needed.o
	printf 'include $(SRC)/Makefile\\n' > $(O)/Makefile
all:
	[ -z "$(SLOW)" ] || sleep $(SLOW)
	if [ -n "$(BROKEN)" ]; then echo "init/main.c:1:5: error: 'frob' undeclared" >&2; exit 2; fi
	mkdir -p $(O)/arch/boot $(O)/init $(O)/certs
	cat $(SRC)/init/main.c > $(O)/vmlinux
	printf '0x12345678\\tprintk\\tvmlinux\\tEXPORT_SYMBOL\\t\\n' > $(O)/Module.symvers
	id -u > $(O)/System.map
	echo image > $(O)/arch/boot/Image
	echo object > $(O)/init/main.o
	echo object > $(O)/init/.main.o.cmd
	umask 077; echo key > $(O)/certs/signing_key.pem
	[ -z "$(EVIL)" ] || ln -sf /etc/passwd $(O)/System.map
	env | grep -E '^(KBUILD_BUILD|SOURCE_DATE|LC_ALL|TZ)' | sort > $(O)/environment
image_name:
	@echo arch/boot/Image
`;

/** Merges as the kernel's own does, as far as it is asked to: the last of each symbol stays. */
const mergeConfig = `set -e
[ "$1 $2" = "-m -O" ]
out=$3
shift 3
cat "$@" > merged
tac merged | awk '{ s = $0; sub(/^# /, "", s); sub(/[ =].*/, "", s); if (s !~ /^CONFIG_/ || !seen[s]++) print }' | tac > merged.config
mv merged.config "$out/.config"
rm merged
`;
