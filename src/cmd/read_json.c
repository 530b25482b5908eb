/* SPDX-License-Identifier: ISC */
#include "cmd/read_json.h"

#include "base/json.h"
#include "model/reading.h"

enum { FORMAT = 1 };

static struct value *level_row(
	struct value *rows, const char *id, enum level level, const char *word)
{
	struct value *row = value_append(rows, value_map());

	value_put_text(row, "id", id);
	value_put_text(row, "level", level_name(level));
	value_put_text(row, "word", word);
	return row;
}

static void put_indicators(const struct reading *reading, struct value *rows)
{
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *indicator = &reading->indicators[i];
		struct value *row =
			level_row(rows, indicator->id, indicator->level, indicator->word);

		value_put_text(row, "group", indicator->group);
		value_put_text(row, "name", indicator->name);
	}
}

static void put_incidents(const struct reading *reading, struct value *rows)
{
	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *incident = &reading->incidents[i];
		struct value *row = level_row(rows, incident->id, incident->level, incident->word);

		value_put_text(row, "title", incident->title);
		value_put_text(row, "state", incident->state);
		value_put_text(row, "started", incident->started);
		value_put_text(row, "updated", incident->updated);
		value_put_text(row, "url", incident->url);
	}
}

static void put_maintenances(const struct reading *reading, struct value *rows)
{
	for (size_t i = 0; i < reading->maintenance_count; i++) {
		const struct maintenance *maintenance = &reading->maintenances[i];
		struct value *row = value_append(rows, value_map());

		value_put_text(row, "id", maintenance->id);
		value_put_text(row, "title", maintenance->title);
		value_put_text(row, "state", maintenance->state);
		value_put_text(row, "starts", maintenance->starts);
		value_put_text(row, "ends", maintenance->ends);
		value_put_text(row, "updated", maintenance->updated);
		value_put_text(row, "url", maintenance->url);
	}
}

static void put_affects(const struct reading *reading, struct value *rows)
{
	for (size_t i = 0; i < reading->affects_count; i++) {
		struct value *row = value_append(rows, value_map());

		value_put_text(row, "id", reading->affects[i].id);
		value_put_text(row, "indicator", reading->affects[i].indicator);
	}
}

static void put_updates(const struct reading *reading, struct value *rows)
{
	for (size_t i = 0; i < reading->update_count; i++) {
		const struct update *update = &reading->updates[i];
		struct value *row = value_append(rows, value_map());

		value_put_text(row, "id", update->id);
		value_put_text(row, "time", update->time);
		value_put_text(row, "state", update->state);
		value_put_text(row, "text", update->text);
	}
}

void reading_json(const struct reading *reading, struct buffer *out)
{
	struct value *root = value_map();

	value_put_number(root, "format", FORMAT);
	value_put_text(root, "title", reading->title);
	value_put_text(root, "level", level_name(reading->level));
	value_put_text(root, "word", reading->word);
	put_indicators(reading, value_put(root, "indicators", value_list()));
	put_incidents(reading, value_put(root, "incidents", value_list()));
	put_maintenances(reading, value_put(root, "maintenances", value_list()));
	put_affects(reading, value_put(root, "affects", value_list()));
	put_updates(reading, value_put(root, "updates", value_list()));
	json_write(root, 0, out);
	value_free(root);
}
