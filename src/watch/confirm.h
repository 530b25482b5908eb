/* SPDX-License-Identifier: ISC
 *
 * From readings to alarms: an alarm opens when red is confirmed and closes when
 * green is confirmed, counted in successful fetches. Pure: it knows levels,
 * thresholds and a time, and neither pages nor people.
 */
#ifndef LAMPWATCH_CONFIRM_H
#define LAMPWATCH_CONFIRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/level.h"
#include "base/list.h"
#include "watch/reading.h"
#include "watch/ring.h"

/* The lamp of the page's own overall level has this id, which no indicator can have. */
#define LAMP_OVERALL ""

/*
 * One indicator as it is remembered between runs, or the overall level. All
 * strings owned.
 */
struct lamp {
	char *id, *group, *name; /* first: they are what an index goes by */
	enum level level;        /* as last read; kept while it is gone */
	char *word;
	bool gone; /* listed no longer: grey, its alarm stays as it is */
	bool red; /* level is red by the page's floor, whether confirmed or not; false while gone */
	int64_t since; /* when this level was first read, seconds since 1970 */
	int64_t count; /* fetches in a row that say red (alarm closed) or green (alarm open); while
			* it is gone, 1 as long as nobody is told */
	int64_t count_since; /* when the first of them was */
	enum level before;   /* the level before the first of them */
	bool alarm;          /* confirmed red */
	int64_t alarm_since; /* when red was first read; valid while alarm */
	enum level peak;     /* the worst level that was told of the alarm; valid while alarm */
	int64_t rising;      /* fetches in a row that are worse than that */
	struct ring ring;    /* its last states */
	bool flapping;       /* announced as such: no alarm opens or closes until it settles */
	char *former; /* the id it had until the provider gave it another; not kept between runs */
};

struct lamps {
	struct lamp *list;
	size_t count;
};

/* Beyond that many, lamps that are listed no longer and owe nobody anything are forgotten. */
enum { LAMPS_MAX = 2 * READING_ROWS_MAX };

/* What follows from one reading. */
enum turn_type {
	TURN_RED,      /* red is confirmed */
	TURN_GREEN,    /* green is confirmed */
	TURN_GONE,     /* an indicator is listed no longer */
	TURN_WORSE,    /* an open alarm's level has risen above all that was told of it */
	TURN_FLAPPING, /* it changes so often that only its settling will be told */
	TURN_SETTLED,  /* it does so no longer */
	TURN_REMINDER, /* an alarm is open still; never made by confirm() */
};

struct turn {
	enum turn_type type;
	size_t lamp; /* its place in lamps */
	enum level before, after;
	int64_t seen;    /* when the first of the fetches that confirm it was */
	int64_t since;   /* of green and reminder: when red was first read; of settled: since when
			  * it has been as it is */
	int64_t fetches; /* that confirm it; of flapping: how often it changed lately */
};

struct turns {
	struct turn *list;
	size_t count;
};

struct confirm_rules {
	int64_t worse, better; /* fetches */
	enum level red;        /* the floor */
	bool alert_on_first_sight;
	const struct text_list
		*patterns; /* of `indicators:`; none: all, and the overall level too */
	int64_t high, low; /* percent of a ring at which flapping begins, and below which it ends;
			    * high 0: it is not looked for */
	bool muted;        /* nothing may turn now: our own maintenance, or silence */
	int64_t every;     /* seconds between fetches of a page that is well */
	int64_t unchanged_until; /* the last fetch that was not looked into, for it said the same */
};

/*
 * Takes one reading, seen at now, into lamps and adds what turned to turns.
 *
 * first: the page was never read before. Its reading is a baseline: what is red opens
 * its alarm and turns nothing, unless rules say alert.
 * silent: the difference is of our own making (read anew): lamps follow, what is red
 * opens its alarm, and nothing turns. No alarm closes on either of the two.
 *
 * Only watched indicators have lamps: one that the patterns no longer choose loses its
 * own without a word. A lamp between red and green changes no alarm and starts the count
 * anew. With the row for whatever is not listed, an indicator that is absent has that
 * row's level; else it is gone.
 *
 * While a lamp flaps, and while rules say muted, its fetches are counted and its alarm stays
 * as it is: what is confirmed by then turns with the first fetch after that.
 *
 * The overall level opens an alarm of its own only while no watched indicator is
 * red, and never where patterns choose indicators.
 */
void confirm(struct lamps *lamps, const struct reading *reading, const struct confirm_rules *rules,
	bool first, bool silent, int64_t now, struct turns *turns);

/* The ids that lamps had before are forgotten: whoever needed to know has been told. */
void lamps_settle(struct lamps *lamps);

/* True while some lamp's count has begun and decided nothing yet, or one flaps. */
bool lamps_unconfirmed(const struct lamps *lamps);

/* True while some lamp is red or has its alarm open. */
bool lamps_red(const struct lamps *lamps);

struct lamp *lamps_find(const struct lamps *lamps, const char *id);
struct lamp *lamps_add(struct lamps *lamps, const char *id, const char *group, const char *name);
void lamp_release(struct lamp *lamp);
void lamps_release(struct lamps *lamps);

#endif
