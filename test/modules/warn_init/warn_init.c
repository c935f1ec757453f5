// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bug.h>
#include <linux/module.h>

static noinline void check(int value)
{
	WARN(value > 1, "the value %d is too large\n", value);
}

static int __init warn_init_init(void)
{
	check(2);
	pr_info("loaded all the same\n");
	return 0;
}

static void __exit warn_init_exit(void)
{
}

module_init(warn_init_init);
module_exit(warn_init_exit);

MODULE_DESCRIPTION("Warns when it is loaded");
MODULE_LICENSE("GPL");
