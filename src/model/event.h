/* SPDX-License-Identifier: ISC
 *
 * What has to be reported because of a change, before the receivers are known.
 */
#ifndef LAMPWATCH_EVENT_H
#define LAMPWATCH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "model/level.h"

struct value;

/* The words of `on:` come first. Their numbers stand in the database (subscribers): a new one comes
 * behind them, before EVENT_BOTH. */
enum event_type {
	EVENT_RED,
	EVENT_GREEN,
	EVENT_UPDATE,      /* the provider wrote about an incident */
	EVENT_FLAPPING,    /* an indicator changes too often to report each change */
	EVENT_LOST,        /* the page can no longer be fetched or read */
	EVENT_INCIDENT,    /* an incident of red impact is open while the lamp is green */
	EVENT_EARLY,       /* it fails here while the lamp is green (model/agreement.h) */
	EVENT_LATE,        /* it works here while the lamp is red */
	EVENT_BOTH,        /* was red and is green again, and the red was never sent */
	EVENT_REMINDER,    /* it is still red */
	EVENT_SETTLED,     /* an indicator no longer flaps */
	EVENT_BACK,        /* the page can be read again */
	EVENT_OVER,        /* no incident of red impact is open any longer */
	EVENT_RECOVERED,   /* it works here again */
	EVENT_FAILING,     /* it still fails here, and the lamp is not red */
	EVENT_PREMATURE,   /* green, while it still fails here */
	EVENT_AGREED,      /* the lamp and what we see are no longer apart */
	EVENT_GONE,        /* an indicator is no longer listed */
	EVENT_FOLLOWS,     /* it is red, and so is what it depends on (model/cause.h): no event of
			    * its own, but part of a red or an early */
	EVENT_UNEXPLAINED, /* it is still red, and what explained it is over */
	EVENT_UNDELIVERED, /* delivery of a message was given up */
	EVENT_UNREACHABLE, /* some receivers have no route left while a provider is in trouble */
	EVENT_SUSPENDED,   /* mail to a subscriber came back too often */
	EVENT_LETTERS,     /* letters stay unanswered: too many came in a day */
	EVENT_FORMS,       /* forms are refused: too many came between two runs */
	EVENT_MISSED,      /* no run happened for longer than usual */
	EVENT_FAULT,       /* this machine cannot open, make or read what it needs */
	EVENT_MISTAKE,     /* in the configuration; without a reason: it is mended */
	EVENT_UNKEPT, /* nothing can be kept: the archive cannot be written, or its state is lost */
	EVENT_FINDING, /* names or words that somebody should look at */
	EVENT_TYPES,
};

/*
 * Everything that distinguishes types of events: a new type is a row here, the code that makes
 * such an event, and its words in templates/mail and templates/webhook.
 */
struct event_type_row {
	const char *name; /* in templates (is_NAME), in the database and in `on:` */
	int on;   /* the words of `on:` that ask for it, as bits: 1 << the type of that name;
		   * 0: no word does */
	int with; /* of a word of `on:`: words that bring it, as bits, unless "-NAME" stands there
		   */
	bool to_operator; /* the operator is told, independent of subscriptions */
	enum {
		ABOUT_INDICATOR, /* or the page's overall level */
		ABOUT_INCIDENT,
		ABOUT_PAGE, /* the whole page, independent of the indicators that a receiver wants
			     */
		ABOUT_WATCHING, /* ourselves */
	} about;
	enum {
		PART_NONE, /* of no episode */
		PART_BEGIN,
		PART_MIDDLE, /* goes, like the end, to those who were due the beginning */
		PART_END,
		PART_WHOLE, /* the beginning and the end in one */
	} part;
	enum event_type episode; /* of all parts: what begins it; its name is the alarm's kind */
	enum event_type unsent;  /* of an end: the type that replaces it where the beginning was
				    never sent */
	enum {
		FLOOR_NONE,
		FLOOR_AFTER,  /* a receiver's floor is held against the level after, */
		FLOOR_WORSE,  /* against the worse of the two, */
		FLOOR_IMPACT, /* or against the incident's */
	} floor;
	bool trouble; /* from here on the page's provider is in trouble */
	int covers;   /* types, as bits, that are left out for the same indicator when this one is
		       * sent
		       */
	int rank;     /* the lower, the higher up in a message */
	const char *colour; /* of a message that it heads; NULL: that of the level after */
	const char *word;   /* the same, for people */
};

