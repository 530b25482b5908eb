/* SPDX-License-Identifier: ISC */
#include "cmd/read_json.h"

#include <stddef.h>

#include "base/json.h"
#include "model/reading.h"

enum { FORMAT = 1, FIELDS_MAX = 8 };

enum row_field_type { FIELD_END, FIELD_TEXT, FIELD_LEVEL };

/* The members of each row, in their order; a level is written by its name. */
struct row_field {
	enum row_field_type type;
	const char *key;
	size_t offset; /* in the row's struct */
};

#define TEXT(type, member)                                                                         \
	{                                                                                          \
		FIELD_TEXT, #member, offsetof(struct type, member)                                 \
	}
#define LEVEL(type)                                                                                \
	{                                                                                          \
		FIELD_LEVEL, "level", offsetof(struct type, level)                                 \
	}

static const struct row_field reading_fields[FIELDS_MAX + 1] = {
	TEXT(reading, title), LEVEL(reading), TEXT(reading, word)};
static const struct row_field indicator_fields[FIELDS_MAX + 1] = {TEXT(indicator, id),
	LEVEL(indicator), TEXT(indicator, word), TEXT(indicator, group), TEXT(indicator, name)};
static const struct row_field incident_fields[FIELDS_MAX + 1] = {TEXT(incident, id),
	LEVEL(incident), TEXT(incident, word), TEXT(incident, title), TEXT(incident, state),
	TEXT(incident, started), TEXT(incident, updated), TEXT(incident, url)};
static const struct row_field maintenance_fields[FIELDS_MAX + 1] = {TEXT(maintenance, id),
	TEXT(maintenance, title), TEXT(maintenance, state), TEXT(maintenance, starts),
	TEXT(maintenance, ends), TEXT(maintenance, updated), TEXT(maintenance, url)};
static const struct row_field affects_fields[FIELDS_MAX + 1] = {
	TEXT(affects, id), TEXT(affects, indicator)};
static const struct row_field update_fields[FIELDS_MAX + 1] = {
	TEXT(update, id), TEXT(update, time), TEXT(update, state), TEXT(update, text)};

static void put_fields(struct value *map, const char *row, const struct row_field *fields)
{
	for (; fields->type != FIELD_END; fields++) {
		const void *at = row + fields->offset;

		value_put_text(map, fields->key,
			fields->type == FIELD_LEVEL ? level_name(*(const enum level *)at)
						    : *(char *const *)at);
	}
}

void reading_json(const struct reading *reading, struct buffer *out)
{
	const struct {
		const char *key;
		const void *rows;
		size_t count, size;
		const struct row_field *fields;
	} lists[] = {
		{"indicators", reading->indicators, reading->indicator_count,
			sizeof *reading->indicators, indicator_fields},
		{"incidents", reading->incidents, reading->incident_count,
			sizeof *reading->incidents, incident_fields},
		{"maintenances", reading->maintenances, reading->maintenance_count,
			sizeof *reading->maintenances, maintenance_fields},
		{"affects", reading->affects, reading->affects_count, sizeof *reading->affects,
			affects_fields},
		{"updates", reading->updates, reading->update_count, sizeof *reading->updates,
			update_fields},
	};
	struct value *root = value_map();

	value_put_number(root, "format", FORMAT);
	put_fields(root, (const char *)reading, reading_fields);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct value *list = value_put(root, lists[i].key, value_list());

		for (size_t j = 0; j < lists[i].count; j++)
			put_fields(value_append(list, value_map()),
				(const char *)lists[i].rows + j * lists[i].size, lists[i].fields);
	}
	json_write(root, 0, out);
	value_free(root);
}
