/* SPDX-License-Identifier: ISC
 *
 * Indicators: one row for each node; rows of one id become one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/read_p.h"

static const struct field indicator_fields[] = {
	{"id", offsetof(struct block, id), offsetof(struct indicator, id), false},
	{"group", offsetof(struct block, group), offsetof(struct indicator, group), false},
	{"name", offsetof(struct block, name), offsetof(struct indicator, name), false},
	{0},
};

/* What stands for an id where the page gives none that tells rows apart: no longer than a field, as
 * it will be read back. Owned by the caller. */
static char *name_id(const struct indicator *row)
{
	char *whole = text_empty(row->group) ? memory_string(row->name)
					     : memory_format("%s/%s", row->group, row->name);
	char *id = text_collapse(whole, strlen(whole), READING_FIELD_MAX);

	free(whole);
	return id;
}

/* Rows of one id that are called differently are different indicators, unless the kind says which
 * of them counts. Their names are their ids. */
static uintptr_t keep_apart(
	struct work *work, const struct block *block, struct indicator *last, uintptr_t place)
{
	struct reading *reading = work->reading;
	struct indicator *earlier = NULL;
	char *name = name_id(last), *other;

	if (place != ID_SHARED) {
		earlier = &reading->indicators[place - 1];
		other = name_id(earlier);
		if (block->same != SAME_UNSAID || text_equal(last->name, earlier->name)) {
			free(other);
			free(name);
			return place;
		}
		repeat_note(&work->report->indicators, true, last->id, other, name);
		id_give_up(work->ids, &earlier->id, other, place);
		free(other);
	} else {
		repeat_note(&work->report->indicators, true, last->id, last->id, name);
	}
	free(last->id);
	last->id = name;
	return id_place(work->ids, last->id);
}

/* Notes whether the last row counts in the page's level. */
static bool count_in(struct work *work, const struct block *block, xmlNodePtr node)
{
	bool counts = true;

	if (block->counts != NULL &&
		!evaluate_truth(work->evaluation, block->counts, node, &counts, work->error))
		return error_prefix(work->error, "counts");
	*(bool *)memory_append(&work->apart, &work->apart_count, sizeof *work->apart) = !counts;
	return true;
}

/* The last row and the earlier one of its id, at the place counted from 1, become one. */
static void merge_last(struct work *work, const struct block *block, uintptr_t place)
{
	struct reading *reading = work->reading;
	struct indicator *earlier = &reading->indicators[place - 1];
	struct indicator *last = &reading->indicators[reading->indicator_count - 1];

	/* One that a second list gives without its group is no surprise. */
	if (block->same == SAME_UNSAID && text_equal(earlier->group, last->group))
		repeat_note(&work->report->indicators, false, last->id, earlier->name, last->name);
	if (same_replaces(block->same, earlier->level, last->level)) {
		struct indicator swapped = *earlier;

		*earlier = *last;
		*last = swapped;
	}
	reading_row_release(ROW_INDICATOR, last);
	reading->indicator_count--;
	work->apart_count--;
	work->apart[place - 1] = work->apart[place - 1] && work->apart[work->apart_count];
	count_merged(work, earlier->id);
}

/* One more row; it and an earlier one of its id become one. */
static bool read_indicator(
	struct work *work, const struct block *block, xmlNodePtr node, void *context)
{
	struct reading *reading = work->reading;
	struct indicator *last;
	uintptr_t place;

	(void)context;
	if (!read_room(work, reading->indicator_count))
		return false;
	last = reading_add_indicator(reading);
	if (!read_fields(work, indicator_fields, block, node, last) ||
		!read_level(work, block, &block->word, node, &last->word, &last->level))
		return false;
	if (text_empty(last->name))
		return error_set(work->error, REMEDY_PAGE,
			"name: row %zu has none: the page no longer fits",
			reading->indicator_count);
	if (text_empty(last->id)) {
		free(last->id);
		last->id = name_id(last);
	}
	if (!count_in(work, block, node))
		return false;
	/* A page that calls a row so would say that all is well that it no longer lists. */
	if (strcmp(last->id, READING_OTHERS) == 0)
		return error_set(work->error, REMEDY_PAGE,
			"id: a row has the one that stands for all that is not listed, \"%s\"",
			READING_OTHERS);
	place = id_place(work->ids, last->id);
	if (place != 0 && block->same == SAME_ERROR)
		return id_again(work, last->id);
	if (place != 0)
		place = keep_apart(work, block, last, place);
	if (place == 0 || place == ID_SHARED) {
		xmlHashUpdateEntry(work->ids, BAD_CAST last->id,
			(void *)(uintptr_t)reading->indicator_count, NULL);
		return true;
	}
	merge_last(work, block, place);
	return true;
}

bool read_indicators(struct work *work)
{
	const struct blocks *blocks = &work->kind->indicators;
	struct reading *reading = work->reading;

	for (size_t i = 0; i < blocks->count; i++)
		if (!read_block_rows(work, &blocks->list[i], read_indicator, NULL))
			return error_prefix(work->error, "indicators");
	/* The row for everything that is not listed. */
	for (size_t i = 0; i < blocks->count; i++)
		if (blocks->list[i].others >= 0) {
			*reading_add_indicator(reading) =
				(struct indicator){.id = memory_string(READING_OTHERS),
					.name = memory_string(READING_OTHERS),
					.level = (enum level)blocks->list[i].others};
			break;
		}
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const xmlChar *name = BAD_CAST reading->indicators[i].name;
		bool taken = xmlHashLookup(work->names, name) != NULL;

		xmlHashUpdateEntry(work->names, name,
			(void *)(taken ? NAME_AMBIGUOUS : (uintptr_t)i + 1), NULL);
	}
	return true;
}
