/* SPDX-License-Identifier: ISC */
#include "model/reading.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

static const char first_line[] = "reading 1\n";

enum { COLUMNS_MAX = 8 };

enum line_column_type { COLUMN_END, COLUMN_TEXT, COLUMN_LEVEL };

struct line_column {
	enum line_column_type type;
	size_t offset; /* in the row's struct */
};

/* One type of line: where its rows stand in a reading, and its columns in their order. */
struct line_type {
	const char *name;
	size_t rows,
		count; /* offsets in struct reading; count 0: the one row is the reading itself */
	size_t size;   /* of a row */
	struct line_column columns[COLUMNS_MAX + 1];
};

#define TEXT(type, member)                                                                         \
	{                                                                                          \
		COLUMN_TEXT, offsetof(struct type, member)                                         \
	}
#define LEVEL(type, member)                                                                        \
	{                                                                                          \
		COLUMN_LEVEL, offsetof(struct type, member)                                        \
	}
#define ROWS(member, number, type)                                                                 \
	.rows = offsetof(struct reading, member), .count = offsetof(struct reading, number),       \
	.size = sizeof(struct type)

static const struct line_type line_types[] = {
	[ROW_PAGE] = {.name = "page",
		.size = sizeof(struct reading),
		.columns = {TEXT(reading, title), LEVEL(reading, level), TEXT(reading, word)}},
	[ROW_INDICATOR] = {.name = "indicator",
		ROWS(indicators, indicator_count, indicator),
		.columns = {TEXT(indicator, id), TEXT(indicator, group), TEXT(indicator, name),
			LEVEL(indicator, level), TEXT(indicator, word)}},
	[ROW_INCIDENT] = {.name = "incident",
		ROWS(incidents, incident_count, incident),
		.columns = {TEXT(incident, id), TEXT(incident, title), LEVEL(incident, level),
			TEXT(incident, word), TEXT(incident, state), TEXT(incident, started),
			TEXT(incident, updated), TEXT(incident, url)}},
	[ROW_MAINTENANCE] = {.name = "maintenance",
		ROWS(maintenances, maintenance_count, maintenance),
		.columns = {TEXT(maintenance, id), TEXT(maintenance, title),
			TEXT(maintenance, state), TEXT(maintenance, starts),
			TEXT(maintenance, ends), TEXT(maintenance, updated),
			TEXT(maintenance, url)}},
	[ROW_AFFECTS] = {.name = "affects",
		ROWS(affects, affects_count, affects),
		.columns = {TEXT(affects, id), TEXT(affects, indicator)}},
	[ROW_UPDATE] = {.name = "update",
		ROWS(updates, update_count, update),
		.columns = {TEXT(update, id), TEXT(update, time), TEXT(update, state),
			TEXT(update, text)}},
};

enum { LINE_TYPES = sizeof line_types / sizeof line_types[0] };

static size_t row_count(const struct reading *reading, const struct line_type *type)
{
	return type->count == 0 ? 1 : *(const size_t *)((const char *)reading + type->count);
}

static const char *row_at(const struct reading *reading, const struct line_type *type, size_t i)
{
	const char *start = (const char *)reading;

	if (type->count != 0)
		start = *(const char *const *)(start + type->rows);
	return start + i * type->size;
}

/* The page's own row is there already. */
static void *row_add(struct reading *reading, const struct line_type *type)
{
	if (type->count == 0)
		return reading;
	return memory_append((char *)reading + type->rows,
		(size_t *)((char *)reading + type->count), type->size);
}

struct indicator *reading_add_indicator(struct reading *reading)
{
	return memory_append(
		&reading->indicators, &reading->indicator_count, sizeof(struct indicator));
}

struct incident *reading_add_incident(struct reading *reading)
{
	return memory_append(
		&reading->incidents, &reading->incident_count, sizeof(struct incident));
}

struct maintenance *reading_add_maintenance(struct reading *reading)
{
	return memory_append(
		&reading->maintenances, &reading->maintenance_count, sizeof(struct maintenance));
}

struct affects *reading_add_affects(struct reading *reading)
{
	return memory_append(&reading->affects, &reading->affects_count, sizeof(struct affects));
}

