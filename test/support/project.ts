/** The source of a module that does nothing, around what a test wants in it. */
export function moduleSource(extra = ''): string {
  return `// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
${extra}
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A module of a test");
`;
}

/** A Kbuild whose module takes a minute to build: time to interrupt it. */
export const slowKbuild = `obj-m := slow.o
$(obj)/slow.c: FORCE
	@echo compiling slowly; sleep 60; exit 1
`;
