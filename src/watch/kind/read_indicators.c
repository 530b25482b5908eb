/* SPDX-License-Identifier: ISC
 *
 * Indicators: one row for each node, equal ids made one.
 */
#include <stdint.h>
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

static void default_id(struct indicator *indicator)
{
	if (!text_empty(indicator->id))
		return;
	free(indicator->id);
	indicator->id = text_empty(indicator->group)
				? memory_string(indicator->name)
				: memory_format("%s/%s", indicator->group, indicator->name);
}

static void drop_last(struct reading *reading)
{
	struct indicator *last = &reading->indicators[--reading->indicator_count];

	free(last->id);
	free(last->group);
	free(last->name);
	free(last->word);
}

/* The last row and an earlier one of its id become one. */
static void merge(struct work *work, const struct block *block)
{
	struct reading *reading = work->reading;
	struct indicator *last = &reading->indicators[reading->indicator_count - 1];
	size_t place = (size_t)(uintptr_t)xmlHashLookup(work->ids, BAD_CAST last->id);

	if (place == 0) {
		xmlHashAddEntry(
			work->ids, BAD_CAST last->id, (void *)(uintptr_t)reading->indicator_count);
		return;
	}
	if (same_replaces(block->same, reading->indicators[place - 1].level, last->level)) {
		struct indicator swapped = reading->indicators[place - 1];

		reading->indicators[place - 1] = *last;
		*last = swapped;
	}
	drop_last(reading);
	work->report->merged_rows++;
}

static bool read_indicator(
	struct work *work, const struct block *block, xmlNodePtr node, void *context)
{
	struct indicator *indicator;

	(void)context;
	if (!read_room(work, work->reading->indicator_count))
		return false;
	indicator = reading_add_indicator(work->reading);
	if (!read_fields(work, indicator_fields, block, node, indicator) ||
		!read_level(work, block, &block->word, node, &indicator->word, &indicator->level))
		return false;
	if (text_empty(indicator->name))
		return error_set(work->error, REMEDY_PAGE,
			"name: row %zu has none: the page no longer fits",
			work->reading->indicator_count);
	default_id(indicator);
	merge(work, block);
	return true;
}

/* The row that says what is true of everything that is not listed. */
static void add_others(struct work *work)
{
	const struct blocks *blocks = &work->kind->indicators;

	for (size_t i = 0; i < blocks->count; i++) {
		struct indicator *others;

		if (blocks->list[i].others < 0)
			continue;
		others = reading_add_indicator(work->reading);
		others->id = memory_string(READING_OTHERS);
		others->name = memory_string(READING_OTHERS);
		others->level = (enum level)blocks->list[i].others;
		return;
	}
}

bool read_indicators(struct work *work)
{
	const struct blocks *blocks = &work->kind->indicators;

	for (size_t i = 0; i < blocks->count; i++)
		if (!read_block_rows(work, &blocks->list[i], read_indicator, NULL))
			return error_prefix(work->error, "indicators");
	add_others(work);
	return true;
}
