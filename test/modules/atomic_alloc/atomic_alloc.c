// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static noinline void *allocate_locked(void)
{
	void *memory;

	spin_lock(&lock);
	memory = kmalloc(64, GFP_KERNEL);
	spin_unlock(&lock);
	return memory;
}

static int __init atomic_alloc_init(void)
{
	kfree(allocate_locked());
	return 0;
}

static void __exit atomic_alloc_exit(void)
{
}

module_init(atomic_alloc_init);
module_exit(atomic_alloc_exit);

MODULE_DESCRIPTION("Allocates as if it might sleep with a spinlock held when it is loaded");
MODULE_LICENSE("GPL");
