/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring buffer of bytes between user space and user space.
 *
 * The caller serialises everything. Only ring_used() and ring_space() may be
 * called without that, and are then good for nothing but a test for zero which
 * is repeated under the lock.
 */
#ifndef _RING_H
#define _RING_H

#include <linux/compiler.h>
#include <linux/types.h>

/*
 * head and tail run freely and wrap by themselves, so head - tail is what the
 * ring holds, and full and empty differ. That needs a power of two as size.
 */
struct ring {
	u8 *data;
	unsigned int size;
	unsigned int head;	/* where the next byte goes to */
	unsigned int tail;	/* where the next byte comes from */
};

static inline unsigned int ring_used(const struct ring *ring)
{
	return READ_ONCE(ring->head) - READ_ONCE(ring->tail);
}

static inline unsigned int ring_space(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

int ring_init(struct ring *ring, unsigned int size);
void ring_free(struct ring *ring);
void ring_clear(struct ring *ring);
size_t ring_from_user(struct ring *ring, const char __user *from, size_t len);
size_t ring_to_user(struct ring *ring, char __user *to, size_t len);

#endif /* _RING_H */
