/* SPDX-License-Identifier: ISC
 *
 * Mail that people send to us: it subscribes, confirms, unsubscribes, asks, or brings back a
 * message that could not be delivered; and what they ask for by a form, which is the same. Answers
 * go by mail through the outbox like everything else, in one transaction with the change that they
 * speak of.
 */
#ifndef LAMPWATCH_MAIL_COMMAND_H
#define LAMPWATCH_MAIL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "tell/subscribers.h"

struct database;
struct error;
struct form_request;
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
 * Does what the mail asks, once; recipient is the address it came to, with what stands after the
 * "+". Mail that asks nothing, or that no person wrote, does nothing: that is no error. False,
 * REMEDY_LOCAL: nothing could be kept, and the mail must be delivered again.
 */
bool mail_command_receive(const struct mail_command *command, const struct incoming_mail *incoming,
	const char *recipient, struct error *error);

/* Does what forms ask for, in one transaction; done again it does nothing. An address that may not
 * ask, and a token that is none, do nothing. False, REMEDY_LOCAL: nothing of it was kept. */
bool mail_command_forms(const struct mail_command *command, const struct form_request *requests,
	size_t count, struct error *error);

#endif
