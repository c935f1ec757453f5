// SPDX-License-Identifier: GPL-2.0-only
/*
 * exporter - a registry of named counters for other modules
 *
 * Shows the three ways to export a symbol: to everyone, to GPL-compatible
 * modules, and to those that import a namespace.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>

#include <exporter.h>

struct counter {
	struct list_head node;
	s64 value;
	char name[EXPORTER_NAME_SIZE];
};

static LIST_HEAD(counters);
static DEFINE_MUTEX(counters_lock);	/* guards the list and all values */

static struct counter *counter_find(const char *name)
{
	struct counter *c;

	lockdep_assert_held(&counters_lock);

	list_for_each_entry(c, &counters, node) {
		if (!strcmp(c->name, name))
			return c;
	}

	return NULL;
}

static struct counter *counter_create(const char *name)
{
	struct counter *c;

	lockdep_assert_held(&counters_lock);

	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return NULL;

	strscpy(c->name, name, sizeof(c->name));
	list_add_tail(&c->node, &counters);
	return c;
}

/**
 * exporter_add() - add to a counter
 * @name: the counter's name; a counter comes to be when first added to
 * @delta: what to add, may be negative
 *
 * Return: 0, -EINVAL for a name that is empty or too long, -ENOMEM, or
 * -EOVERFLOW, which leaves the counter as it was.
 */
int exporter_add(const char *name, s64 delta)
{
	size_t len = strnlen(name, EXPORTER_NAME_SIZE);
	struct counter *c;
	s64 sum;
	int ret = 0;

	if (!len || len == EXPORTER_NAME_SIZE)
		return -EINVAL;

	mutex_lock(&counters_lock);

	c = counter_find(name);
	if (!c)
		c = counter_create(name);

	if (!c)
		ret = -ENOMEM;
	else if (check_add_overflow(c->value, delta, &sum))
		ret = -EOVERFLOW;
	else
		c->value = sum;

	mutex_unlock(&counters_lock);
	return ret;
}
EXPORT_SYMBOL(exporter_add);

/**
 * exporter_read() - read a counter
 * @name: the counter's name
 * @value: where to put its value
 *
 * Return: 0, or -ENOENT if there is no such counter.
 */
int exporter_read(const char *name, s64 *value)
{
	struct counter *c;

	mutex_lock(&counters_lock);
	c = counter_find(name);
	if (c)
		*value = c->value;
	mutex_unlock(&counters_lock);

	return c ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(exporter_read);

/**
 * exporter_remove() - remove a counter
 * @name: the counter's name
 *
 * Takes the counter away from everyone who uses it, so it is not for
 * everyone: callers import the namespace KBUILD_TS.
 *
 * Return: 0, or -ENOENT if there is no such counter.
 */
int exporter_remove(const char *name)
{
	struct counter *c;

	mutex_lock(&counters_lock);
	c = counter_find(name);
	if (c)
		list_del(&c->node);
	mutex_unlock(&counters_lock);

	if (!c)
		return -ENOENT;

	kfree(c);
	return 0;
}

/* Namespaces are strings since 6.13, and were identifiers before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
EXPORT_SYMBOL_NS_GPL(exporter_remove, "KBUILD_TS");
#else
EXPORT_SYMBOL_NS_GPL(exporter_remove, KBUILD_TS);
#endif

static int __init exporter_init(void)
{
	pr_info("loaded\n");
	return 0;
}
module_init(exporter_init);

static void __exit exporter_exit(void)
{
	struct counter *c, *next;

	/* No module uses us any more, so nobody can hold or want the lock. */
	list_for_each_entry_safe(c, next, &counters, node)
		kfree(c);

	pr_info("unloaded\n");
}
module_exit(exporter_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kbuild-ts authors");
MODULE_DESCRIPTION("A registry of named counters for other modules");
MODULE_VERSION("1.0.0");
