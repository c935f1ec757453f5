// SPDX-License-Identifier: GPL-2.0-only
/*
 * chardev - a character device that gives back what was written to it
 *
 * Everyone who opens /dev/chardev shares one buffer. Reads wait for data and
 * writes for space, unless the file is O_NONBLOCK.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <chardev_ioctl.h>
#include <ring.h>

/* A power of two; kbuild.config.yaml sets another one. */
#ifndef CHARDEV_RING_SIZE
#define CHARDEV_RING_SIZE	4096
#endif

/*
 * Of the misc minors for local use. A fixed one, since aliases need a number:
 * they let the module be loaded when somebody opens /dev/chardev.
 */
#define CHARDEV_MINOR		250

struct chardev {
	struct miscdevice misc;
	struct mutex lock;		/* serialises changes to the ring */
	struct ring ring;
	wait_queue_head_t readers;
	wait_queue_head_t writers;
	atomic_t openers;
};

typedef unsigned int (*ring_count_fn)(const struct ring *ring);

/*
 * Take the lock when count() of the ring is not zero, and wait for that if
 * the file may block. Nobody holds the lock while waiting, so another task can
 * be faster: look again under the lock.
 */
static int chardev_lock_when(struct file *file, wait_queue_head_t *wq,
			     ring_count_fn count)
{
	struct chardev *dev = file->private_data;

	for (;;) {
		if (mutex_lock_interruptible(&dev->lock))
			return -ERESTARTSYS;
		if (count(&dev->ring))
			return 0;
		mutex_unlock(&dev->lock);

		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*wq, count(&dev->ring)))
			return -ERESTARTSYS;
	}
}

static ssize_t chardev_read(struct file *file, char __user *buf, size_t len,
			    loff_t *ppos)
{
	struct chardev *dev = file->private_data;
	size_t copied;
	int ret;

	if (!len)
		return 0;

	ret = chardev_lock_when(file, &dev->readers, ring_used);
	if (ret)
		return ret;
	copied = ring_to_user(&dev->ring, buf, len);
	mutex_unlock(&dev->lock);

	/* There was data, so nothing copied means a bad address. */
	if (!copied)
		return -EFAULT;

	wake_up_interruptible_poll(&dev->writers, EPOLLOUT | EPOLLWRNORM);
	return copied;
}

static ssize_t chardev_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *ppos)
{
	struct chardev *dev = file->private_data;
	size_t copied;
	int ret;

	if (!len)
		return 0;

	ret = chardev_lock_when(file, &dev->writers, ring_space);
	if (ret)
		return ret;
	copied = ring_from_user(&dev->ring, buf, len);
	mutex_unlock(&dev->lock);

	if (!copied)
		return -EFAULT;

	wake_up_interruptible_poll(&dev->readers, EPOLLIN | EPOLLRDNORM);
	return copied;
}

static __poll_t chardev_poll(struct file *file, poll_table *wait)
{
	struct chardev *dev = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &dev->readers, wait);
	poll_wait(file, &dev->writers, wait);

	if (ring_used(&dev->ring))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (ring_space(&dev->ring))
		mask |= EPOLLOUT | EPOLLWRNORM;

	return mask;
}

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct chardev *dev = file->private_data;
	struct chardev_info info = {};

	switch (cmd) {
	case CHARDEV_IOC_INFO:
		if (mutex_lock_interruptible(&dev->lock))
			return -ERESTARTSYS;
		info.size = dev->ring.size;
		info.used = ring_used(&dev->ring);
		mutex_unlock(&dev->lock);
		info.openers = atomic_read(&dev->openers);
		if (copy_to_user((void __user *)arg, &info, sizeof(info)))
			return -EFAULT;
		return 0;

	case CHARDEV_IOC_CLEAR:
		if (mutex_lock_interruptible(&dev->lock))
			return -ERESTARTSYS;
		ring_clear(&dev->ring);
		mutex_unlock(&dev->lock);
		wake_up_interruptible_poll(&dev->writers, EPOLLOUT | EPOLLWRNORM);
		return 0;

	default:
		return -ENOTTY;
	}
}

static int chardev_open(struct inode *inode, struct file *file)
{
	/* misc_open() has put our miscdevice into private_data. */
	struct chardev *dev = container_of(file->private_data, struct chardev,
					   misc);

	file->private_data = dev;
	atomic_inc(&dev->openers);
	return stream_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	struct chardev *dev = file->private_data;

	atomic_dec(&dev->openers);
	return 0;
}

static const struct file_operations chardev_fops = {
	.owner		= THIS_MODULE,
	.open		= chardev_open,
	.release	= chardev_release,
	.read		= chardev_read,
	.write		= chardev_write,
	.poll		= chardev_poll,
	.unlocked_ioctl	= chardev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct chardev chardev = {
	.misc = {
		.minor	= CHARDEV_MINOR,
		.name	= "chardev",
		.fops	= &chardev_fops,
	},
	.openers = ATOMIC_INIT(0),
};

static int __init chardev_init(void)
{
	int ret;

	mutex_init(&chardev.lock);
	init_waitqueue_head(&chardev.readers);
	init_waitqueue_head(&chardev.writers);

	ret = ring_init(&chardev.ring, CHARDEV_RING_SIZE);
	if (ret)
		return ret;

	/* Last: the device can be opened from here on. */
	ret = misc_register(&chardev.misc);
	if (ret) {
		ring_free(&chardev.ring);
		return ret;
	}

	pr_info("loaded, buffer of %u bytes\n", chardev.ring.size);
	return 0;
}
module_init(chardev_init);

static void __exit chardev_exit(void)
{
	misc_deregister(&chardev.misc);
	ring_free(&chardev.ring);
	pr_info("unloaded\n");
}
module_exit(chardev_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kbuild-ts authors");
MODULE_DESCRIPTION("A character device that gives back what was written to it");
MODULE_VERSION("1.0.0");
MODULE_ALIAS_MISCDEV(CHARDEV_MINOR);
MODULE_ALIAS("devname:chardev");
