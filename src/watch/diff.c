/* SPDX-License-Identifier: ISC */
#include "watch/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/index.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/change.h"

/* Indexes over the rows of one reading. */
struct table {
	struct index by_id, by_name; /* of indicators */
	struct index incidents, maintenances;
};

static struct table table_of(const struct reading *reading)
{
	const struct indicator *rows = reading->indicators;

	return (struct table){index_by_id(rows, reading->indicator_count, sizeof *rows),
		index_by_name(rows, reading->indicator_count, sizeof *rows),
		index_by_id(
			reading->incidents, reading->incident_count, sizeof *reading->incidents),
		index_by_id(reading->maintenances, reading->maintenance_count,
			sizeof *reading->maintenances)};
}

static void table_release(struct table *table)
{
	index_release(&table->by_id);
	index_release(&table->by_name);
	index_release(&table->incidents);
	index_release(&table->maintenances);
}

/* The same indicator in the other reading. A name decides only where no other indicator has it. */
static const struct indicator *counterpart(
	const struct table *other, const struct table *own, const struct indicator *like)
{
	const struct indicator *row = index_find(&other->by_id, like->id);
	size_t count, first;

	if (row != NULL)
		return row;
	first = index_range(&other->by_name, like, &count);
	if (count != 1)
		return NULL;
	row = other->by_name.rows[first];
	return index_find(&own->by_id, row->id) == NULL ? row : NULL;
}

/* before NULL: it was not listed; others: the earlier row for what is not listed, or NULL. */
static void diff_indicator(const struct indicator *before, const struct indicator *after,
	const struct indicator *others, struct changes *changes)
{
	const struct indicator *was = before != NULL ? before : others;
	char *label = text_label(after->group, after->name);

	if (was == NULL)
		changes_add(changes, CHANGE_INDICATOR_NEW, after->id, label, "",
			level_name(after->level), after->word);
	else if (was->level != after->level ||
		 (before != NULL && !text_equal(before->word, after->word)))
		changes_add(changes, CHANGE_INDICATOR, after->id, label, level_name(was->level),
			level_name(after->level), after->word);
	else if (before != NULL && (!text_equal(before->name, after->name) ||
					   !text_equal(before->group, after->group) ||
					   !text_equal(before->id, after->id)))
		changes_add(changes, CHANGE_OTHER, after->id, label, before->name, after->name, "");
	free(label);
}

static void diff_indicators(const struct reading *before, const struct table *old,
	const struct reading *after, const struct table *new, struct changes *changes)
{
	const struct indicator *others_before = reading_indicator(before, READING_OTHERS);
	const struct indicator *others_after = reading_indicator(after, READING_OTHERS);

	for (size_t i = 0; i < after->indicator_count; i++) {
		const struct indicator *row = &after->indicators[i];

		diff_indicator(counterpart(old, new, row), row, others_before, changes);
	}
	for (size_t i = 0; i < before->indicator_count; i++) {
		const struct indicator *row = &before->indicators[i];
		char *label;

		if (counterpart(new, old, row) != NULL)
			continue;
		label = text_label(row->group, row->name);
		if (others_after == NULL)
			changes_add(changes, CHANGE_INDICATOR_GONE, row->id, label,
				level_name(row->level), "", "");
		else if (others_after->level != row->level)
			changes_add(changes, CHANGE_INDICATOR, row->id, label,
				level_name(row->level), level_name(others_after->level), "");
		free(label);
	}
}

size_t diff_gone(
	const struct reading *before, const struct reading *after, const struct indicator **one)
{
	struct table old = table_of(before), new = table_of(after);
	size_t count = 0;

	*one = NULL;
	for (size_t i = 0; i < before->indicator_count; i++) {
		const struct indicator *row = &before->indicators[i];

		if (counterpart(&new, &old, row) != NULL)
			continue;
		if (count++ == 0)
			*one = row;
	}
	table_release(&old);
	table_release(&new);
	return count;
}

size_t diff_renamed(
	const struct reading *before, const struct reading *after, struct rename **renames)
{
	struct table old = table_of(before), new = table_of(after);
	size_t count = 0;

	*renames = NULL;
	for (size_t i = 0; i < after->indicator_count; i++) {
		const struct indicator *is = &after->indicators[i],
				       *was = counterpart(&old, &new, is);

		if (was != NULL &&
			(!text_equal(was->id, is->id) || !text_equal(was->group, is->group) ||
				!text_equal(was->name, is->name)))
			*(struct rename *)memory_append(renames, &count, sizeof **renames) =
				(struct rename){was, is};
	}
	table_release(&old);
	table_release(&new);
	return count;
}

static void diff_incidents(const struct reading *before, const struct table *old,
	const struct reading *after, const struct table *new, struct changes *changes)
{
	for (size_t i = 0; i < after->incident_count; i++) {
		const struct incident *row = &after->incidents[i],
				      *was = index_find(&old->incidents, row->id);

		if (was == NULL)
			changes_add(changes, CHANGE_INCIDENT_NEW, row->id, row->title, "",
				row->state, row->word);
		else if (was->level != row->level || !text_equal(was->word, row->word) ||
			 !text_equal(was->state, row->state) || !text_equal(was->title, row->title))
			changes_add(changes, CHANGE_INCIDENT, row->id, row->title, was->state,
				row->state, row->word);
	}
	for (size_t i = 0; i < before->incident_count; i++) {
		const struct incident *row = &before->incidents[i];

		if (index_find(&new->incidents, row->id) == NULL)
			changes_add(changes, CHANGE_INCIDENT_CLOSED, row->id, row->title,
				row->state, "", "");
	}
}

