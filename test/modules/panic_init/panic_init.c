// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/module.h>

static bool fatal = true;

static noinline void give_up(int code)
{
	if (READ_ONCE(fatal))
		panic("nothing is left to do, code %d", code);
}

static int __init panic_init_init(void)
{
	give_up(7);
	return 0;
}

static void __exit panic_init_exit(void)
{
}

module_init(panic_init_init);
module_exit(panic_init_exit);

MODULE_DESCRIPTION("Panics the machine when it is loaded");
MODULE_LICENSE("GPL");
