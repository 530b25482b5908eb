/* SPDX-License-Identifier: ISC
 *
 * Sessions: child processes that hand messages to one relay or webhook, one after the other, and
 * tell what came of each as soon as they know. Processes of their own, so that neither a relay that
 * hangs nor a crash in a mail library costs more than itself; confined as attempts
 * (base/confine.h), and not believed: what one says that makes no sense ends it.
 */
#ifndef LAMPWATCH_SESSION_H
#define LAMPWATCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/child.h"
#include "tell/attempt.h"

struct config;
struct contents;
struct courier_means;
struct delivery;
struct dependences;
struct error;
struct save;
struct text_list;

/* What a session carries, borrowed until session_start() returns; of a delivery count its envelope
 * and what makes it a copy of its content. */
struct session_order {
	struct config *config;
	const char *templates;            /* folder */
	const struct route_config *route; /* of mails; NULL: the receiver's webhook */
	const struct delivery *deliveries;
	size_t count;
	const struct contents *contents; /* what they say */
	int64_t now;
	const struct dependences *dependences; /* where direct mail goes; NULL: not known */
	const struct courier_means *means;
	bool asks;               /* of one direct mail: DNS, where it goes */
	const struct save *save; /* a page for Save Page Now (saves.h), in place of deliveries */
};

struct session {
	struct child child; /* from is readable where session_read() has news; process 0: none */
	struct child_role role;
	size_t count;    /* of its deliveries */
	size_t expected; /* answers that may still come */
};

/* What came of the delivery at index. */
struct session_answer {
	size_t index;
	struct attempt attempt;
};

/* False with errno where no process can be made. The session stays where it is for as long as it
 * lives. */
bool session_start(struct session *session, const struct session_order *order);

enum session_news {
	SESSION_QUIET,  /* nothing (yet) */
	SESSION_ANSWER, /* one answer; there may be more */
	SESSION_OVER,   /* its process is gone, and with it what was not answered */
};

/*
 * Does not wait, but for an end that is due. When it is over, *crash is why it did not end as it
 * should (NULL: it did): then whatever was in turn may have gone out whole; and refused is our own
 * fault in it, such as what its confinement has refused, or its remedy is 0.
 */
enum session_news session_read(struct session *session, struct session_answer *answer,
	const char **crash, struct error *refused);

/* Adds what a session by the route, or to the webhook, reads once it is confined; the other is
 * NULL. */
void session_paths(const char *templates, const struct route_config *route,
	const struct webhook_config *webhook, struct text_list *paths);

/* One session for one delivery, waited for to its end. */
void session_attempt(const struct session_order *order, struct attempt *attempt);

#endif
