// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

static struct {
	int values[4];
	int behind[4];
} numbers;

static int next = 4;

static noinline void store(int index, int value)
{
	numbers.values[index] = value;
}

static int __init bad_index_init(void)
{
	store(READ_ONCE(next), 1);
	return 0;
}

static void __exit bad_index_exit(void)
{
}

module_init(bad_index_init);
module_exit(bad_index_exit);

MODULE_DESCRIPTION("Writes behind the end of an array when it is loaded");
MODULE_LICENSE("GPL");
