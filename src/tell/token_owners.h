/* SPDX-License-Identifier: ISC
 *
 * Whose a token is. The tokens that are good are made once and sorted, so that a flood of those
 * that are not costs little more than one.
 */
#ifndef LAMPWATCH_TOKEN_OWNERS_H
#define LAMPWATCH_TOKEN_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "tell/token.h"

struct config;
struct pending_subscription;
struct pending_subscriptions;
struct subscribers;

/* All borrowed. */
struct token_owner {
	char token[TOKEN_TEXT];
	const char *mail;
	const struct pending_subscription *question; /* of TOKEN_CONFIRM alone */
};

/* Those who may own one, borrowed and unchanged while this is in use; the rest zeroes. */
struct token_owners {
	const struct config *config;
	const char *key; /* of the archive */
	const struct subscribers *subscribers;
	const struct pending_subscriptions *questions;
	struct {
		struct token_owner *list;
		size_t count;
		bool made;
	} of[TOKEN_PURPOSES];
};

/* Whose it is, in whatever case: of TOKEN_CONFIRM a question's, else that of the first or second
 * address of somebody whom the file or the database knows. NULL: nobody's. */
const struct token_owner *token_owners_find(
	struct token_owners *owners, enum token_purpose purpose, const char *token);

void token_owners_release(struct token_owners *owners);

#endif
