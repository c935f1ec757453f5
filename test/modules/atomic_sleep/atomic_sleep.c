// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static noinline void sleep_locked(void)
{
	spin_lock_bh(&lock);
	msleep(20);
	spin_unlock_bh(&lock);
}

static int __init atomic_sleep_init(void)
{
	sleep_locked();
	pr_info("woke up\n");
	return 0;
}

static void __exit atomic_sleep_exit(void)
{
}

module_init(atomic_sleep_init);
module_exit(atomic_sleep_exit);

MODULE_DESCRIPTION("Sleeps with a lock held that forbids it when it is loaded");
MODULE_LICENSE("GPL");
