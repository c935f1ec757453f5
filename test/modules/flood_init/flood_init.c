// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/sched.h>

static bool done;

static int __init flood_init_init(void)
{
	unsigned long line = 0;

	while (!READ_ONCE(done)) {
		pr_info("line %lu of a log that nobody can read\n", line++);
		cond_resched();
	}
	return 0;
}

static void __exit flood_init_exit(void)
{
}

module_init(flood_init_init);
module_exit(flood_init_exit);

MODULE_DESCRIPTION("Writes to the log without end when it is loaded");
MODULE_LICENSE("GPL");
