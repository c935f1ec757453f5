// SPDX-License-Identifier: GPL-2.0-only
/*
 * consumer - uses every symbol that exporter exports
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/version.h>

#include <exporter.h>

#define COUNTER		"consumer.example"

static int __init consumer_init(void)
{
	s64 value;
	int ret;

	ret = exporter_add(COUNTER, 1);
	if (ret)
		return ret;

	/* Fails only if someone removed the counter: nothing to undo then. */
	ret = exporter_read(COUNTER, &value);
	if (ret)
		return ret;

	pr_info("loaded, %s is %lld\n", COUNTER, value);
	return 0;
}
module_init(consumer_init);

static void __exit consumer_exit(void)
{
	exporter_remove(COUNTER);
	pr_info("unloaded\n");
}
module_exit(consumer_exit);

/* Namespaces are strings since 6.13, and were identifiers before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("KBUILD_TS");
#else
MODULE_IMPORT_NS(KBUILD_TS);
#endif

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kbuild-ts authors");
MODULE_DESCRIPTION("Uses every symbol that exporter exports");
MODULE_VERSION("1.0.0");