extern const struct event_type_row event_types[EVENT_TYPES];

enum { EVENT_CAUSES = 2 /* alarms of one cause: red and early */ };

/* Strings owned; NULL and "" both mean that there is none. */
struct event {
	enum event_type type;
	char *indicator, *group,
		*name; /* as the page names it; all "" for the overall level and the page itself */
	enum level before, after;
	enum colour before_colour, after_colour; /* by the page's floor of red */
	char *word;        /* the provider's own; of incident the incident's title */
	char *said_at;     /* RFC 3339: when the page says it began */
	int64_t seen;      /* seconds since 1970 */
	int64_t since;     /* of green and back: when it was first seen red or lost; of the ends of
			    * early and late: when these began */
	int64_t last_read; /* of lost: when the page was read last; 0: never */
	int64_t fetches, needed;
	int64_t changes;   /* of flapping: between red and not red, lately */
	bool risen;        /* of red: it was red before, and is worse now */
	enum level impact; /* of incident and over: the incident's level; of what is about our own
			    * checks: theirs */
	char *reason;      /* of lost: why; of an update about an incident that is no longer listed:
			    * that; of over: the incident's title; else what our own checks say of the
			    * indicator, where they are its facts */
	int64_t failing_since; /* of red: when our own checks began to fail; 0: they do not */
	char *source;    /* the page whose chain tells this turn from others: of early and late the
			  * probe's; NULL: the page's own */
	int64_t alarm;   /* the episode it opens or closes; 0: none */
	int64_t related; /* the other episode of the same trouble: of what begins one, that which
			  * was told before; of what ends one, that whose end says so, too; 0: none
			  */
	int64_t early;   /* the alarm of early that is open: whoever is told of this is owed its
			  * end; 0: none */
	int64_t follows; /* the alarm of EVENT_FOLLOWS that is open: whoever was told of its cause
			  * is owed its end; 0: none */
	int depth;       /* of what follows: how many causes stand before it, one after the other */
	int64_t causes[EVENT_CAUSES]; /* the alarms of that cause; whoever was told of one reads of
				       * this one in its thread; 0: no more */
	char *cause, *cause_words; /* of what follows, or followed: "Gmail", and "google/Gmail, red
				    * since 19:20 UTC"; NULL: nothing is known to explain it */
	char *origin;              /* what tells this turn from every other of its indicator: the
				    * SHA-256 of the chain's line of the last snapshot before it, and
				    * how many such turns came before since then */
	/* Of a check: what is told of the indicators that it is a fact of. Whoever wants one of
	 * these hears of it there, and not of this; each has the page that it is about. Owned. */
	struct event *elsewhere;
	size_t elsewhere_count;
	char *page;               /* of one of those; else NULL */
	struct value *incidents;  /* a list, as plan.h says; owned; NULL: none */
	struct text_list affects; /* of an update: what its incident names, ids or names */
	struct text_list meant;   /* patterns that have come to mean the indicator besides those
				   * that fit it (store/meaning.h) */
};

struct events {
	struct event *list;
	size_t count;
};

struct event *events_add(struct events *events, enum event_type type);
/* Forgets what is told elsewhere. */
void event_release_elsewhere(struct event *event);
/* Takes out the one at that place. */
void events_drop(struct events *events, size_t place);
void events_release(struct events *events);

const char *event_type_name(enum event_type type); /* "red" … */
bool event_type_parse(const char *name, enum event_type *type);

/* "group / name", the name, or "overall" where there is neither. Owned by the caller. */
char *event_label(const struct event *event);

/* What templates tell types of events by: "type", is_NAME and, of those about ourselves,
 * is_watching; of those about what our own checks see beside the page, is_measured. */
void event_put_type(struct value *map, enum event_type type);

/* One event as plan.h says templates get it; times for people are in zone. Owned by the caller. */
struct value *event_value(const struct event *event, const char *zone);

/* The type of such a value; EVENT_UPDATE where it has none. */
enum event_type event_value_type(const struct value *event);

#endif
