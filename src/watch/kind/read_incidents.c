/* SPDX-License-Identifier: ISC
 *
 * Incidents and maintenances: first all rows, so that equal ids are made one
 * and what is over is left out, then what was written about those that stay.
 */
#include <stdint.h>
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

static void incident_release(struct incident *incident)
{
	char *const texts[] = {incident->id, incident->title, incident->word, incident->state,
		incident->started, incident->updated, incident->url};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
}

static void add_origin(struct rows *rows, const struct block *block, xmlNodePtr node)
{
	*(struct origin *)memory_append(&rows->origins, &rows->count, sizeof *rows->origins) =
		(struct origin){block, node};
}

/* The place of an earlier row with this id, else 0; then the last row's id is remembered. */
static size_t earlier(struct rows *rows, const char *id)
{
	size_t place = (size_t)(uintptr_t)xmlHashLookup(rows->ids, BAD_CAST id);

	if (place == 0)
		xmlHashAddEntry(rows->ids, BAD_CAST id, (void *)(uintptr_t)rows->count);
	return place;
}

static void merge_incident(struct work *work, const struct block *block, struct rows *rows)
{
	struct reading *reading = work->reading;
	struct incident *last = &reading->incidents[reading->incident_count - 1];
	size_t place = earlier(rows, last->id);

	if (place == 0)
		return;
	if (same_replaces(block->same, reading->incidents[place - 1].level, last->level)) {
		struct incident swapped = reading->incidents[place - 1];

		reading->incidents[place - 1] = *last;
		*last = swapped;
		rows->origins[place - 1] = rows->origins[rows->count - 1];
	}
	incident_release(last);
	reading->incident_count--;
	rows->count--;
	work->report->merged_rows++;
}

static bool read_incident(
	struct work *work, const struct block *block, xmlNodePtr node, void *context)
{
	struct rows *rows = context;
	struct incident *incident;

	if (!read_room(work, work->reading->incident_count))
		return false;
	incident = reading_add_incident(work->reading);
	if (!read_fields(work, incident_fields, block, node, incident) ||
		!read_level(work, block, &block->word, node, &incident->word, &incident->level))
		return false;
	default_id(&incident->id, incident->title);
	add_origin(rows, block, node);
	merge_incident(work, block, rows);
	return true;
}

static void leave_out_what_is_over(struct reading *reading, struct rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading->incident_count; i++) {
		if (reading->incidents[i].level == LEVEL_OPERATIONAL) {
			incident_release(&reading->incidents[i]);
			continue;
		}
		rows->origins[kept] = rows->origins[i];
		reading->incidents[kept++] = reading->incidents[i];
	}
	reading->incident_count = rows->count = kept;
}

/* The indicators that one incident or maintenance affects. */
struct affecting {
	const char *id; /* of it */
	xmlHashTablePtr
		names; /* of indicators: to their place, AMBIGUOUS where several have one name */
	xmlHashTablePtr seen;
};

static const uintptr_t AMBIGUOUS = UINTPTR_MAX;

static xmlHashTablePtr names_of(const struct reading *reading)
{
	xmlHashTablePtr names = xmlHashCreate(0);

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const xmlChar *name = BAD_CAST reading->indicators[i].name;
		bool taken = xmlHashLookup(names, name) != NULL;

		xmlHashUpdateEntry(
			names, name, (void *)(taken ? AMBIGUOUS : (uintptr_t)i + 1), NULL);
	}
	return names;
}

/* What stands on the page is an id, or the name of exactly one indicator, or kept as it is. */
static const char *indicator_of(
	const struct work *work, const struct affecting *affecting, const char *text)
{
	uintptr_t place = (uintptr_t)xmlHashLookup(affecting->names, BAD_CAST text);

	if (xmlHashLookup(work->ids, BAD_CAST text) != NULL || place == 0 || place == AMBIGUOUS)
		return text;
	return work->reading->indicators[place - 1].id;
}

