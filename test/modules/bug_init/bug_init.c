// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bug.h>
#include <linux/module.h>

static int one = 1;

static int __init bug_init_init(void)
{
	BUG_ON(READ_ONCE(one) == 1);
	return 0;
}

static void __exit bug_init_exit(void)
{
}

module_init(bug_init_init);
module_exit(bug_init_exit);

MODULE_DESCRIPTION("Calls BUG() when it is loaded");
MODULE_LICENSE("GPL");
