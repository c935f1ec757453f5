// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SIZE 20

static noinline bool is_clean(const char *bytes)
{
	/* It is the kernel's own function that goes too far. */
	return !memchr_inv(bytes, 0, SIZE + 8);
}

static int __init out_of_bounds_init(void)
{
	char *bytes = kzalloc(SIZE, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	pr_info("%s\n", is_clean(bytes) ? "clean" : "not clean");
	kfree(bytes);
	return 0;
}

static void __exit out_of_bounds_exit(void)
{
}

module_init(out_of_bounds_init);
module_exit(out_of_bounds_exit);

MODULE_DESCRIPTION("Has memory read behind its end when it is loaded");
MODULE_LICENSE("GPL");
