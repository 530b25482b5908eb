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

/* The lamp of the page's own overall level has this id, which no indicator can have. */
#define INDICATOR_OVERALL ""

/*
 * One indicator as it is remembered between runs, or the overall level. All
 * strings owned.
 */
struct indicator_state {
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
	struct flap_history flaps; /* its last states */
	bool flapping; /* announced as such: no alarm opens or closes until it settles */
	char *former;  /* the id it had until the provider gave it another; not kept between runs */
};

struct indicator_states {
	struct indicator_state *list;
	size_t count;
};

/* Beyond that many, lamps that are listed no longer and owe nobody anything are forgotten. */
enum { INDICATOR_STATES_MAX = 2 * READING_ROWS_MAX };

/* The ids that lamps had before are forgotten: whoever needed to know has been told. */
void indicator_states_settle(struct indicator_states *indicators);

/* True while some lamp's count has begun and decided nothing yet, or one flaps. */
bool indicator_states_unconfirmed(const struct indicator_states *indicators);

/* True while some lamp is red or has its alarm open. */
bool indicator_states_red(const struct indicator_states *indicators);

struct indicator_state *indicator_states_find(
	const struct indicator_states *indicators, const char *id);
struct indicator_state *indicator_states_add(
	struct indicator_states *indicators, const char *id, const char *group, const char *name);
void indicator_state_release(struct indicator_state *indicator);
void indicator_states_release(struct indicator_states *indicators);

#endif
