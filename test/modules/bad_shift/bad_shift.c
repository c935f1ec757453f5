// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

static int bits = 40;

static noinline int power_of_two(int exponent)
{
	return 1 << exponent;
}

static int __init bad_shift_init(void)
{
	pr_info("%d\n", power_of_two(READ_ONCE(bits)));
	return 0;
}

static void __exit bad_shift_exit(void)
{
}

module_init(bad_shift_init);
module_exit(bad_shift_exit);

MODULE_DESCRIPTION("Shifts a number by more than it has bits when it is loaded");
MODULE_LICENSE("GPL");
