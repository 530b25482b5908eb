/* SPDX-License-Identifier: ISC
 *
 * Incidents and maintenances: first all rows, so that rows of one id become one
 * and closed incidents are left out, then the details of those that remain.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/read_p.h"

static const struct field incident_fields[] = {
	{"id", offsetof(struct block, id), offsetof(struct incident, id), false},
	{"title", offsetof(struct block, title), offsetof(struct incident, title), false},
	{0},
};

static const struct field incident_details[] = {
	{"state", offsetof(struct block, state), offsetof(struct incident, state), false},
	{"started", offsetof(struct block, started), offsetof(struct incident, started), true},
	{"updated", offsetof(struct block, updated), offsetof(struct incident, updated), true},
	{"url", offsetof(struct block, url), offsetof(struct incident, url), false},
	{0},
};

static const struct field maintenance_fields[] = {
	{"id", offsetof(struct block, id), offsetof(struct maintenance, id), false},
	{"title", offsetof(struct block, title), offsetof(struct maintenance, title), false},
	{"state", offsetof(struct block, state), offsetof(struct maintenance, state), false},
	{"starts", offsetof(struct block, starts), offsetof(struct maintenance, starts), true},
	{"ends", offsetof(struct block, ends), offsetof(struct maintenance, ends), true},
	{"updated", offsetof(struct block, updated), offsetof(struct maintenance, updated), true},
	{"url", offsetof(struct block, url), offsetof(struct maintenance, url), false},
	{0},
};

/* Where a row comes from. */
struct origin {
	const struct block *block;
	xmlNodePtr node;
};

/* The rows of one type while they are read: origins stand beside the reading's rows. */
struct rows {
	struct origin *origins;
	size_t count;
	xmlHashTablePtr ids; /* to their place, counted from 1 */
};

static void default_id(char **id, const char *title)
{
	if (text_empty(*id))
		memory_set(id, title);
}

static void add_origin(struct rows *rows, const struct block *block, xmlNodePtr node)
{
	*(struct origin *)memory_append(&rows->origins, &rows->count, sizeof *rows->origins) =
		(struct origin){block, node};
}

/* When the row was last written, "" where the page does not say; NULL with the error. */
static char *time_of(struct work *work, const struct origin *origin)
{
	const struct xpath_list *dates[] = {&origin->block->updated, &origin->block->started};
	char *date = NULL;

	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		free(date);
		work->evaluation->item = origin->node;
		date = read_date(work, dates[i], origin->node);
		if (date == NULL || date[0] != '\0')
			break;
	}
	return date;
}

/* True where the fields of both are given and differ; both are freed. */
static bool differ(char *one, char *other)
{
	bool differ = !text_empty(one) && !text_empty(other) && strcmp(one, other) != 0;

	free(one);
	free(other);
	return differ;
}

/*
 * Two rows of one id that are called differently: different incidents, unless the kind takes one of
 * them and what was written later stands for what was written before. What has an address of its
 * own is an incident of its own.
 */
static bool are_two(struct work *work, const struct origin *one, const struct origin *other)
{
	bool two = other->block->same == SAME_UNSAID || other->block->same == SAME_LATEST;

	if (other->block->same == SAME_WORST)
		return false;
	if (!two)
		two = differ(read_text(work, &one->block->url, one->node),
			read_text(work, &other->block->url, other->node));
	if (!two)
		two = !differ(time_of(work, one), time_of(work, other));
	work->evaluation->item = other->node;
	return two;
}

/* Whether the last row takes the place of an earlier one. */
static bool takes_place(
	struct work *work, struct rows *rows, size_t earlier, enum level old, enum level fresh)
{
	const struct origin *last = &rows->origins[rows->count - 1];
	char *times[2];
	int order;

	if (last->block->same != SAME_LATEST)
		return same_replaces(last->block->same, old, fresh);
	times[0] = time_of(work, &rows->origins[earlier]);
	times[1] = time_of(work, last);
	/* A time that is missing tells nothing; one that cannot be evaluated has ended the reading
	 * where it was read as a field. */
	order = text_empty(times[0]) || text_empty(times[1]) ? 0 : strcmp(times[1], times[0]);
	free(times[0]);
	free(times[1]);
	return order != 0 ? order > 0 : fresh > old;
}

