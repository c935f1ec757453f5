// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>

static struct rcu_head head;
static bool done;

static void set_done(struct rcu_head *unused)
{
	WRITE_ONCE(done, true);
}

static noinline void read_for_long(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), 5000);

	rcu_read_lock();
	while (ktime_before(ktime_get(), end))
		cpu_relax();
	rcu_read_unlock();
}

static int __init rcu_stall_init(void)
{
	call_rcu(&head, set_done);
	read_for_long();
	return 0;
}

static void __exit rcu_stall_exit(void)
{
	rcu_barrier();
	pr_info("%s\n", done ? "done" : "not done");
}

module_init(rcu_stall_init);
module_exit(rcu_stall_exit);

MODULE_DESCRIPTION("Keeps RCU waiting for five seconds when it is loaded");
MODULE_LICENSE("GPL");
