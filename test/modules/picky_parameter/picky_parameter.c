// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#define HIGHEST_LEVEL 10

static unsigned int level = 5;

static int set_level(const char *text, const struct kernel_param *parameter)
{
	unsigned int value;
	int error = kstrtouint(text, 0, &value);

	if (error)
		return error;
	if (value > HIGHEST_LEVEL) {
		pr_err("level %u is above %u\n", value, HIGHEST_LEVEL);
		return -EINVAL;
	}
	return param_set_uint(text, parameter);
}

static const struct kernel_param_ops level_ops = {
	.set = set_level,
	.get = param_get_uint,
};

module_param_cb(level, &level_ops, &level, 0644);
MODULE_PARM_DESC(level, "A number from 0 to 10 (default: 5)");

static int __init picky_parameter_init(void)
{
	pr_info("level %u\n", level);
	return 0;
}

static void __exit picky_parameter_exit(void)
{
}

module_init(picky_parameter_init);
module_exit(picky_parameter_exit);

MODULE_DESCRIPTION("Takes a level from 0 to 10 and refuses all else");
MODULE_LICENSE("GPL");
