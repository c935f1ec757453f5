// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/rcupdate.h>

static int seven = 7;
static int __rcu *number = (int __rcu __force *)&seven;

static noinline int read_number(void)
{
	return *rcu_dereference(number);
}

static int __init no_rcu_lock_init(void)
{
	pr_info("%d\n", read_number());
	return 0;
}

static void __exit no_rcu_lock_exit(void)
{
}

module_init(no_rcu_lock_init);
module_exit(no_rcu_lock_exit);

MODULE_DESCRIPTION("Reads what RCU guards without its lock when it is loaded");
MODULE_LICENSE("GPL");
