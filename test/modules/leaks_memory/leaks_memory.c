// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *name;

static int __init leaks_memory_init(void)
{
	name = kstrdup("a name that nobody frees", GFP_KERNEL);
	return name ? 0 : -ENOMEM;
}

static void __exit leaks_memory_exit(void)
{
	pr_info("%s\n", name);
}

module_init(leaks_memory_init);
module_exit(leaks_memory_exit);

MODULE_DESCRIPTION("Does not free what it has allocated when it is unloaded");
MODULE_LICENSE("GPL");
