// SPDX-License-Identifier: GPL-2.0-only
/*
 * params - a module parameter of every kind
 *
 * An imaginary signal generator, so that each kind has something to hold.
 * All parameters are set at load; only duty can be changed afterwards.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#define MAX_LEVELS	8
#define MAX_OUTPUTS	4
#define DUTY_MIN	1
#define DUTY_MAX	100

static bool loop;
module_param(loop, bool, 0444);
MODULE_PARM_DESC(loop, "Start again at the end (default: off)");

/* An invbool stores the opposite of what the user says. */
static bool filter = true;
module_param_named(nofilter, filter, invbool, 0444);
MODULE_PARM_DESC(nofilter, "Leave the output unfiltered (default: off)");

static int offset = -40;
module_param(offset, int, 0444);
MODULE_PARM_DESC(offset, "Offset of the signal in mV");

static unsigned int rate = 48000;
module_param(rate, uint, 0444);
MODULE_PARM_DESC(rate, "Samples per second");

static short gain = -6;
module_param(gain, short, 0444);
MODULE_PARM_DESC(gain, "Gain in dB");

static unsigned short port = 7000;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "Port to listen on");

static long drift = -250000;
module_param(drift, long, 0444);
MODULE_PARM_DESC(drift, "Drift of the clock in ns per second");

static unsigned long period = 1000000;
module_param(period, ulong, 0444);
MODULE_PARM_DESC(period, "Period in ns");

static unsigned long long limit = 1ULL << 40;
module_param(limit, ullong, 0444);
MODULE_PARM_DESC(limit, "Number of samples after which to stop");

static unsigned char channel = 3;
module_param(channel, byte, 0444);
MODULE_PARM_DESC(channel, "Channel, 0 to 255");

static unsigned int mask = 0xff00;
module_param(mask, hexint, 0444);
MODULE_PARM_DESC(mask, "Mask of the enabled outputs, shown in hexadecimal");

static char *label = "generator";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "Label in messages, any text: even one:with:colons");

static int levels[MAX_LEVELS] = { -100, 0, 100 };
static unsigned int nlevels = 3;
module_param_array(levels, int, &nlevels, 0444);
MODULE_PARM_DESC(levels, "Up to " __stringify(MAX_LEVELS) " levels in mV");

static char *outputs[MAX_OUTPUTS] = { "left", "right" };
static unsigned int noutputs = 2;
module_param_array(outputs, charp, &noutputs, 0444);
MODULE_PARM_DESC(outputs, "Names of up to " __stringify(MAX_OUTPUTS) " outputs");

/* Unlike a charp, a string is copied, and refused if it does not fit. */
static char shape[16] = "sine";
module_param_string(shape, shape, sizeof(shape), 0444);
MODULE_PARM_DESC(shape, "Shape of the signal, one of\n"
		 "\t\tsine      the default\n"
		 "\t\tsquare    see duty\n"
		 "\t\ttriangle  rises and falls evenly");

static unsigned int duty = 50;

static int duty_set(const char *val, const struct kernel_param *kp)
{
	unsigned int n;

	if (kstrtouint(val, 0, &n) || n < DUTY_MIN || n > DUTY_MAX)
		return -EINVAL;

	WRITE_ONCE(*(unsigned int *)kp->arg, n);
	return 0;
}

static const struct kernel_param_ops duty_ops = {
	.set = duty_set,
	.get = param_get_uint,
};

module_param_cb(duty, &duty_ops, &duty, 0644);
/* module_param_cb() cannot know the type, and modinfo would show none. */
__MODULE_PARM_TYPE(duty, "uint");
MODULE_PARM_DESC(duty, "Duty cycle in percent, 1 to 100");

static int __init params_init(void)
{
	unsigned int i;

	pr_info("loaded\n");

	pr_info("loop=%d\n", loop);
	pr_info("nofilter=%d\n", !filter);
	pr_info("offset=%d\n", offset);
	pr_info("rate=%u\n", rate);
	pr_info("gain=%d\n", gain);
	pr_info("port=%u\n", port);
	pr_info("drift=%ld\n", drift);
	pr_info("period=%lu\n", period);
	pr_info("limit=%llu\n", limit);
	pr_info("channel=%u\n", channel);
	pr_info("mask=%#x\n", mask);
	pr_info("label=%s\n", label);
	for (i = 0; i < nlevels; i++)
		pr_info("levels[%u]=%d\n", i, levels[i]);
	for (i = 0; i < noutputs; i++)
		pr_info("outputs[%u]=%s\n", i, outputs[i]);
	pr_info("shape=%s\n", shape);
	/* Already in sysfs, so it can change under us. */
	pr_info("duty=%u\n", READ_ONCE(duty));

	return 0;
}
module_init(params_init);

static void __exit params_exit(void)
{
	pr_info("unloaded\n");
}
module_exit(params_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kbuild-ts authors");
MODULE_DESCRIPTION("A module parameter of every kind");
MODULE_VERSION("1.0.0");
