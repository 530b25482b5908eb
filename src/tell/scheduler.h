/* SPDX-License-Identifier: ISC
 *
 * What the courier decides: which deliveries go together by which route, and what becomes of each
 * after an attempt. A mail may go by every route, one after the other; a webhook counts as a route
 * of its own. In one run a delivery tries each of its routes at most once. Reads and writes the
 * outbox; uses no process, network or clock: courier.c carries out these decisions, and so may a
 * test.
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
struct error;
struct scheduler;
struct text_list;

enum {
	SCHEDULER_SESSIONS = 24,        /* at a time, in all */
	SCHEDULER_ROUTE_SESSIONS = 4,   /* by one route */
	SCHEDULER_WEBHOOK_SESSIONS = 2, /* to one webhook, whose sessions carry one delivery each */
	SCHEDULER_BROKEN_MAX = 3,       /* failed sessions in a row, after which the route rests */
	SCHEDULER_PAUSE = 55,           /* seconds that a route rests */
	BATCH_MAX = 400,                /* deliveries in one session */
	BATCH_SMALL = 25, /* of these a session gets its even share, however many wait */
	BATCH_BYTES_MAX = 4 * 1024 * 1024, /* of their messages; a longer one goes by itself */
};

/* Borrowed for the scheduler's life. */
struct scheduler_settings {
	const struct config *config;
	const char *templates;
	struct database *database;
	const struct dependences *dependences; /* of routes; NULL: the configured ones */
	/* Adds the pages that are red or lost. */
	void (*troubled)(struct database *database, struct text_list *pages);
};

/* What one session is to carry. */
struct batch {
	size_t next_hop;
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

/* Frees what the batch holds, where it is not closed. */
void batch_release(struct batch *batch);

/* The outbox may hold more than when it was last read. */
void scheduler_wake(struct scheduler *scheduler);

/*
 * The next batch that may begin now, the intent to send it already committed; false if there is
 * none until another batch is closed or the outbox has more. End it with scheduler_close().
 */
bool scheduler_next(struct scheduler *scheduler, int64_t now, struct batch *batch);

/*
 * Takes the result of the delivery at index of the batch. Within the caller's transaction, which
 * may hold many answers.
 */
void scheduler_answer(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now);

/* The outbox could not be written, and error says why: what is due was not sent. */
bool scheduler_unwritten(const struct scheduler *scheduler, struct error *error);

/*
 * Ends the batch, whose session is over, and releases it. What was not answered was not begun and
 * is pending as before, except the first of these if the session crashed (crash: how; else NULL) or
 * never answered at all: that one may have been sent. Within a transaction, too.
 */
void scheduler_close(
	struct scheduler *scheduler, struct batch *batch, const char *crash, int64_t now);

#endif
