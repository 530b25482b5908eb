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
	TRANSITION_GONE,     /* an indicator is no longer listed */
	TRANSITION_WORSE,    /* an open alarm's level is worse than any that was reported */
	TRANSITION_FLAPPING, /* it changes so often that only its settling is reported */
	TRANSITION_SETTLED,  /* it has stopped flapping */
	TRANSITION_REMINDER, /* an alarm is still open; never made by confirm() */
};

struct transition {
	enum transition_type type;
	size_t indicator; /* its index in indicators */
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
			    * high 0: flapping is not looked for */
	bool suppressed;   /* no transition may happen now: our own maintenance, or silence */
};

/*
 * Takes one reading, seen at now, into indicators and adds what follows to transitions.
 *
 * first: the page was never read before. Its reading is a baseline: a red indicator opens
 * its alarm and causes no transition, unless the rules say alert.
 * silent: the difference is of our own making (the page was reread): indicators follow, a red one
 * opens its alarm, and there is no transition. In neither case does an alarm close.
 *
 * Only watched indicators have a state: one that the patterns no longer choose loses it
 * without a transition. An indicator between red and green changes no alarm and restarts the
 * count. With the row for everything that is not listed, an absent indicator has that
 * row's level; otherwise it is gone.
 *
 * While an indicator flaps, and while the rules say suppressed, its fetches are counted and its
 * alarm stays as it is: what is confirmed by then becomes a transition at the first fetch after
 * that.
 *
 * The overall level opens an alarm of its own only while no watched indicator is
 * red, and never where patterns choose indicators.
 */
void confirm(struct indicator_states *indicators, const struct reading *reading,
	const struct confirm_rules *rules, bool first, bool silent, int64_t now,
	struct transitions *transitions);

#endif
