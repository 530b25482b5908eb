/* SPDX-License-Identifier: ISC
 *
 * What differs between two readings of a page, and which part of a reading is
 * watched. Pure.
 */
#ifndef LAMPWATCH_DIFF_H
#define LAMPWATCH_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "watch/reading.h"

struct buffer;

enum change_type {
	CHANGE_OVERALL,   /* the page's level or word */
	CHANGE_INDICATOR, /* level or word of one that was there before */
	CHANGE_INDICATOR_NEW,
	CHANGE_INDICATOR_GONE,
	CHANGE_INCIDENT, /* level, word, state or title of an open one */
	CHANGE_INCIDENT_NEW,
	CHANGE_INCIDENT_CLOSED,
	CHANGE_MAINTENANCE,
	CHANGE_MAINTENANCE_NEW,
	CHANGE_MAINTENANCE_CLOSED,
	CHANGE_UPDATE,     /* the provider wrote something */
	CHANGE_OTHER,      /* anything else that the canonical text shows */
	CHANGE_UNREADABLE, /* the page stopped being readable */
	CHANGE_READABLE,   /* and is readable again */
};

/* All strings owned by the change; "" where there is nothing to say. */
struct change {
	enum change_type type;
	char *id;             /* of the indicator, incident or maintenance */
	char *name;           /* what people call it: "group / name", or a title */
	char *before, *after; /* levels' names, or states */
	char *text;           /* the provider's words */
};

struct changes {
	struct change *list;
	size_t count;
};

struct change *changes_add(struct changes *changes, enum change_type type, const char *id,
	const char *name, const char *before, const char *after, const char *text);
void changes_release(struct changes *changes);

const char *change_type_name(enum change_type type);
bool change_type_parse(const char *name, enum change_type *type);

/*
 * Adds the changes as lines: type, id, name, before, after, text, separated by
 * tabs and escaped as a reading is.
 */
void changes_write(const struct changes *changes, struct buffer *out);

/*
 * Adds to changes what differs. Indicators are matched by id, then by group and
 * name (a provider that gives new ids has not changed its lamps). An indicator that
 * is listed no longer is gone, unless one of the readings has the row for
 * whatever is not listed: then it has that row's level. An incident leaves a
 * reading when it is closed; one that was closed before never stood in it.
 */
void diff(const struct reading *before, const struct reading *after, struct changes *changes);

/* How many indicators of before diff() would call gone; *one is the first of them. */
size_t diff_gone(
	const struct reading *before, const struct reading *after, const struct indicator **one);

/*
 * The watched part of a reading, into out (zeroed by the caller): the overall level,
 * the chosen indicators, and the incidents and maintenances that touch one of them with all
 * that belongs to them. Without patterns it is the whole reading.
 */
void reading_watched(
	const struct reading *reading, const struct text_list *patterns, struct reading *out);

#endif
