// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>

/* Exported for rcutorture; no header has it. */
extern unsigned long rcu_get_gp_seq(void);

static struct rcu_head head;
static bool done;

static void set_done(struct rcu_head *unused)
{
	WRITE_ONCE(done, true);
}

/* Where there is one CPU, a grace period begins before the reading or not at all. */
static void begin_reading(void)
{
	call_rcu(&head, set_done);
	for (;;) {
		rcu_read_lock_bh();
		if (rcu_get_gp_seq() & 3)
			return;
		rcu_read_unlock_bh();
		cond_resched();
	}
}

static noinline void read_for_long(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), 10000);

	while (ktime_before(ktime_get(), end))
		cpu_relax();
}

static int __init rcu_stall_init(void)
{
	begin_reading();
	read_for_long();
	rcu_read_unlock_bh();
	return 0;
}

static void __exit rcu_stall_exit(void)
{
	rcu_barrier();
	pr_info("%s\n", done ? "done" : "not done");
}

module_init(rcu_stall_init);
module_exit(rcu_stall_exit);

MODULE_DESCRIPTION("Keeps RCU waiting for ten seconds when it is loaded");
MODULE_LICENSE("GPL");
