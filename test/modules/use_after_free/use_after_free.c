// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/slab.h>

struct counter {
	int value;
};

static struct counter *counter;

static noinline void print_counter(void)
{
	pr_info("%d\n", READ_ONCE(counter->value));
}

static int __init use_after_free_init(void)
{
	counter = kzalloc(sizeof(*counter), GFP_KERNEL);
	return counter ? 0 : -ENOMEM;
}

static void __exit use_after_free_exit(void)
{
	kfree(counter);
	print_counter();
}

module_init(use_after_free_init);
module_exit(use_after_free_exit);

MODULE_DESCRIPTION("Reads memory that it has freed when it is unloaded");
MODULE_LICENSE("GPL");
