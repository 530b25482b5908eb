/* SPDX-License-Identifier: ISC
 *
 * Rows sorted by a key, for fast look-ups: the rows of two readings are matched by it, and one of
 * ten thousand receivers is found. Every row begins with its id (char *), as all row types of a
 * reading, receivers and pending deliveries do;
 * indicators and their states begin with id, group and name. Pure.
 */
#ifndef LAMPWATCH_INDEX_H
#define LAMPWATCH_INDEX_H

#include <stddef.h>

struct index {
	const void **rows; /* owned; the rows are not, and must stay where they are */
	size_t count;
	int (*order)(const void *a, const void *b);
};

/* Over count rows of size bytes each; equal keys keep the order of the table. */
struct index index_by_id(const void *rows, size_t count, size_t size);
struct index index_by_name(const void *rows, size_t count, size_t size); /* group and name */

/* The first row with this id, NULL if there is none. */
const void *index_find(const struct index *index, const char *id);

/* The place of the first row with the same key as like (a row, or an array {id, group, name});
 * *count gets the number of such rows. */
size_t index_range(const struct index *index, const void *like, size_t *count);

void index_release(struct index *index);

#endif