static bool add_affected(struct work *work, char *text, void *context)
{
	struct affecting *affecting = context;
	const char *indicator = indicator_of(work, affecting, text);
	struct affects *affects;

	if (text[0] == '\0' ||
		xmlHashAddEntry(affecting->seen, BAD_CAST indicator, affecting) != 0) {
		free(text);
		return true;
	}
	if (!read_room(work, work->reading->affects_count)) {
		free(text);
		return false;
	}
	affects = reading_add_affects(work->reading);
	affects->id = memory_string(affecting->id);
	affects->indicator = memory_string(indicator);
	free(text);
	return true;
}

static bool read_affected(
	struct work *work, const struct origin *origin, const char *id, xmlHashTablePtr names)
{
	struct affecting affecting = {.id = id, .names = names};
	bool good;

	if (origin->block->affected.nodes == NULL)
		return true;
	affecting.seen = xmlHashCreate(0);
	good = read_each(work, &origin->block->affected, origin->node, add_affected, &affecting);
	xmlHashFree(affecting.seen, NULL);
	return good || error_prefix(work->error, "affected");
}

static bool read_update(
	struct work *work, const struct updates *updates, xmlNodePtr node, const char *id)
{
	struct update *update;

	if (!read_room(work, work->reading->update_count))
		return false;
	update = reading_add_update(work->reading);
	update->id = memory_string(id);
	update->time = read_date(work, &updates->time, node);
	update->state = update->time != NULL ? read_text(work, &updates->state, node) : NULL;
	update->text = update->state != NULL ? read_text(work, &updates->text, node) : NULL;
	return update->text != NULL;
}

static bool read_updates(struct work *work, const struct origin *origin, const char *id)
{
	const struct updates *updates = &origin->block->updates;
	xmlXPathObjectPtr nodes;
	bool good = true;

	if (updates->nodes == NULL)
		return true;
	nodes = evaluate_nodes(work->evaluation, updates->nodes, origin->node, work->error);
	if (nodes == NULL)
		return error_prefix(work->error, "updates");
	for (size_t i = 0; good && i < node_set_count(nodes); i++)
		good = read_update(work, updates, node_set_member(nodes, i), id);
	xmlXPathFreeObject(nodes);
	return good || error_prefix(work->error, "updates");
}

/* What was written about one row that stays. */
static bool read_details(
	struct work *work, const struct origin *origin, const char *id, xmlHashTablePtr names)
{
	bool good;

	evaluation_set_item(work->evaluation, origin->node);
	good = read_affected(work, origin, id, names) && read_updates(work, origin, id);
	evaluation_set_item(work->evaluation, NULL);
	return good;
}

static bool read_incident_details(struct work *work, const struct rows *rows, xmlHashTablePtr names)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct incident *incident = &work->reading->incidents[i];
		const struct origin *origin = &rows->origins[i];

		evaluation_set_item(work->evaluation, origin->node);
		if (!read_fields(work, incident_details, origin->block, origin->node, incident) ||
			!read_details(work, origin, incident->id, names))
			return false;
	}
	return true;
}

bool read_incidents(struct work *work)
{
	const struct blocks *blocks = &work->kind->incidents;
	struct rows rows = {.ids = xmlHashCreate(0)};
	xmlHashTablePtr names = names_of(work->reading);
	bool good = true;

	for (size_t i = 0; good && i < blocks->count; i++)
		good = read_block_rows(work, &blocks->list[i], read_incident, &rows);
	if (good) {
		leave_out_what_is_over(work->reading, &rows);
		good = read_incident_details(work, &rows, names);
	}
	xmlHashFree(names, NULL);
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
	xmlHashTablePtr names = names_of(work->reading);
	bool good = true;

	for (size_t i = 0; good && i < blocks->count; i++)
		good = read_block_rows(work, &blocks->list[i], read_maintenance, &rows);
	for (size_t i = 0; good && i < rows.count; i++)
		good = read_details(
			work, &rows.origins[i], work->reading->maintenances[i].id, names);
	xmlHashFree(names, NULL);
	free(rows.origins);
	return good || error_prefix(work->error, "maintenances");
}
