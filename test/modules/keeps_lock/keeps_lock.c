// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/mutex.h>

static DEFINE_MUTEX(lock);

/* Not of init's own text: that is gone when the kernel tells of it. */
static noinline void take_lock(void)
{
	mutex_lock(&lock);
	pr_info("taken\n");
}

static int __init keeps_lock_init(void)
{
	take_lock();
	return 0;
}

static void __exit keeps_lock_exit(void)
{
}

module_init(keeps_lock_init);
module_exit(keeps_lock_exit);

MODULE_DESCRIPTION("Does not let go of a lock when it is loaded");
MODULE_LICENSE("GPL");
