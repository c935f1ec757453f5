/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The ioctl interface of /dev/chardev, for the driver and for programs.
 */
#ifndef _CHARDEV_IOCTL_H
#define _CHARDEV_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct chardev_info - state of the device at one moment
 * @size: capacity of the buffer in bytes
 * @used: bytes that wait to be read
 * @openers: open files, the asking one included
 * @reserved: zero
 */
struct chardev_info {
	__u32 size;
	__u32 used;
	__u32 openers;
	__u32 reserved;
};

#define CHARDEV_IOC_MAGIC	0xbd

/* Fill in a struct chardev_info */
#define CHARDEV_IOC_INFO	_IOR(CHARDEV_IOC_MAGIC, 0, struct chardev_info)
/* Throw away what waits to be read */
#define CHARDEV_IOC_CLEAR	_IO(CHARDEV_IOC_MAGIC, 1)

#endif /* _CHARDEV_IOCTL_H */
