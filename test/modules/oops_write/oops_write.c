// SPDX-License-Identifier: GPL-2.0-only
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static int *nowhere;

/* Whoever writes dies in here, and holds the lock of all parameters for ever. */
static int set_now(const char *value, const struct kernel_param *param)
{
	WRITE_ONCE(*READ_ONCE(nowhere), 1);
	return 0;
}

static const struct kernel_param_ops now_ops = {
	.set = set_now,
};
module_param_cb(now, &now_ops, NULL, 0200);

MODULE_DESCRIPTION("Writes to address 0 when its parameter is written");
MODULE_LICENSE("GPL");
