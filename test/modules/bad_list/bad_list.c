// SPDX-License-Identifier: GPL-2.0-only
#include <linux/list.h>
#include <linux/module.h>

static LIST_HEAD(entries);
static struct list_head entry;

static noinline void remove_entry(void)
{
	list_del(&entry);
}

static int __init bad_list_init(void)
{
	list_add(&entry, &entries);
	remove_entry();
	remove_entry();
	return 0;
}

static void __exit bad_list_exit(void)
{
}

module_init(bad_list_init);
module_exit(bad_list_exit);

MODULE_DESCRIPTION("Removes an entry from a list twice when it is loaded");
MODULE_LICENSE("GPL");
