/* SPDX-License-Identifier: ISC
 *
 * What the operator is told about the watching itself, through the outbox like everything else.
 */
#ifndef LAMPWATCH_ADMIN_NOTICE_H
#define LAMPWATCH_ADMIN_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"

struct config;
struct database;

/* All borrowed; NULL and "" alike mean that there is none. */
struct admin_notice {
	enum event_type type;
	const char *page;  /* its name */
	const char *label; /* the receiver or thing it is about */
	const char *what;  /* of a message that was given up: what it was to say */
	const char *reason;
	const char *duration; /* of runs that were missed: how long there was none */
	int64_t since, seen;  /* UTC seconds; 0: none */
	const char *id;       /* makes the Message-ID: the same for the same note */
};

/*
 * Puts the note for the operator into the outbox. The transaction is the caller's. Does nothing
 * if the configuration names no operator. templates is the folder of the templates.
 */
void admin_notice_send(struct database *database, const struct config *config,
	const char *templates, const struct admin_notice *note, int64_t now);

#endif
