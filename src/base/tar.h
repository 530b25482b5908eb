/* SPDX-License-Identifier: ISC
 *
 * Several files as one run of bytes, as tar(1) unpacks it (POSIX.1-2017, pax: ustar). Pure.
 */
#ifndef LAMPWATCH_TAR_H
#define LAMPWATCH_TAR_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

enum { TAR_NAME_MAX = 99 }; /* bytes of a name */

/* Adds a file; false where the name is too long or out is full. The same files always give the
 * same bytes: no owner and no time is in them. */
bool tar_add(struct buffer *out, const char *name, const void *bytes, size_t length);

/* Adds what ends it. */
bool tar_end(struct buffer *out);

/*
 * The file behind at (0 for the first): its name, its bytes (both within tar, borrowed) and
 * where the next one begins. False at the end, and where the bytes are no such tar.
 */
bool tar_next(const struct buffer *tar, size_t *at, const char **name, const char **bytes,
	size_t *length);

#endif
