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

/* The indicators of one reading, to be found. */
struct table {
	struct index by_id, by_name;
};

static struct table table_of(const struct reading *reading)
{
	const struct indicator *rows = reading->indicators;

	return (struct table){index_by_id(rows, reading->indicator_count, sizeof *rows),
		index_by_name(rows, reading->indicator_count, sizeof *rows)};
}

static void table_release(struct table *table)
{
	index_release(&table->by_id);
	index_release(&table->by_name);
}

/* The same indicator in the other reading. A name says which only where nothing else bears it. */
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

static void diff_overall(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	if (before->level != after->level || !text_equal(before->word, after->word))
		changes_add(changes, CHANGE_OVERALL, "", after->title, level_name(before->level),
			level_name(after->level), after->word);
	else if (!text_equal(before->title, after->title))
		changes_add(changes, CHANGE_OTHER, "", "title", before->title, after->title, "");
}

static void diff_indicator(const struct indicator *before, const struct indicator *after,
	const struct indicator *others, struct changes *changes)
{
	char *label = text_label(after->group, after->name);

	if (before == NULL && others == NULL)
		changes_add(changes, CHANGE_INDICATOR_NEW, after->id, label, "",
			level_name(after->level), after->word);
	else if (before == NULL && others->level != after->level)
		changes_add(changes, CHANGE_INDICATOR, after->id, label, level_name(others->level),
			level_name(after->level), after->word);
	else if (before != NULL &&
		 (before->level != after->level || !text_equal(before->word, after->word)))
		changes_add(changes, CHANGE_INDICATOR, after->id, label, level_name(before->level),
			level_name(after->level), after->word);
	else if (before != NULL && (!text_equal(before->name, after->name) ||
					   !text_equal(before->group, after->group) ||
					   !text_equal(before->id, after->id)))
		changes_add(changes, CHANGE_OTHER, after->id, label, before->name, after->name, "");
	free(label);
}

static void diff_absent(
	const struct indicator *row, const struct indicator *others, struct changes *changes)
{
	char *label = text_label(row->group, row->name);

	if (others == NULL)
		changes_add(changes, CHANGE_INDICATOR_GONE, row->id, label, level_name(row->level),
			"", "");
	else if (others->level != row->level)
		changes_add(changes, CHANGE_INDICATOR, row->id, label, level_name(row->level),
			level_name(others->level), "");
	free(label);
}

