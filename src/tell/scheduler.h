/* SPDX-License-Identifier: ISC
 *
 * What the courier decides: which deliveries go together by which way, and what
 * becomes of each after an attempt. The ways of a mail are all routes, one after the
 * other; that of a webhook is itself. A delivery has one round through its ways in a
 * run. Reads and writes the outbox; no process, no network, no clock: courier.c
 * carries out what is said here, and a test may do so in its stead.
 */
#ifndef LAMPWATCH_SCHEDULER_H
#define LAMPWATCH_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tell/outbox.h"

struct attempt;
struct config;
struct database;
struct dependences;
struct scheduler;
struct text_list;

enum {
	SCHEDULER_SESSIONS = 24,        /* at a time, in all */
	SCHEDULER_ROUTE_SESSIONS = 4,   /* by one route */
	SCHEDULER_WEBHOOK_SESSIONS = 2, /* to one webhook, whose sessions carry one delivery each */
	SCHEDULER_BROKEN_MAX =
		3,            /* sessions in a row that brought nothing: the way is left alone */
	SCHEDULER_PAUSE = 55, /* seconds that a way is left alone */
	BATCH_MAX = 400,      /* deliveries in one session */
	BATCH_SMALL = 25,     /* of these a session gets its even share, however many wait */
	BATCH_BYTES_MAX = 4 * 1024 * 1024, /* of their messages; a longer one goes by itself */
};

/* Borrowed for the rounds' life. */
struct scheduler_settings {
	const struct config *config;
	const char *templates;
	const char *lock; /* a file that remembers what was sent unrecorded (base/hourly.h) */
	struct database *database;
	const struct dependences *dependences; /* of routes; NULL: the configured ones */
	/* Adds the pages that are red or lost. */
	void (*troubled)(struct database *database, struct text_list *pages);
};

/* What one session is to carry. */
struct batch {
	size_t way;
	const struct route_config *route; /* NULL: the webhook that is the receiver */
	struct deliveries deliveries;     /* owned */
	struct contents contents;         /* what they say, each once; owned */
	bool *answered;                   /* one for each; owned */
	size_t unanswered;                /* how many are not */
	bool heard, working; /* there was an answer; there was one with a code, so somebody is there
			      */
};

struct scheduler *scheduler_new(const struct scheduler_settings *settings);
void scheduler_free(struct scheduler *scheduler);

/* Frees what the batch holds: for who does not close it any more. */
void batch_release(struct batch *batch);

/* There may be more in the outbox than when it was read last. */
void scheduler_wake(struct scheduler *scheduler);

/*
 * The next batch that may begin now, the intent to send it committed; false where there is none
 * before another is closed, or the outbox has more. scheduler_close() is due.
 */
bool scheduler_next(struct scheduler *scheduler, int64_t now, struct batch *batch);

/*
 * What came of the delivery at index of the batch. Within a transaction of the caller's, which
 * may hold many answers.
 */
void scheduler_answer(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now);

/*
 * The batch's session is over, and it is released. What was not answered was not begun, and is
 * owed as before; but for the first of these where the session crashed (crash: how; else NULL)
 * or never answered at all, which may have gone out. Within a transaction, too.
 */
void scheduler_close(
	struct scheduler *scheduler, struct batch *batch, const char *crash, int64_t now);

#endif