struct update *reading_add_update(struct reading *reading)
{
	return memory_append(&reading->updates, &reading->update_count, sizeof(struct update));
}

void reading_escape(struct buffer *out, const char *field)
{
	static const char pairs[] = "\\\\\tt\nn";
	const char *at = field != NULL ? field : "";

	while (*at != '\0') {
		size_t plain = strcspn(at, "\\\t\n");
		char *piece = at[plain] != '\0' ? memory_bytes(at, plain) : NULL;

		text_visible(out, piece != NULL ? piece : at);
		free(piece);
		at += plain;
		for (const char *pair = pairs; *pair != '\0' && *at != '\0'; pair += 2)
			if (*pair == *at)
				buffer_format(out, "\\%c", pair[1]);
		at += *at != '\0' ? 1 : 0;
	}
}

static char *row_line(const struct line_type *type, const char *row)
{
	struct buffer line = {0};

	buffer_text(&line, type->name);
	for (const struct line_column *column = type->columns; column->type != COLUMN_END;
		column++) {
		const void *field = row + column->offset;
		const char *text;
		char *collapsed;

		buffer_byte(&line, '\t');
		if (column->type == COLUMN_LEVEL) {
			buffer_text(&line, level_name(*(const enum level *)field));
			continue;
		}
		text = *(char *const *)field != NULL ? *(char *const *)field : "";
		collapsed = text_collapse(text, strlen(text), READING_FIELD_MAX);
		reading_escape(&line, collapsed);
		free(collapsed);
	}
	return buffer_take(&line);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void reading_write(const struct reading *reading, struct buffer *out)
{
	buffer_text(out, first_line);
	for (size_t i = 0; i < LINE_TYPES; i++) {
		size_t count = row_count(reading, &line_types[i]);
		char **lines = memory_zero(count, sizeof *lines);

		for (size_t j = 0; j < count; j++)
			lines[j] = row_line(&line_types[i], row_at(reading, &line_types[i], j));
		qsort(lines, count, sizeof *lines, compare_lines);
		for (size_t j = 0; j < count; j++)
			if (j == 0 || strcmp(lines[j - 1], lines[j]) != 0)
				buffer_format(out, "%s\n", lines[j]);
		for (size_t j = 0; j < count; j++)
			free(lines[j]);
		free(lines);
	}
}

/* Decodes the escape after a backslash; returns its end, NULL where it is not a valid one. */
static const char *unescape(const char *at, const char *end, struct buffer *out)
{
	static const char pairs[] = "\\\\t\tn\n";
	uint32_t character = 0;
	int digits = 0;

	for (const char *pair = pairs; *pair != '\0' && at < end; pair += 2)
		if (*pair == *at) {
			buffer_byte(out, pair[1]);
			return at + 1;
		}
	if (end - at < 2 || at[0] != 'u' || at[1] != '{')
		return NULL;
	for (at += 2; at < end && *at != '}' && digits < 6; at++, digits++) {
		static const char hexadecimal[] = "0123456789ABCDEF";
		const char *digit = strchr(hexadecimal, *at);

		if (digit == NULL)
			return NULL;
		character = character << 4 | (uint32_t)(digit - hexadecimal);
	}
	/* No NUL, no surrogate, nothing beyond Unicode. */
	if (at >= end || *at != '}' || character == 0 || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff))
		return NULL;
	text_add_character(out, character);
	return at + 1;
}

char *reading_unescape(const char *at, const char *end)
{
	struct buffer out = {0};

	if (memchr(at, '\\', (size_t)(end - at)) == NULL) /* nearly always */
		return memory_bytes(at, (size_t)(end - at));
	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		const char *plain = backslash != NULL ? backslash : end;

		buffer_add(&out, at, (size_t)(plain - at));
		at = plain;
		if (backslash != NULL)
			at = unescape(backslash + 1, end, &out);
		if (at == NULL) {
			buffer_release(&out);
			return NULL;
		}
	}
	return buffer_take(&out);
}

