/* SPDX-License-Identifier: ISC
 *
 * One difference between two readings of a page.
 */
#ifndef LAMPWATCH_CHANGE_H
#define LAMPWATCH_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

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
	CHANGE_OTHER,      /* any other difference of the canonical text */
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

/* Copies what it is given; NULL stands for "". The change is the list's, and stays where it is
 * until the next is added. */
struct change *changes_add(struct changes *changes, enum change_type type, const char *id,
	const char *name, const char *before, const char *after, const char *text);
void changes_release(struct changes *changes);

/* "overall", "indicator-new" …; NULL ends them. */
extern const char *const change_type_names[];
const char *change_type_name(enum change_type type);

/*
 * Adds the changes as lines: type, id, name, before, after, text, separated by
 * tabs and escaped as a reading is.
 */
void changes_write(const struct changes *changes, struct buffer *out);

/* The reverse: adds what the lines say. Those that are none are left out. */
void changes_parse(const char *text, struct changes *changes);

#endif
