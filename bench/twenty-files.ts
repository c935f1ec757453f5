import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Sources of the module. */
export const fileCount = 20;

/**
 * Writes a module of twenty sources: a device with nineteen channels, each with a queue, a worker, a
 * timer, counters in debugfs and rules of its own that look at what goes through, and the parts that
 * tie them together. They include what drivers include, and each takes about as long to compile as a
 * file of a real driver.
 */
export async function writeTwentyFiles(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  const channels = Array.from({ length: fileCount - 1 }, (_, i) => i);
  const objects = ['main.o', ...channels.map((i) => `channel${i}.o`)];
  await write('Kbuild', `obj-m := twenty.o\ntwenty-y := ${objects.join(' ')}\n`);
  await write('twenty.h', header(channels));
  await write('main.c', main(channels));
  for (const i of channels) await write(`channel${i}.c`, channel(i));
}

/** Changes one of the sources to what it has never been before. */
export async function changeOne(directory: string, change: number): Promise<void> {
  await writeFile(join(directory, 'channel7.c'), channel(7, change));
}

const header = (channels: readonly number[]): string => `/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWENTY_H
#define TWENTY_H
#include <linux/kfifo.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

struct twenty_packet {
	u64 when;
	u32 kind;
	u32 length;
	u8 data[48];
};

struct twenty_channel {
	const char *name;
	spinlock_t lock;
	struct work_struct work;
	struct timer_list timer;
	DECLARE_KFIFO(queue, struct twenty_packet, 32);
	u64 passed, dropped, rewritten;
};

struct dentry;
${channels.map((i) => `int twenty_channel${i}_begin(struct dentry *parent);\nvoid twenty_channel${i}_end(void);\nint twenty_channel${i}_put(const struct twenty_packet *packet);`).join('\n')}
#endif
`;

const main = (channels: readonly number[]): string => `// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/uaccess.h>
#include "twenty.h"

static struct dentry *directory;

static const struct {
	int (*begin)(struct dentry *parent);
	void (*end)(void);
	int (*put)(const struct twenty_packet *packet);
} channels[] = {
${channels.map((i) => `	{ twenty_channel${i}_begin, twenty_channel${i}_end, twenty_channel${i}_put },`).join('\n')}
};

static ssize_t twenty_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct twenty_packet packet = { .when = ktime_get_ns() };
	int error;

	packet.length = min_t(size_t, size, sizeof(packet.data));
	if (copy_from_user(packet.data, from, packet.length))
		return -EFAULT;
	packet.kind = packet.length ? packet.data[0] : 0;
	error = channels[packet.kind % ARRAY_SIZE(channels)].put(&packet);
	return error ? error : packet.length;
}

static const struct file_operations twenty_operations = {
	.owner = THIS_MODULE,
	.write = twenty_write,
	.llseek = noop_llseek,
};

static struct miscdevice twenty_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "twenty",
	.fops = &twenty_operations,
};

static void twenty_end(size_t begun)
{
	while (begun--)
		channels[begun].end();
	debugfs_remove_recursive(directory);
}

static int __init twenty_init(void)
{
	size_t i;
	int error;

	directory = debugfs_create_dir("twenty", NULL);
	for (i = 0; i < ARRAY_SIZE(channels); i++) {
		error = channels[i].begin(directory);
		if (error)
			goto failed;
	}
	error = misc_register(&twenty_device);
	if (!error)
		return 0;
failed:
	twenty_end(i);
	return error;
}
module_init(twenty_init);

static void __exit twenty_exit(void)
{
	misc_deregister(&twenty_device);
	twenty_end(ARRAY_SIZE(channels));
}
module_exit(twenty_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A device with nineteen channels");
`;

