/* SPDX-License-Identifier: ISC
 *
 * What people are owed because of a change, before it is known who they are.
 */
#ifndef LAMPWATCH_EVENT_H
#define LAMPWATCH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "model/level.h"

struct value;

/* The numbers of the words of `on:`, which come first, stand in the database (subscribers). */
enum event_type {
	EVENT_RED,
	EVENT_GREEN,
	EVENT_UPDATE,      /* the provider wrote about an incident */
	EVENT_FLAPPING,    /* an indicator changes too often to tell of each time */
	EVENT_LOST,        /* the page cannot be fetched or read any more */
	EVENT_BOTH,        /* was red, is green again, and the red never got out */
	EVENT_REMINDER,    /* it is still red */
	EVENT_SETTLED,     /* an indicator flaps no longer */
	EVENT_BACK,        /* the page can be read again */
	EVENT_GONE,        /* an indicator is listed no longer */
	EVENT_UNDELIVERED, /* a message to somebody was given up */
	EVENT_UNREACHABLE, /* no way to some receivers is left while a provider is in trouble */
	EVENT_SUSPENDED,   /* mail to a subscriber came back too often */
	EVENT_MISSED,      /* there was no run for longer than usual */
	EVENT_TYPES,
};

/*
 * All that tells one type of event from another: a new type is a row here, the code that makes
 * such an event, and its words in templates/mail and templates/webhook.
 */
struct event_type_row {
	const char *name; /* in templates (is_NAME), in the database and in `on:` */
	int on; /* the words of `on:` that ask for it, as bits: 1 << the type of that name;
		 * 0: no word does */
	bool to_operator; /* the operator is told of it, whatever subscriptions say */
	enum {
		ABOUT_INDICATOR, /* or the page's overall level */
		ABOUT_INCIDENT,
		ABOUT_PAGE,     /* all of it, whatever indicators a receiver wants */
		ABOUT_WATCHING, /* ourselves */
	} about;
	enum {
		PART_NONE, /* of no episode */
		PART_BEGIN,
		PART_MIDDLE, /* told, as the end is, to whoever was owed the beginning */
		PART_END,
		PART_WHOLE, /* the beginning and the end in one */
	} part;
	enum event_type episode; /* of all parts: what begins it; its name is the alarm's kind */
	enum event_type unsent;  /* of an end: what is told where the beginning never got out */
	enum {
		FLOOR_NONE,
		FLOOR_AFTER, /* a receiver's floor is held against the level after, */
		FLOOR_WORSE, /* or against the worse of the two */
	} floor;
	bool trouble; /* from here on the page's provider is in trouble */
	int covers;   /* types, as bits, that need not be told of the same indicator beside this one
		       */
	int rank;     /* the lower, the higher up in a message */
	const char *colour; /* of a message that it heads; NULL: that of the level after */
	const char *word;   /* likewise: for people */
};

extern const struct event_type_row event_types[EVENT_TYPES];

/* Strings owned; NULL and "" alike mean that there is none. */
struct event {
	enum event_type type;
	char *indicator, *group,
		*name; /* as the page names it; all "" for the overall level and the page itself */
	enum level before, after;
	enum colour before_colour, after_colour; /* by the page's floor of red */
	char *word;                              /* the provider's own */
	char *said_at;                           /* RFC 3339: when the page says it began */
	int64_t seen;                            /* seconds since 1970 */
	int64_t since; /* of green and back: when it was first seen red or lost */
	int64_t fetches, needed;
	int64_t changes; /* of flapping: between red and not red, lately */
	bool risen;      /* of red: it was red before, and is worse now */
	char *reason;    /* of lost: why; of an update about what is listed no longer: that */
	int64_t alarm;   /* the episode it opens or closes; 0: none */
	struct value *incidents;  /* a list, as plan.h says; owned; NULL: none */
	struct text_list affects; /* of an update: what its incident names, ids or names */
};

struct events {
	struct event *list;
	size_t count;
};

struct event *events_add(struct events *events, enum event_type type);
/* Takes out the one at that place. */
void events_drop(struct events *events, size_t place);
void events_release(struct events *events);

const char *event_type_name(enum event_type type); /* "red" … */
bool event_type_parse(const char *name, enum event_type *type);

/* "group / name", the name, or "overall" where there is neither. Owned by the caller. */
char *event_label(const struct event *event);

/* One event as plan.h says templates get it; times for people are in zone. Owned by the caller. */
struct value *event_value(const struct event *event, const char *zone);

/* The type of such a value; EVENT_UPDATE where it has none. */
enum event_type event_value_type(const struct value *event);

#endif