static void diff_indicators(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	const struct indicator *others_before = reading_indicator(before, READING_OTHERS);
	const struct indicator *others_after = reading_indicator(after, READING_OTHERS);
	struct table old = table_of(before), new = table_of(after);

	for (size_t i = 0; i < after->indicator_count; i++) {
		const struct indicator *row = &after->indicators[i];

		diff_indicator(counterpart(&old, &new, row), row, others_before, changes);
	}
	for (size_t i = 0; i < before->indicator_count; i++) {
		const struct indicator *row = &before->indicators[i];

		if (counterpart(&new, &old, row) == NULL)
			diff_absent(row, others_after, changes);
	}
	table_release(&old);
	table_release(&new);
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

static void diff_incidents(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	struct index old =
		index_by_id(before->incidents, before->incident_count, sizeof *before->incidents);
	struct index new =
		index_by_id(after->incidents, after->incident_count, sizeof *after->incidents);

	for (size_t i = 0; i < after->incident_count; i++) {
		const struct incident *row = &after->incidents[i], *was = index_find(&old, row->id);

		if (was == NULL)
			changes_add(changes, CHANGE_INCIDENT_NEW, row->id, row->title, "",
				row->state, row->word);
		else if (was->level != row->level || !text_equal(was->word, row->word) ||
			 !text_equal(was->state, row->state) || !text_equal(was->title, row->title))
			changes_add(changes, CHANGE_INCIDENT, row->id, row->title, was->state,
				row->state, row->word);
	}
	for (size_t i = 0; i < before->incident_count; i++)
		if (index_find(&new, before->incidents[i].id) == NULL)
			changes_add(changes, CHANGE_INCIDENT_CLOSED, before->incidents[i].id,
				before->incidents[i].title, before->incidents[i].state, "", "");
	index_release(&old);
	index_release(&new);
}

static void diff_maintenances(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	struct index old = index_by_id(
		before->maintenances, before->maintenance_count, sizeof *before->maintenances);
	struct index new = index_by_id(
		after->maintenances, after->maintenance_count, sizeof *after->maintenances);

	for (size_t i = 0; i < after->maintenance_count; i++) {
		const struct maintenance *row = &after->maintenances[i],
					 *was = index_find(&old, row->id);

		if (was == NULL)
			changes_add(changes, CHANGE_MAINTENANCE_NEW, row->id, row->title, "",
				row->state, row->starts);
		else if (!text_equal(was->state, row->state) ||
			 !text_equal(was->title, row->title) ||
			 !text_equal(was->starts, row->starts) || !text_equal(was->ends, row->ends))
			changes_add(changes, CHANGE_MAINTENANCE, row->id, row->title, was->state,
				row->state, row->starts);
	}
	for (size_t i = 0; i < before->maintenance_count; i++)
		if (index_find(&new, before->maintenances[i].id) == NULL)
			changes_add(changes, CHANGE_MAINTENANCE_CLOSED, before->maintenances[i].id,
				before->maintenances[i].title, before->maintenances[i].state, "",
				"");
	index_release(&old);
	index_release(&new);
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

static void diff_updates(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	struct index incidents =
		index_by_id(after->incidents, after->incident_count, sizeof *after->incidents);
	struct index maintenances = index_by_id(
		after->maintenances, after->maintenance_count, sizeof *after->maintenances);
	struct update *old = memory_zero(before->update_count, sizeof *old);

	if (before->update_count > 0)
		memcpy(old, before->updates, before->update_count * sizeof *old);
	qsort(old, before->update_count, sizeof *old, by_update);
	for (size_t i = 0; i < after->update_count; i++) {
		const struct update *row = &after->updates[i];
		const struct incident *incident = index_find(&incidents, row->id);
		const struct maintenance *maintenance = index_find(&maintenances, row->id);

		if (bsearch(row, old, before->update_count, sizeof *old, by_update) == NULL)
			changes_add(changes, CHANGE_UPDATE, row->id,
				incident != NULL      ? incident->title
				: maintenance != NULL ? maintenance->title
						      : row->id,
				"", row->state, row->text);
	}
	free(old);
	index_release(&incidents);
	index_release(&maintenances);
}

/* What no rule above names (a changed address, an added affects-row) is still a
 * change of the canonical text, and a change of that is never silent. */
static void diff_rest(
	const struct reading *before, const struct reading *after, struct changes *changes)
{
	struct buffer old = {0}, new = {0};

	if (changes->count > 0)
		return;
	reading_write(before, &old);
	reading_write(after, &new);
	if (strcmp(buffer_string(&old), buffer_string(&new)) != 0)
		changes_add(changes, CHANGE_OTHER, "", "details", "", "", "");
	buffer_release(&old);
	buffer_release(&new);
}

void diff(const struct reading *before, const struct reading *after, struct changes *changes)
{
	diff_overall(before, after, changes);
	diff_indicators(before, after, changes);
	diff_incidents(before, after, changes);
	diff_maintenances(before, after, changes);
	diff_updates(before, after, changes);
	diff_rest(before, after, changes);
}

/* An affects-row names an indicator by its id, or as the page calls it. */
static bool touches(
	const struct index *by_id, const struct affects *row, const struct text_list *patterns)
{
	const struct indicator *indicator = index_find(by_id, row->indicator);

	return indicator != NULL
		       ? patterns_choose(patterns, indicator->id, indicator->group, indicator->name)
		       : patterns_choose(patterns, row->indicator, "", row->indicator);
}

/* Which incidents and maintenances belong to the watched part. */
struct choice {
	bool all;             /* no pattern leaves anything out */
	struct affects *rows; /* borrowed strings: those that name what is watched */
	struct index ids;
};

static struct choice choose(const struct reading *reading, const struct text_list *patterns)
{
	struct index by_id = index_by_id(
		reading->indicators, reading->indicator_count, sizeof *reading->indicators);
	struct choice choice = {patterns->count == 0,
		memory_zero(reading->affects_count, sizeof *choice.rows), {0}};
	size_t count = 0;

	for (size_t i = 0; i < reading->affects_count && !choice.all; i++)
		if (touches(&by_id, &reading->affects[i], patterns))
			choice.rows[count++] = reading->affects[i];
	choice.ids = index_by_id(choice.rows, count, sizeof *choice.rows);
	index_release(&by_id);
	return choice;
}

static bool chosen(const struct choice *choice, const char *id)
{
	return choice->all || index_find(&choice->ids, id) != NULL;
}

static void copy_indicators(
	const struct reading *reading, const struct text_list *patterns, struct reading *out)
{
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		struct indicator *copy;

		if (!text_equal(row->id, READING_OTHERS) &&
			!patterns_choose(patterns, row->id, row->group, row->name))
			continue;
		copy = reading_add_indicator(out);
		*copy = (struct indicator){memory_string(row->id), memory_string(row->group),
			memory_string(row->name), row->level, memory_string(row->word)};
	}
}

static void copy_incidents(
	const struct reading *reading, const struct choice *choice, struct reading *out)
{
	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *row = &reading->incidents[i];

		if (chosen(choice, row->id))
			*reading_add_incident(out) = (struct incident){memory_string(row->id),
				memory_string(row->title), row->level, memory_string(row->word),
				memory_string(row->state), memory_string(row->started),
				memory_string(row->updated), memory_string(row->url)};
	}
	for (size_t i = 0; i < reading->maintenance_count; i++) {
		const struct maintenance *row = &reading->maintenances[i];

		if (chosen(choice, row->id))
			*reading_add_maintenance(out) = (struct maintenance){memory_string(row->id),
				memory_string(row->title), memory_string(row->state),
				memory_string(row->starts), memory_string(row->ends),
				memory_string(row->updated), memory_string(row->url)};
	}
}

static void copy_belongings(
	const struct reading *reading, const struct choice *choice, struct reading *out)
{
	for (size_t i = 0; i < reading->affects_count; i++) {
		const struct affects *row = &reading->affects[i];

		if (chosen(choice, row->id))
			*reading_add_affects(out) = (struct affects){
				memory_string(row->id), memory_string(row->indicator)};
	}
	for (size_t i = 0; i < reading->update_count; i++) {
		const struct update *row = &reading->updates[i];

		if (chosen(choice, row->id))
			*reading_add_update(out) =
				(struct update){memory_string(row->id), memory_string(row->time),
					memory_string(row->state), memory_string(row->text)};
	}
}

void reading_watched(
	const struct reading *reading, const struct text_list *patterns, struct reading *out)
{
	struct choice choice = choose(reading, patterns);

	out->title = memory_string(reading->title);
	out->level = reading->level;
	out->word = memory_string(reading->word);
	copy_indicators(reading, patterns, out);
	copy_incidents(reading, &choice, out);
	copy_belongings(reading, &choice, out);
	index_release(&choice.ids);
	free(choice.rows);
}
