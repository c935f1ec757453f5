// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/refcount.h>

static refcount_t references = REFCOUNT_INIT(0);

static noinline void put(void)
{
	if (refcount_dec_and_test(&references))
		pr_info("the last one\n");
}

static int __init bad_refcount_init(void)
{
	put();
	return 0;
}

static void __exit bad_refcount_exit(void)
{
}

module_init(bad_refcount_init);
module_exit(bad_refcount_exit);

MODULE_DESCRIPTION("Drops a reference that nobody holds when it is loaded");
MODULE_LICENSE("GPL");
