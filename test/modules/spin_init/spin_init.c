// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/processor.h>

static bool done;

static noinline void wait_until_done(void)
{
	while (!READ_ONCE(done))
		cpu_relax();
}

static int __init spin_init_init(void)
{
	wait_until_done();
	return 0;
}

static void __exit spin_init_exit(void)
{
}

module_init(spin_init_init);
module_exit(spin_init_exit);

MODULE_DESCRIPTION("Keeps its CPU busy for ever when it is loaded");
MODULE_LICENSE("GPL");