/** How each rule of a channel looks at a packet; each channel has others of them. */
const rules = [
  (n: number) => `	if (packet->length < ${n % 7})
		return RULE_DROP;
	return packet->kind == ${n} ? RULE_PASS : RULE_NEXT;`,
  (n: number) => `	u32 sum = ${n};
	size_t i;

	for (i = 0; i < packet->length; i++)
		sum = rol32(sum, 5) ^ packet->data[i];
	return sum & 1 ? RULE_NEXT : RULE_PASS;`,
  (n: number) => `	if (crc32_le(${n}, packet->data, packet->length) % ${n + 3} == 0)
		return RULE_DROP;
	return RULE_NEXT;`,
  (n: number) => `	size_t i;

	for (i = 0; i < packet->length; i++)
		if (packet->data[i] == ${n % 256})
			packet->data[i] = ${(n * 7) % 256};
	return RULE_REWRITTEN;`,
  (n: number) => `	u64 age = ktime_get_ns() - packet->when;

	if (age > ${n}ULL * NSEC_PER_MSEC)
		return RULE_DROP;
	return RULE_NEXT;`,
  (n: number) => `	struct { __be16 type; __be16 length; } __packed *frame = (void *)packet->data;

	if (packet->length < sizeof(*frame) || be16_to_cpu(frame->type) != ${n})
		return RULE_NEXT;
	frame->length = cpu_to_be16(packet->length);
	return RULE_REWRITTEN;`,
];

function channel(number: number, change = 0): string {
  const count = 6 + ((number * 5) % 7);
  const own = Array.from({ length: count }, (_, i) => 11 * number + 3 * i + 1);
  const bodies = own.map(
    (n, i) => `static enum verdict rule${i}(struct twenty_packet *packet)
{
${rules[(number + i) % rules.length]?.(n) ?? ''}
}
`,
  );
  const name = `twenty_channel${number}`;
  return `// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/crc32.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "twenty.h"

#define PERIOD_MS ${100 + 10 * number + change}

enum verdict { RULE_NEXT, RULE_PASS, RULE_DROP, RULE_REWRITTEN };

static struct twenty_channel channel = { .name = "${name}" };
static unsigned int budget = ${8 + number};
module_param_named(budget${number}, budget, uint, 0644);
MODULE_PARM_DESC(budget${number}, "Packets that channel ${number} looks at in one go");

${bodies.join('\n')}
static enum verdict (*const rules[])(struct twenty_packet *packet) = {
${own.map((_, i) => `	rule${i},`).join('\n')}
};

static void look_at(struct twenty_packet *packet)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		switch (rules[i](packet)) {
		case RULE_NEXT:
			continue;
		case RULE_REWRITTEN:
			channel.rewritten++;
			continue;
		case RULE_DROP:
			channel.dropped++;
			pr_debug("%s: rule %zu drops a packet of kind %u\\n", channel.name, i, packet->kind);
			return;
		case RULE_PASS:
			channel.passed++;
			return;
		}
	}
}

static void work(struct work_struct *work)
{
	struct twenty_packet packet;
	unsigned int left = READ_ONCE(budget);

	while (left-- && kfifo_out_spinlocked(&channel.queue, &packet, 1, &channel.lock))
		look_at(&packet);
	if (!kfifo_is_empty(&channel.queue))
		schedule_work(&channel.work);
}

static void tick(struct timer_list *timer)
{
	schedule_work(&channel.work);
	mod_timer(timer, jiffies + msecs_to_jiffies(PERIOD_MS));
}

int ${name}_put(const struct twenty_packet *packet)
{
	if (!kfifo_in_spinlocked(&channel.queue, packet, 1, &channel.lock))
		return -ENOSPC;
	schedule_work(&channel.work);
	return 0;
}

static int counters_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "passed %llu\\ndropped %llu\\nrewritten %llu\\n", channel.passed,
		   channel.dropped, channel.rewritten);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

int ${name}_begin(struct dentry *parent)
{
	spin_lock_init(&channel.lock);
	INIT_KFIFO(channel.queue);
	INIT_WORK(&channel.work, work);
	timer_setup(&channel.timer, tick, 0);
	debugfs_create_file(channel.name, 0444, parent, NULL, &counters_fops);
	mod_timer(&channel.timer, jiffies + msecs_to_jiffies(PERIOD_MS));
	return 0;
}

void ${name}_end(void)
{
	del_timer_sync(&channel.timer);
	cancel_work_sync(&channel.work);
}
`;
}
