// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static int leaves_proc_show(struct seq_file *file, void *unused)
{
	seq_puts(file, "here\n");
	return 0;
}

static int __init leaves_proc_init(void)
{
	if (!proc_create_single("leaves_proc", 0444, NULL, leaves_proc_show))
		return -ENOMEM;
	return 0;
}

static void __exit leaves_proc_exit(void)
{
}

module_init(leaves_proc_init);
module_exit(leaves_proc_exit);

MODULE_DESCRIPTION("Leaves a file in proc behind when it is unloaded");
MODULE_LICENSE("GPL");
