/* SPDX-License-Identifier: ISC
 *
 * What a letter does: it subscribes, confirms, unsubscribes, asks, or brings
 * back a mail that could not be delivered; and what is answered. Answers go
 * through the outbox like everything else, with the change that they speak of in one transaction.
 */
#ifndef LAMPWATCH_MAIL_COMMAND_H
#define LAMPWATCH_MAIL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "tell/subscribers.h"

struct database;
struct error;
struct incoming_mail;

/* All borrowed. */
struct mail_command {
	const struct config *config; /* with mail_in */
	const char *templates;
	struct database *database;
	const char *key; /* of the archive */
	int64_t now;     /* UTC seconds */
	bool simulated;
};

/*
 * Does what the letter asks, once; recipient is the address it came to, with what stands behind
 * the "+". A letter that asks nothing, or that no person wrote, does nothing: that is no error.
 * False, REMEDY_LOCAL: nothing could be kept, and the letter is to come again.
 */
bool mail_command_receive(const struct mail_command *correspondence,
	const struct incoming_mail *incoming, const char *recipient, struct error *error);

#endif
