/* SPDX-License-Identifier: ISC
 *
 * What is remembered of each indicator between runs.
 */
#ifndef LAMPWATCH_INDICATOR_STATE_H
#define LAMPWATCH_INDICATOR_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/flap_history.h"
#include "model/level.h"
#include "model/reading.h"

/* The id of the state of the page's overall level; no indicator can have it. */
#define INDICATOR_OVERALL ""

/*
 * One indicator as it is remembered between runs, or the overall level. All
 * strings owned.
 */
struct indicator_state {
	char *id, *group, *name; /* first, because an index uses them as keys */
	enum level level;        /* as last read; kept while it is gone */
	char *word;
	bool gone; /* no longer listed: grey, its alarm stays as it is */
	bool red; /* level is red by the page's floor, whether confirmed or not; false while gone */
	int64_t since; /* when this level was first read, seconds since 1970 */
	int64_t count; /* fetches in a row that say red (alarm closed) or green (alarm open); while
			* it is gone, 1 until that is reported */
	int64_t count_since;       /* when the first of them was */
	enum level before;         /* the level before the first of them */
	bool alarm;                /* confirmed red */
	int64_t alarm_since;       /* when red was first read; valid while alarm */
	enum level peak;           /* the worst level reported for the alarm; valid while alarm */
	int64_t rising;            /* fetches in a row that are worse than that */
	struct flap_history flaps; /* its last states */
	bool flapping; /* announced as such: no alarm opens or closes until it settles */
	char *former;  /* the id it had before the provider changed it; not kept between runs */
};

struct indicator_states {
	struct indicator_state *list;
	size_t count;
};

/* Beyond this many, states of indicators that are no longer listed and have nothing pending are
 * forgotten. */
enum { INDICATOR_STATES_MAX = 2 * READING_ROWS_MAX };

/* Forgets former ids, once everything that needs them has been done. */
void indicator_states_settle(struct indicator_states *indicators);

/* True while some indicator's change is not confirmed yet, or one flaps. */
bool indicator_states_unconfirmed(const struct indicator_states *indicators);

/* True while some indicator is red or has an open alarm. */
bool indicator_states_red(const struct indicator_states *indicators);

struct indicator_state *indicator_states_find(
	const struct indicator_states *indicators, const char *id);
struct indicator_state *indicator_states_add(
	struct indicator_states *indicators, const char *id, const char *group, const char *name);
void indicator_state_release(struct indicator_state *indicator);
void indicator_states_release(struct indicator_states *indicators);

#endif