/* The place of the row that this one becomes one with; 0: none. */
static uintptr_t place_incident(struct work *work, struct rows *rows, struct incident *last)
{
	uintptr_t place = id_place(rows->ids, last->id);
	struct incident *earlier;

	if (place == 0)
		return 0;
	if (place == ID_SHARED) {
		repeat_note(&work->report->incidents, true, last->id, last->id, last->title);
	} else {
		earlier = &work->reading->incidents[place - 1];
		if (text_equal(earlier->title, last->title) || text_empty(last->title) ||
			text_empty(earlier->title) ||
			!are_two(work, &rows->origins[place - 1], &rows->origins[rows->count - 1]))
			return place;
		repeat_note(&work->report->incidents, true, last->id, earlier->title, last->title);
		id_give_up(rows->ids, &earlier->id, earlier->title, place);
	}
	memory_set(&last->id, last->title);
	place = id_place(rows->ids, last->id);
	return place != ID_SHARED ? place : 0;
}

/* One more row; it and an earlier one of its id become one. */
static bool read_incident(
	struct work *work, const struct block *block, xmlNodePtr node, void *context)
{
	struct reading *reading = work->reading;
	struct rows *rows = context;
	struct incident *last, *earlier;
	uintptr_t place;

	if (!read_room(work, reading->incident_count))
		return false;
	last = reading_add_incident(reading);
	if (!read_fields(work, incident_fields, block, node, last) ||
		!read_level(work, block, &block->word, node, &last->word, &last->level))
		return false;
	default_id(&last->id, last->title);
	add_origin(rows, block, node);
	if (block->same == SAME_ERROR && id_place(rows->ids, last->id) != 0)
		return id_again(work, last->id);
	place = place_incident(work, rows, last);
	if (place == 0) {
		xmlHashUpdateEntry(
			rows->ids, BAD_CAST last->id, (void *)(uintptr_t)rows->count, NULL);
		return true;
	}
	earlier = &reading->incidents[place - 1];
	if (block->same == SAME_UNSAID)
		repeat_note(&work->report->incidents, false, last->id, earlier->title, last->title);
	if (takes_place(work, rows, place - 1, earlier->level, last->level)) {
		struct incident swapped = *earlier;

		*earlier = *last;
		*last = swapped;
		rows->origins[place - 1] = rows->origins[rows->count - 1];
	}
	reading_row_release(ROW_INCIDENT, last);
	reading->incident_count--;
	rows->count--;
	count_merged(work, earlier->id);
	return true;
}

/* Each is an id on the page, or the name of exactly one indicator, or kept as it is. */
static bool read_affected(struct work *work, const struct origin *origin, const char *id)
{
	struct reading *reading = work->reading;
	xmlHashTablePtr seen = xmlHashCreate(TABLE_FIRST);
	struct text_list texts = {0};
	bool good = read_each(work, &origin->block->affected, origin->node, &texts);

	for (size_t i = 0; good && i < texts.count; i++) {
		const char *indicator = texts.list[i];
		uintptr_t place = (uintptr_t)xmlHashLookup(work->names, BAD_CAST indicator);

		if (place != 0 && place != NAME_AMBIGUOUS &&
			xmlHashLookup(work->ids, BAD_CAST indicator) == NULL)
			indicator = reading->indicators[place - 1].id;
		if (texts.list[i][0] == '\0' ||
			xmlHashAddEntry(seen, BAD_CAST indicator, work) != 0)
			continue;
		good = read_room(work, reading->affects_count);
		if (good)
			*reading_add_affects(reading) =
				(struct affects){memory_string(id), memory_string(indicator)};
	}
	text_list_release(&texts);
	xmlHashFree(seen, NULL);
	return good || error_prefix(work->error, "affected");
}

