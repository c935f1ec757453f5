// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

#define LINES_A_TICK 10

static void flood(struct timer_list *timer)
{
	static unsigned long line;
	int i;

	for (i = 0; i < LINES_A_TICK; i++)
		pr_info("line %lu of a log that nobody can read\n", line++);
	mod_timer(timer, jiffies + 1);
}

static DEFINE_TIMER(flood_timer, flood);

static int __init flood_timer_init(void)
{
	mod_timer(&flood_timer, jiffies + 1);
	return 0;
}

static void __exit flood_timer_exit(void)
{
	timer_delete_sync(&flood_timer);
}

module_init(flood_timer_init);
module_exit(flood_timer_exit);

MODULE_DESCRIPTION("Writes to the log without end while it is loaded");
MODULE_LICENSE("GPL");
