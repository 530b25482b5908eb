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

#include "model/level.h"
#include "model/indicator_state.h"
#include "model/reading.h"

struct text_list;

/* What follows from one reading. */
enum transition_type {
	TRANSITION_RED,      /* red is confirmed */
	TRANSITION_GREEN,    /* green is confirmed */
	TRANSITION_GONE,     /* an indicator is listed no longer */
	TRANSITION_WORSE,    /* an open alarm's level has risen above all that was told of it */
	TRANSITION_FLAPPING, /* it changes so often that only its settling will be told */
	TRANSITION_SETTLED,  /* it does so no longer */
	TRANSITION_REMINDER, /* an alarm is open still; never made by confirm() */
};

struct transition {
	enum transition_type type;
	size_t indicator; /* its place in lamps */
	enum level before, after;
	int64_t seen;    /* when the first of the fetches that confirm it was */
	int64_t since;   /* of green and reminder: when red was first read; of settled: since when
			  * it has been as it is */
	int64_t fetches; /* that confirm it; of flapping: how often it changed lately */
};

struct transitions {
	struct transition *list;
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
	bool suppressed;   /* nothing may turn now: our own maintenance, or silence */
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
void confirm(struct indicator_states *indicators, const struct reading *reading,
	const struct confirm_rules *rules, bool first, bool silent, int64_t now,
	struct transitions *transitions);

#endif