static void diff_maintenances(const struct reading *before, const struct table *old,
	const struct reading *after, const struct table *new, struct changes *changes)
{
	for (size_t i = 0; i < after->maintenance_count; i++) {
		const struct maintenance *row = &after->maintenances[i],
					 *was = index_find(&old->maintenances, row->id);

		if (was == NULL)
			changes_add(changes, CHANGE_MAINTENANCE_NEW, row->id, row->title, "",
				row->state, row->starts);
		else if (!text_equal(was->state, row->state) ||
			 !text_equal(was->title, row->title) ||
			 !text_equal(was->starts, row->starts) || !text_equal(was->ends, row->ends))
			changes_add(changes, CHANGE_MAINTENANCE, row->id, row->title, was->state,
				row->state, row->starts);
	}
	for (size_t i = 0; i < before->maintenance_count; i++) {
		const struct maintenance *row = &before->maintenances[i];

		if (index_find(&new->maintenances, row->id) == NULL)
			changes_add(changes, CHANGE_MAINTENANCE_CLOSED, row->id, row->title,
				row->state, "", "");
	}
}

static int by_update(const void *a, const void *b)
{
	const struct update *left = a, *right = b;
	int order = text_compare(left->id, right->id);

	if (order == 0)
		order = text_compare(left->time, right->time);
	if (order == 0)
		order = text_compare(left->state, right->state);
	return order != 0 ? order : text_compare(left->text, right->text);
}

static void diff_updates(const struct reading *before, const struct reading *after,
	const struct table *new, struct changes *changes)
{
	struct update *old = memory_zero(before->update_count, sizeof *old);

	if (before->update_count > 0)
		memcpy(old, before->updates, before->update_count * sizeof *old);
	qsort(old, before->update_count, sizeof *old, by_update);
	for (size_t i = 0; i < after->update_count; i++) {
		const struct update *row = &after->updates[i];
		const struct incident *incident = index_find(&new->incidents, row->id);
		const struct maintenance *maintenance = index_find(&new->maintenances, row->id);

		if (bsearch(row, old, before->update_count, sizeof *old, by_update) == NULL)
			changes_add(changes, CHANGE_UPDATE, row->id,
				incident != NULL      ? incident->title
				: maintenance != NULL ? maintenance->title
						      : row->id,
				"", row->state, row->text);
	}
	free(old);
}

void diff(const struct reading *before, const struct reading *after, struct changes *changes)
{
	struct table old = table_of(before), new = table_of(after);
	struct buffer old_text = {0}, new_text = {0};

	if (before->level != after->level || !text_equal(before->word, after->word))
		changes_add(changes, CHANGE_OVERALL, "", after->title, level_name(before->level),
			level_name(after->level), after->word);
	else if (!text_equal(before->title, after->title))
		changes_add(changes, CHANGE_OTHER, "", "title", before->title, after->title, "");
	diff_indicators(before, &old, after, &new, changes);
	diff_incidents(before, &old, after, &new, changes);
	diff_maintenances(before, &old, after, &new, changes);
	diff_updates(before, after, &new, changes);
	/* A difference that no rule above names (a changed address, an added affects row) still
	 * changes the canonical text, and such a change is always reported. */
	if (changes->count == 0) {
		reading_write(before, &old_text);
		reading_write(after, &new_text);
		if (strcmp(buffer_string(&old_text), buffer_string(&new_text)) != 0)
			changes_add(changes, CHANGE_OTHER, "", "details", "", "", "");
	}
	buffer_release(&old_text);
	buffer_release(&new_text);
	table_release(&old);
	table_release(&new);
}

/* Which rows belong to the watched part. */
struct choice {
	const struct text_list *patterns;
	struct index ids; /* of incidents and maintenances; unless all are chosen */
};

static bool chosen(const void *context, enum row_type type, const void *row)
{
	const struct choice *choice = context;
	const struct indicator *indicator = row;

	if (type != ROW_INDICATOR)
		return choice->patterns->count == 0 ||
		       index_find(&choice->ids, *(char *const *)row) != NULL;
	return text_equal(indicator->id, READING_OTHERS) ||
	       patterns_choose(choice->patterns, indicator->id, indicator->group, indicator->name);
}

void reading_watched(
	const struct reading *reading, const struct text_list *patterns, struct reading *out)
{
	struct index by_id = index_by_id(
		reading->indicators, reading->indicator_count, sizeof *reading->indicators);
	struct index named =
		index_by_id(reading->affects, reading->affects_count, sizeof *reading->affects);
	struct affects *rows =
		memory_zero(reading->affects_count + reading->incident_count, sizeof *rows);
	struct choice choice = {.patterns = patterns};
	size_t count = 0;

	for (size_t i = 0; i < reading->affects_count && patterns->count > 0; i++) {
		const struct affects *row = &reading->affects[i];
		const struct indicator *indicator = index_find(&by_id, row->indicator);

		/* It names an indicator by its id, or as the page calls it. */
		if (indicator != NULL
				? patterns_choose(patterns, indicator->id, indicator->group,
					  indicator->name)
				: patterns_choose(patterns, row->indicator, "", row->indicator))
			rows[count++] = *row;
	}
	for (size_t i = 0; i < reading->incident_count && patterns->count > 0; i++)
		if (index_find(&named, reading->incidents[i].id) == NULL)
			rows[count++] = (struct affects){.id = reading->incidents[i].id};
	choice.ids = index_by_id(rows, count, sizeof *rows);
	reading_filter(reading, chosen, &choice, out);
	index_release(&choice.ids);
	index_release(&named);
	index_release(&by_id);
	free(rows);
}
