// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

static int __init stays_loaded_init(void)
{
	__module_get(THIS_MODULE);
	return 0;
}

static void __exit stays_loaded_exit(void)
{
}

module_init(stays_loaded_init);
module_exit(stays_loaded_exit);

MODULE_DESCRIPTION("Holds a reference to itself, so that it cannot be unloaded");
MODULE_LICENSE("GPL");
