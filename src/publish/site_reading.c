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

static int by_badness(const void *a, const void *b)
{
	const struct indicator *left = *(const struct indicator *const *)a,
			       *right = *(const struct indicator *const *)b;

	if (left->level != right->level)
		return left->level > right->level ? -1 : 1;
	return left < right ? -1 : left > right;
}

static void put_date(const struct site *site, struct value *map, const char *key, const char *text)
{
	int64_t time;

	value_put(map, key,
		date_parse(text != NULL ? text : "", &time) ? site_time(site, time)
							    : value_boolean(false));
}

/* An incident or a maintenance, with what was written of it. */
static void put_incident(const struct site *site, enum level red, const struct reading *reading,
	const struct incident *incident, const char *ended, struct value *list)
{
	struct value *map = value_append(list, value_map()), *updates;

	site_put(map, "title", incident->title);
	value_put(map, "lamp",
		site_lamp(level_colour(incident->level, red), level_label(incident->level)));
	site_put(map, "word", incident->word);
	site_put(map, "state", incident->state);
	put_date(site, map, "started", incident->started);
	put_date(site, map, "ended", ended);
	updates = value_put(map, "updates", value_list());
	for (size_t i = 0; i < reading->update_count && updates->count < ROWS_MAX; i++) {
		const struct update *update = &reading->updates[i];
		struct value *one;

		if (!text_equal(update->id, incident->id))
			continue;
		one = value_append(updates, value_map());
		put_date(site, one, "at", update->time);
		site_put(one, "state", update->state);
		site_put(one, "text", update->text);
	}
}

void site_put_reading(const struct site *site, enum level red, const char *text, struct value *data)
{
	struct reading reading = {0};
	bool good = text[0] != '\0' && reading_parse(text, strlen(text), &reading, NULL);
	enum level level = good ? reading.level : LEVEL_UNKNOWN;
	const struct indicator **sorted;
	struct value *rows, *incidents;
	size_t count = reading.indicator_count;

	value_put_boolean(data, "readable", good);
	site_put(data, "title", good ? reading.title : "");
	site_put(data, "word", good ? reading.word : "");
	value_put(data, "lamp", site_lamp(level_colour(level, red), level_label(level)));

	sorted = memory_zero(count + 1, sizeof *sorted);
	rows = value_put(data, "indicators", value_list());
	for (size_t i = 0; i < count; i++)
		sorted[i] = &reading.indicators[i];
	qsort(sorted, count, sizeof *sorted, by_badness);
	for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
		struct value *map = value_append(rows, value_map());
		char *label = text_label(sorted[i]->group, sorted[i]->name);
		const char *words = level_label(sorted[i]->level);

		site_put(map, "name",
			text_equal(sorted[i]->id, READING_OTHERS) ? "(all that is not listed)"
								  : label);
		value_put(map, "lamp", site_lamp(level_colour(sorted[i]->level, red), words));
		site_put_word(map, sorted[i]->word, words);
		free(label);
	}
	value_put_number(
		data, "indicators_left", count > ROWS_MAX ? (int64_t)(count - ROWS_MAX) : 0);
	free(sorted);

	incidents = value_put(data, "incidents", value_list());
	for (size_t i = 0; i < reading.incident_count && i < ROWS_MAX; i++)
		put_incident(site, red, &reading, &reading.incidents[i], NULL, incidents);
	for (size_t i = 0; i < reading.maintenance_count && i < ROWS_MAX; i++) {
		const struct maintenance *maintenance = &reading.maintenances[i];

		put_incident(site, red, &reading,
			&(struct incident){.id = maintenance->id,
				.title = maintenance->title,
				.level = LEVEL_MAINTENANCE,
				.state = maintenance->state,
				.started = maintenance->starts},
			maintenance->ends, incidents);
	}
	reading_release(&reading);
}
