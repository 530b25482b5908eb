/* SPDX-License-Identifier: ISC
 *
 * A reading as tables.
 */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/reading.h"
#include "publish/site_p.h"

enum { ROWS_MAX = 500 }; /* of a table */

/* Where it goes. Borrowed. */
struct table {
	const struct site *site;
	enum level red;
	struct value *data;
};

static void put_level(const struct table *table, struct value *map, enum level level)
{
	value_put(map, "lamp", site_lamp(level_colour(level, table->red), level_label(level)));
}

static int by_badness(const void *a, const void *b)
{
	const struct indicator *left = *(const struct indicator *const *)a,
			       *right = *(const struct indicator *const *)b;

	if (left->level != right->level)
		return left->level > right->level ? -1 : 1;
	return left < right ? -1 : left > right;
}

static void put_indicators(const struct table *table, const struct reading *reading)
{
	const struct indicator **list = memory_zero(reading->indicator_count + 1, sizeof *list);
	struct value *rows = value_put(table->data, "indicators", value_list());
	size_t count = reading->indicator_count;

	for (size_t i = 0; i < count; i++)
		list[i] = &reading->indicators[i];
	qsort(list, count, sizeof *list, by_badness);
	for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
		struct value *map = value_append(rows, value_map());
		char *label = text_label(list[i]->group, list[i]->name);

		site_put(map, "name",
			text_equal(list[i]->id, READING_OTHERS) ? "(all that is not listed)"
								: label);
		put_level(table, map, list[i]->level);
		site_put_word(map, list[i]->word, level_label(list[i]->level));
		free(label);
	}
	value_put_number(
		table->data, "indicators_left", count > ROWS_MAX ? (int64_t)(count - ROWS_MAX) : 0);
	free(list);
}

static void put_date(
	const struct table *table, struct value *map, const char *key, const char *text)
{
	int64_t time;

	value_put(map, key,
		date_parse(text != NULL ? text : "", &time) ? site_time(table->site, time)
							    : value_boolean(false));
}

static void put_updates(
	const struct table *table, const struct reading *reading, const char *id, struct value *map)
{
	struct value *list = value_put(map, "updates", value_list());

	for (size_t i = 0; i < reading->update_count && list->count < ROWS_MAX; i++) {
		const struct update *update = &reading->updates[i];
		struct value *one;

		if (!text_equal(update->id, id))
			continue;
		one = value_append(list, value_map());
		put_date(table, one, "at", update->time);
		site_put(one, "state", update->state);
		site_put(one, "text", update->text);
	}
}

static void put_incidents(const struct table *table, const struct reading *reading)
{
	struct value *list = value_put(table->data, "incidents", value_list());

	for (size_t i = 0; i < reading->incident_count && i < ROWS_MAX; i++) {
		const struct incident *incident = &reading->incidents[i];
		struct value *map = value_append(list, value_map());

		site_put(map, "title", incident->title);
		put_level(table, map, incident->level);
		site_put(map, "word", incident->word);
		site_put(map, "state", incident->state);
		put_date(table, map, "started", incident->started);
		put_date(table, map, "ended", NULL);
		put_updates(table, reading, incident->id, map);
	}
	for (size_t i = 0; i < reading->maintenance_count && i < ROWS_MAX; i++) {
		const struct maintenance *maintenance = &reading->maintenances[i];
		struct value *map = value_append(list, value_map());

		site_put(map, "title", maintenance->title);
		put_level(table, map, LEVEL_MAINTENANCE);
		value_put_text(map, "word", "");
		site_put(map, "state", maintenance->state);
		put_date(table, map, "started", maintenance->starts);
		put_date(table, map, "ended", maintenance->ends);
		put_updates(table, reading, maintenance->id, map);
	}
}

void site_put_reading(const struct site *site, enum level red, const char *text, struct value *data)
{
	const struct table table = {site, red, data};
	struct reading reading = {0};
	bool good = text[0] != '\0' && reading_parse(text, strlen(text), &reading, NULL);

	value_put_boolean(data, "readable", good);
	site_put(data, "title", good ? reading.title : "");
	site_put(data, "word", good ? reading.word : "");
	put_level(&table, data, good ? reading.level : LEVEL_UNKNOWN);
	put_indicators(&table, &reading);
	put_incidents(&table, &reading);
	reading_release(&reading);
}
