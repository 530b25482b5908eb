/* SPDX-License-Identifier: ISC
 *
 * Several files as one tar archive in memory (POSIX.1-2017, pax: ustar). Pure.
 */
#ifndef LAMPWATCH_TAR_H
#define LAMPWATCH_TAR_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

enum { TAR_NAME_MAX = 99 }; /* bytes of a name */

/* Adds a file; false if the name is too long or out is full. The same files always give the
 * same bytes, because owner and time are left out. */
bool tar_add(struct buffer *out, const char *name, const void *bytes, size_t length);

/* Adds the end of the archive. */
bool tar_end(struct buffer *out);

/*
 * The file at *at (0 for the first): its name and its bytes (both borrowed from tar); *at becomes
 * the place of the next one. False at the end, and if the bytes are not such an archive.
 */
bool tar_next(const struct buffer *tar, size_t *at, const char **name, const char **bytes,
	size_t *length);

#endif
