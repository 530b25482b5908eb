/* SPDX-License-Identifier: ISC
 *
 * A session: a child process that hands messages to one relay or webhook, one after
 * the other, and tells what came of each as soon as it knows. A process of its own,
 * so that neither a relay that hangs nor a crash in a mail library costs more than itself.
 */
#ifndef LAMPWATCH_SESSION_H
#define LAMPWATCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tell/attempt.h"

struct child;
struct config;
struct contents;
struct delivery;
struct dependences;
struct route_config;

enum { SESSION_SECONDS = 120 /* without an answer, whatever it waits for */ };

/* What it carries, borrowed until session_start() returns; of a delivery count its envelope and
 * what makes it a copy of its content. */
struct session_order {
	const struct config *config;
	const char *templates;            /* folder */
	const struct route_config *route; /* of mails; NULL: the receiver's webhook */
	const struct delivery *deliveries;
	size_t count;
	const struct contents *contents; /* what they say */
	int64_t now;
	const struct dependences *dependences; /* where direct mail goes; NULL: not known */
};

/* What came of the delivery at index. */
struct session_answer {
	size_t index;
	struct attempt attempt;
};

enum session_news {
	SESSION_QUIET,  /* nothing (yet) */
	SESSION_ANSWER, /* one answer; there may be more */
	SESSION_OVER,   /* its process is gone, and with it what was not answered */
};

/* False where no process can be made. session->from is readable where session_read() has news. */
bool session_start(struct child *session, const struct session_order *order);

/*
 * Does not wait. When it is over, *crash is why it did not end as it should (NULL: it
 * did): then whatever was in turn may have gone out whole.
 */
enum session_news session_read(
	struct child *session, struct session_answer *answer, const char **crash);

/* A session for one delivery, waited for. */
void session_attempt(const struct session_order *order, struct attempt *attempt);

#endif