static bool read_column(
	const struct line_column *column, const char *at, const char *end, void *row)
{
	char **slot = (char **)((char *)row + column->offset);
	char *text = reading_unescape(at, end);
	bool good = text != NULL;

	if (column->type == COLUMN_LEVEL) {
		good = good && level_parse(text, (enum level *)((char *)row + column->offset));
		free(text);
		return good;
	}
	free(*slot);
	*slot = text;
	return good;
}

static const char *tab_or(const char *at, const char *end)
{
	const char *tab = memchr(at, '\t', (size_t)(end - at));

	return tab != NULL ? tab : end;
}

/* One line without its newline. *page is set by the page's line. */
static bool read_line(const char *at, const char *end, struct reading *reading, bool *page)
{
	const char *field_end = tab_or(at, end);
	size_t length = (size_t)(field_end - at), i = 0;
	const struct line_type *type;
	void *row;

	while (i < LINE_TYPES && (strlen(line_types[i].name) != length ||
					 memcmp(line_types[i].name, at, length) != 0))
		i++;
	if (i == LINE_TYPES)
		return true;
	type = &line_types[i];
	if (type->count == 0 ? *page : row_count(reading, type) >= READING_ROWS_MAX)
		return false;
	*page = *page || type->count == 0;
	row = row_add(reading, type);
	for (const struct line_column *column = type->columns; column->type != COLUMN_END;
		column++) {
		at = field_end < end ? field_end + 1 : end;
		field_end = tab_or(at, end);
		if (!read_column(column, at, field_end, row))
			return false;
	}
	return true;
}

bool reading_parse(const char *text, size_t length, struct reading *reading, struct error *error)
{
	const char *at = text, *end = text + length;
	bool page = false;

	if (length < strlen(first_line) || memcmp(text, first_line, strlen(first_line)) != 0)
		return error_set(
			error, REMEDY_LOCAL, "line 1: a reading begins with \"reading 1\"");
	if (!text_valid(text, length) || memchr(text, '\0', length) != NULL)
		return error_set(error, REMEDY_LOCAL, "line 1: a reading is text in UTF-8");
	for (int line = 1; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline == NULL)
			return error_set(error, REMEDY_LOCAL,
				"line %d: the reading ends in the middle of a line", line);
		if (line > 1 && !read_line(at, newline, reading, &page))
			return error_set(error, REMEDY_LOCAL,
				"line %d: this is not a line of a reading", line);
		at = newline + 1;
	}
	return page ||
	       error_set(error, REMEDY_LOCAL, "line 1: the reading has no line for the page");
}

void reading_row_release(enum row_type type, const void *row)
{
	for (const struct line_column *column = line_types[type].columns;
		column->type != COLUMN_END; column++)
		if (column->type == COLUMN_TEXT)
			free(*(char *const *)((const char *)row + column->offset));
}

void reading_release(struct reading *reading)
{
	for (size_t i = 0; i < LINE_TYPES; i++) {
		const struct line_type *type = &line_types[i];

		for (size_t j = 0; j < row_count(reading, type); j++)
			reading_row_release((enum row_type)i, row_at(reading, type, j));
		if (type->count != 0)
			free(*(char **)((char *)reading + type->rows));
	}
	*reading = (struct reading){0};
}

void reading_filter(const struct reading *reading,
	bool (*keep)(const void *context, enum row_type type, const void *row), const void *context,
	struct reading *out)
{
	for (size_t i = 0; i < LINE_TYPES; i++)
		for (size_t j = 0; j < row_count(reading, &line_types[i]); j++) {
			const char *row = row_at(reading, &line_types[i], j);
			char *copy;

			if (i != ROW_PAGE && !keep(context, (enum row_type)i, row))
				continue;
			copy = row_add(out, &line_types[i]);
			for (const struct line_column *column = line_types[i].columns;
				column->type != COLUMN_END; column++)
				if (column->type == COLUMN_LEVEL)
					*(enum level *)(copy + column->offset) =
						*(const enum level *)(row + column->offset);
				else
					*(char **)(copy + column->offset) = memory_string(
						*(char *const *)(row + column->offset));
		}
}

const struct indicator *reading_indicator(const struct reading *reading, const char *id)
{
	for (size_t i = 0; i < reading->indicator_count; i++)
		if (text_equal(reading->indicators[i].id, id))
			return &reading->indicators[i];
	return NULL;
}