static bool read_updates(struct work *work, const struct origin *origin, const char *id)
{
	const struct updates *updates = &origin->block->updates;
	xmlXPathObjectPtr nodes =
		evaluate_nodes(work->evaluation, updates->nodes, origin->node, work->error);
	bool good = nodes != NULL;

	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		xmlNodePtr node = node_set_member(nodes, i);
		struct update *update;

		good = read_room(work, work->reading->update_count);
		if (!good)
			break;
		update = reading_add_update(work->reading);
		update->id = memory_string(id);
		update->time = read_date(work, &updates->time, node);
		update->state =
			update->time != NULL ? read_text(work, &updates->state, node) : NULL;
		update->text = update->state != NULL ? read_text(work, &updates->text, node) : NULL;
		good = update->text != NULL;
	}
	xmlXPathFreeObject(nodes);
	return good || error_prefix(work->error, "updates");
}

/* The details of one row that remains. */
static bool read_details(struct work *work, const struct origin *origin, const char *id)
{
	work->evaluation->item = origin->node;
	return (origin->block->affected.nodes == NULL || read_affected(work, origin, id)) &&
	       (origin->block->updates.nodes == NULL || read_updates(work, origin, id));
}

/*
 * No word at all may mean that all is well. A row to which an incident of the same page says that
 * it is in trouble has a word, then, which was not found.
 */
static void doubt_indicators(struct work *work, const struct incident *incident, size_t first)
{
	struct reading *reading = work->reading;

	for (size_t i = first; incident->level > LEVEL_NOTICE && i < reading->affects_count; i++) {
		uintptr_t place = id_place(work->ids, reading->affects[i].indicator);
		struct indicator *indicator =
			place != 0 && place != ID_SHARED ? &reading->indicators[place - 1] : NULL;

		if (indicator == NULL || indicator->word[0] != '\0' ||
			indicator->level > LEVEL_NOTICE)
			continue;
		indicator->level = LEVEL_UNKNOWN;
		memory_set(&indicator->word, LEVEL_WORD_BLANK);
		work->report->unknown_words++;
	}
}

bool read_incidents(struct work *work)
{
	const struct blocks *blocks = &work->kind->incidents;
	struct reading *reading = work->reading;
	struct rows rows = {.ids = xmlHashCreate(TABLE_FIRST)};
	size_t open = 0;
	bool good = true;

	for (size_t i = 0; good && i < blocks->count; i++)
		good = read_block_rows(work, &blocks->list[i], read_incident, &rows);
	for (size_t i = 0; good && i < rows.count; i++) {
		if (reading->incidents[i].level == LEVEL_OPERATIONAL) {
			reading_row_release(ROW_INCIDENT, &reading->incidents[i]);
			continue;
		}
		rows.origins[open] = rows.origins[i];
		reading->incidents[open++] = reading->incidents[i];
	}
	if (good)
		reading->incident_count = open;
	for (size_t i = 0; good && i < open; i++) {
		struct incident *incident = &reading->incidents[i];
		const struct origin *origin = &rows.origins[i];
		size_t first = reading->affects_count;

		work->evaluation->item = origin->node;
		good = read_fields(work, incident_details, origin->block, origin->node, incident) &&
		       read_details(work, origin, incident->id);
		if (good)
			doubt_indicators(work, incident, first);
	}
	work->evaluation->item = NULL;
	xmlHashFree(rows.ids, NULL);
	free(rows.origins);
	return good || error_prefix(work->error, "incidents");
}

static bool read_maintenance(
	struct work *work, const struct block *block, xmlNodePtr node, void *context)
{
	struct reading *reading = work->reading;
	struct rows *rows = context;
	struct maintenance *maintenance;

	if (!read_room(work, reading->maintenance_count))
		return false;
	maintenance = reading_add_maintenance(reading);
	if (!read_fields(work, maintenance_fields, block, node, maintenance))
		return false;
	default_id(&maintenance->id, maintenance->title);
	add_origin(rows, block, node);
	return true;
}

bool read_maintenances(struct work *work)
{
	const struct blocks *blocks = &work->kind->maintenances;
	struct rows rows = {0};
	bool good = true;

	for (size_t i = 0; good && i < blocks->count; i++)
		good = read_block_rows(work, &blocks->list[i], read_maintenance, &rows);
	for (size_t i = 0; good && i < rows.count; i++)
		good = read_details(work, &rows.origins[i], work->reading->maintenances[i].id);
	work->evaluation->item = NULL;
	free(rows.origins);
	return good || error_prefix(work->error, "maintenances");
}
