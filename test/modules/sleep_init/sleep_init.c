// SPDX-License-Identifier: GPL-2.0-only
#include <linux/completion.h>
#include <linux/module.h>

static DECLARE_COMPLETION(never);

static noinline int wait_for_nobody(void)
{
	wait_for_completion(&never);
	return 0;
}

static int __init sleep_init_init(void)
{
	int error = wait_for_nobody();

	pr_info("not reached\n");
	return error;
}

static void __exit sleep_init_exit(void)
{
}

module_init(sleep_init_init);
module_exit(sleep_init_exit);

MODULE_DESCRIPTION("Sleeps for ever, uninterruptibly, when it is loaded");
MODULE_LICENSE("GPL");
