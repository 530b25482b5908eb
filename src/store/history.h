/* SPDX-License-Identifier: ISC
 *
 * What a page said over time, and when it was unseen: the only source of strips, figures, and
 * statements about durations. Levels come from the changes, each of which gives the level before
 * it. A fetch holds for the page's `every` (schedule_held_until()); after that, unseen or
 * unreadable time is unknown. All times are UTC seconds.
 */
#ifndef LAMPWATCH_HISTORY_H
#define LAMPWATCH_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "model/level.h"

struct database;
struct indicator_state;
struct page_state;

/* One level for some time. */
struct stretch {
	int64_t begin, end;
	enum level level; /* LEVEL_UNKNOWN also for unseen time */
};

struct stretches {
	struct stretch *list; /* oldest first, without overlap; owned */
	size_t count;
};

/* Adds a stretch at the end, or makes the last one longer where that has the same level and ends
 * at begin. Does nothing where begin is not before end. */
void stretches_add(struct stretches *stretches, int64_t begin, int64_t end, enum level level);
void stretches_release(struct stretches *stretches);

/* Time in which nobody saw a page. */
struct gap {
	int64_t begins, ends;
};

struct gaps {
	struct gap *list; /* oldest first, without overlap; owned */
	size_t count;
};

/* An indicator over time, or the page's overall level (id ""). */
struct indicator_history {
	char *id, *label; /* owned */
	const struct indicator_state
		*indicator; /* current state, borrowed; NULL: no longer listed and forgotten */
	int64_t changed;    /* its last change; the history's begin where there is none */
	struct stretches stretches; /* nothing where the page did not list it yet */
};

/* A page from begin to the end of the second now. */
struct page_history {
	int64_t first;      /* time of the page's first snapshot; 0: none, and nothing is known */
	int64_t begin, end; /* begin: not before first */
	struct gaps
		unseen; /* from begin, or from the first `since` of its lamps if that is before */
	struct indicator_history *list; /* those of state->lamps in their order, then others */
	size_t count;
};

/*
 * Loads a page's history from since to now. state has its lamps (store_load()) and stays as it is
 * while the history lives; every in milliseconds, 0 for a page that is not in the configuration.
 * history is zeroed by the caller.
 */
void history_load(struct database *database, const struct page_state *state, int64_t every,
	int64_t since, int64_t now, struct page_history *history);
void history_release(struct page_history *history);

/* How much of a period was seen, in seconds. */
struct sight {
	int64_t lasted; /* from its begin until it was last seen */
	int64_t unseen; /* of that, unseen */
	int64_t blind;  /* unseen time after that, until its end */
};

struct sight history_sight(const struct gaps *unseen, int64_t begin, int64_t end);

/* How long an indicator had its level before it changed at time: since its previous change, or the
 * page's first snapshot. */
struct sight history_before(
	struct database *database, const char *page, const char *id, int64_t time);

#endif
