/* SPDX-License-Identifier: ISC */
#include "base/index.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

enum { FIELD_ID, FIELD_GROUP, FIELD_NAME };

static int compare_field(const void *a, const void *b, int field)
{
	return text_compare(((char *const *)a)[field], ((char *const *)b)[field]);
}

static int by_id(const void *a, const void *b)
{
	return compare_field(a, b, FIELD_ID);
}

static int by_name(const void *a, const void *b)
{
	int order = compare_field(a, b, FIELD_NAME);

	return order != 0 ? order : compare_field(a, b, FIELD_GROUP);
}

/* qsort() is not stable; equal rows keep the order of the table. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct index *index = context;
	const void *left = *(const void *const *)a, *right = *(const void *const *)b;
	int order = index->order(left, right);

	return order != 0 ? order : (left > right) - (left < right);
}

/* As the rows of a reading mostly are. */
static bool in_order(struct index *index)
{
	for (size_t i = 1; i < index->count; i++)
		if (compare_rows(&index->rows[i - 1], &index->rows[i], index) > 0)
			return false;
	return true;
}

static struct index index_new(
	const void *rows, size_t count, size_t size, int (*order)(const void *, const void *))
{
	struct index index = {memory_zero(count, sizeof *index.rows), count, order};

	for (size_t i = 0; i < count; i++)
		index.rows[i] = (const char *)rows + i * size;
	if (!in_order(&index))
		qsort_r(index.rows, count, sizeof *index.rows, compare_rows, &index);
	return index;
}

struct index index_by_id(const void *rows, size_t count, size_t size)
{
	return index_new(rows, count, size, by_id);
}

struct index index_by_name(const void *rows, size_t count, size_t size)
{
	return index_new(rows, count, size, by_name);
}

/* The place of the first row whose key is not less than that of like; with past, of the first
 * greater one. */
static size_t bound(const struct index *index, const void *like, bool past)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->order(index->rows[middle], like) < (past ? 1 : 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t index_range(const struct index *index, const void *like, size_t *count)
{
	size_t first = bound(index, like, false);

	*count = bound(index, like, true) - first;
	return first;
}

const void *index_find(const struct index *index, const char *id)
{
	const char *const like[] = {id};
	size_t place = bound(index, like, false);

	if (place == index->count || index->order(index->rows[place], like) != 0)
		return NULL;
	return index->rows[place];
}

void index_release(struct index *index)
{
	free(index->rows);
	*index = (struct index){0};
}
