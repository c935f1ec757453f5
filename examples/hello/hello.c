// SPDX-License-Identifier: GPL-2.0-only
/*
 * hello - the smallest module there is: it says that it came and that it went
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

static int __init hello_init(void)
{
	pr_info("hello, world\n");
	return 0;
}
module_init(hello_init);

static void __exit hello_exit(void)
{
	pr_info("goodbye, world\n");
}
module_exit(hello_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kbuild-ts authors");
MODULE_DESCRIPTION("The smallest module, built from a plain Kbuild file");
MODULE_VERSION("1.0.0");
