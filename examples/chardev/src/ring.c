// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring buffer of bytes between user space and user space
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <ring.h>

int ring_init(struct ring *ring, unsigned int size)
{
	if (!is_power_of_2(size))
		return -EINVAL;

	ring->data = kmalloc(size, GFP_KERNEL);
	if (!ring->data)
		return -ENOMEM;

	ring->size = size;
	ring->head = 0;
	ring->tail = 0;
	return 0;
}

void ring_free(struct ring *ring)
{
	kfree(ring->data);
}

void ring_clear(struct ring *ring)
{
	WRITE_ONCE(ring->tail, ring->head);
}

/*
 * Both copies take at most two rounds: up to the end of the buffer, and from
 * its start. They return how many bytes moved, which is less than asked for
 * when the ring is full or empty, or when the user's memory faults midway.
 */

size_t ring_from_user(struct ring *ring, const char __user *from, size_t len)
{
	size_t done = 0;

	len = min_t(size_t, len, ring_space(ring));
	while (done < len) {
		unsigned int at = ring->head & (ring->size - 1);
		size_t chunk = min_t(size_t, len - done, ring->size - at);
		size_t left = copy_from_user(ring->data + at, from + done, chunk);

		done += chunk - left;
		WRITE_ONCE(ring->head, ring->head + chunk - left);
		if (left)
			break;
	}

	return done;
}

size_t ring_to_user(struct ring *ring, char __user *to, size_t len)
{
	size_t done = 0;

	len = min_t(size_t, len, ring_used(ring));
	while (done < len) {
		unsigned int at = ring->tail & (ring->size - 1);
		size_t chunk = min_t(size_t, len - done, ring->size - at);
		size_t left = copy_to_user(to + done, ring->data + at, chunk);

		done += chunk - left;
		WRITE_ONCE(ring->tail, ring->tail + chunk - left);
		if (left)
			break;
	}

	return done;
}
