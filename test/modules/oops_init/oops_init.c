// SPDX-License-Identifier: GPL-2.0-only
#include <linux/compiler.h>
#include <linux/module.h>

static int *nowhere;

/* Becomes part of its caller: a decoded stack names both. */
static __always_inline void write_to(int *place)
{
	WRITE_ONCE(*place, 1);
}

static noinline int fill(void)
{
	write_to(READ_ONCE(nowhere));
	return 0;
}

static int __init oops_init_init(void)
{
	int error = fill();

	pr_info("not reached\n");
	return error;
}

static void __exit oops_init_exit(void)
{
}

module_init(oops_init_init);
module_exit(oops_init_exit);

MODULE_DESCRIPTION("Writes to address 0 when it is loaded");
MODULE_LICENSE("GPL");
