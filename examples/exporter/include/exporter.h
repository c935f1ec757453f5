/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Named counters, shared by every module that knows the name.
 *
 * All functions may sleep, and may be called from several threads at once.
 */
#ifndef _EXPORTER_H
#define _EXPORTER_H

#include <linux/types.h>

/* The longest name of a counter, with its terminating NUL */
#define EXPORTER_NAME_SIZE	32

int exporter_add(const char *name, s64 delta);
int exporter_read(const char *name, s64 *value);

/* In the namespace KBUILD_TS, which callers have to import */
int exporter_remove(const char *name);

#endif /* _EXPORTER_H */
