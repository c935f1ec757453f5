// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/module.h>

static int __init no_device_init(void)
{
	pr_info("there is no device\n");
	return -ENODEV;
}

static void __exit no_device_exit(void)
{
}

module_init(no_device_init);
module_exit(no_device_exit);

MODULE_DESCRIPTION("Finds no device when it is loaded");
MODULE_LICENSE("GPL");
