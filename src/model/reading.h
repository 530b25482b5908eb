/* SPDX-License-Identifier: ISC
 *
 * model/: the nouns, without input and output: level, reading, change, indicator state,
 * event, schedule.
 *
 * All that one fetch of a page said, and its canonical text: the bytes that are
 * hashed, archived, compared and printed (lampwatch-reading(5)).
 *
 * All strings are owned by the reading, valid UTF-8, white space trimmed and
 * collapsed; a field that the page does not give is "" or NULL.
 */
#ifndef LAMPWATCH_READING_H
#define LAMPWATCH_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "model/level.h"

struct buffer;
struct error;

enum {
	READING_ROWS_MAX = 20000,            /* of each type */
	READING_FIELD_MAX = 4096,            /* bytes of one field */
	READING_TEXT_MAX = 64 * 1024 * 1024, /* of a canonical text */
};

struct indicator {
	char *id, *group, *name;
	enum level level;
	char *word; /* the provider's own */
};

struct incident {
	char *id, *title;
	enum level level;
	char *word, *state;
	char *started, *updated; /* RFC 3339, UTC, seconds; "" where not given */
	char *url;
};

struct maintenance {
	char *id, *title, *state;
	char *starts, *ends, *updated;
	char *url;
};

struct affects {
	char *id;        /* of an incident or a maintenance */
	char *indicator; /* id, or what the page calls it */
};

struct update {
	char *id; /* of an incident or a maintenance */
	char *time, *state, *text;
};

struct reading {
	char *title;
	enum level level;
	char *word; /* "" marks a derived level */
	struct indicator *indicators;
	size_t indicator_count;
	struct incident *incidents;
	size_t incident_count;
	struct maintenance *maintenances;
	size_t maintenance_count;
	struct affects *affects;
	size_t affects_count;
	struct update *updates;
	size_t update_count;
};

/* The id and name of the row that says "whatever is not listed has this level". */
#define READING_OTHERS "*"

/* Each adds an empty element at the end and returns it. */
struct indicator *reading_add_indicator(struct reading *reading);
struct incident *reading_add_incident(struct reading *reading);
struct maintenance *reading_add_maintenance(struct reading *reading);
struct affects *reading_add_affects(struct reading *reading);
struct update *reading_add_update(struct reading *reading);

/* Types of rows, in the order of the canonical text. The struct of each, except the page's (struct
 * reading), begins with its id. */
enum row_type {
	ROW_PAGE,
	ROW_INDICATOR,
	ROW_INCIDENT,
	ROW_MAINTENANCE,
	ROW_AFFECTS,
	ROW_UPDATE,
};

/* Frees the strings of one row, which the caller takes out of its reading. */
void reading_row_release(enum row_type type, const void *row);

/* Copies the page's row and those that keep() wants into out, zeroed by the caller. */
void reading_filter(const struct reading *reading,
	bool (*keep)(const void *context, enum row_type type, const void *row), const void *context,
	struct reading *out);

/*
 * Adds the canonical text. Rows are sorted bytewise as their lines; equal lines
 * appear once. Field values are written escaped, and trimmed and collapsed
 * if they are not already.
 */
void reading_write(const struct reading *reading, struct buffer *out);

/*
 * The reverse: fills reading (zeroed by the caller) from a canonical text.
 * Unknown line types and further columns are ignored. Errors: REMEDY_LOCAL, with the line.
 */
bool reading_parse(const char *text, size_t length, struct reading *reading, struct error *error);

void reading_release(struct reading *reading);

/* Adds one field as it stands in a canonical text: escaped, not trimmed. NULL adds nothing. */
void reading_escape(struct buffer *out, const char *field);

/* The reverse, up to end: owned by the caller; NULL where an escape is wrong. */
char *reading_unescape(const char *field, const char *end);

/* The indicator with this id, else NULL. */
const struct indicator *reading_indicator(const struct reading *reading, const char *id);

#endif
