// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/mutex.h>

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static noinline void lock_forwards(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
}

static noinline void lock_backwards(void)
{
	mutex_lock(&second);
	mutex_lock(&first); /* the other way round */
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static int __init lock_order_init(void)
{
	lock_forwards();
	lock_backwards();
	return 0;
}

static void __exit lock_order_exit(void)
{
}

module_init(lock_order_init);
module_exit(lock_order_exit);

MODULE_DESCRIPTION("Takes two locks in one order and in the other when it is loaded");
MODULE_LICENSE("GPL");
