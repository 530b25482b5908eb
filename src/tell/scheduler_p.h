/* SPDX-License-Identifier: ISC
 *
 * Private to scheduler*.c: what is due and what goes next is scheduler.c's, by which way and how
 * many together scheduler_choose.c's, what came of it scheduler_answer.c's.
 */
#ifndef LAMPWATCH_SCHEDULER_P_H
#define LAMPWATCH_SCHEDULER_P_H

#include <limits.h>

#include "config/config.h"
#include "tell/scheduler.h"

enum {
	HTTP_GONE = 410, /* the status by which a webhook asks for no more */
	REFUSED_SECONDS =
		3600, /* for the other routes to take what one says that nobody will have */
};

#define NO_WAY SIZE_MAX

/* A route, or behind the routes a webhook. */
struct way {
	const char *name;
	size_t sessions, limit; /* open now; how many may be */
	size_t working;         /* of those open, in how many somebody has answered */
	size_t broken;          /* in a row, in which nobody has */
	int64_t rests_until;    /* left alone before that */
};

/* One delivery on its round. */
struct queue_entry {
	int64_t id;
	char *receiver;
	int64_t tries; /* when the round began */
	enum {
		ENTRY_WAITING,
		ENTRY_UNDERWAY,
		ENTRY_OVER, /* owed again, in a later run */
		ENTRY_DONE, /* no longer owed: also where a full disk kept that from being written
			     */
		ENTRY_READDRESSED, /* readdressed: another round begins when its turn comes */
	} state;
	bool begun;
	unsigned char tried[(CONFIG_ROUTES_MAX + CHAR_BIT - 1) / CHAR_BIT]; /* routes */
	size_t refusals;         /* of these, that said that the receiver will not have it */
	struct attempt *refusal; /* the first of them; owned; NULL: none */
};

struct scheduler {
	struct scheduler_settings settings;
	struct way *ways;
	size_t way_count, sessions;
	size_t *order; /* of the routes, as things stand */
	struct queue_entry *list;
	size_t count;
	bool woken;   /* the outbox may hold more that is due */
	bool stale;   /* likewise, but nothing that comes before what waits here */
	int64_t vain; /* nothing could begin at that time, and nothing has changed since; -1: no */
	enum { UNRECORDED_UNKNOWN, UNRECORDED_YES, UNRECORDED_NO } unrecorded; /* in this run */
};

/* The round of a delivery that is in the list. */
struct queue_entry *scheduler_entry(const struct scheduler *scheduler, int64_t id);

/* The next way of a round that is not left alone; NO_WAY where there is none (now). */
size_t way_of(const struct scheduler *scheduler, const struct queue_entry *entry, int64_t now);

/* The places in the list of those that go next, all by one way: at most BATCH_MAX. Returns how
 * many. */
size_t scheduler_choose(
	const struct scheduler *scheduler, int64_t now, size_t *places, size_t *way);

/* A receiver who will not have it: by the second way, else given up aloud. Within a transaction. */
void scheduler_refused(struct scheduler *scheduler, const struct delivery *delivery,
	const char *way, const struct attempt *attempt, int64_t now);

#endif
