/* SPDX-License-Identifier: ISC
 *
 * Subscriptions that were requested by mail or by a form and are not confirmed. A request changes
 * nothing about an address, since anybody can write a From line or fill in a form: only the
 * confirmation does, which needs a token that only a reader of the mailbox knows. Likewise, of who
 * is subscribed already, the links with which a subscription is changed.
 */
#ifndef LAMPWATCH_PENDING_SUBSCRIPTION_H
#define LAMPWATCH_PENDING_SUBSCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "config/config.h"

extern const struct schema_step pending_subscriptions_schema[];

enum {
	PENDING_SUBSCRIPTION_MAX = 10000, /* open at a time */
	QUESTION_KEPT_SECONDS =
		14 * 86400, /* so that an answer that comes too late gets an answer that says so */
};

/* Strings owned. */
struct pending_subscription {
	int64_t id;
	char *mail;
	struct subscription wants; /* pages by their names, floor and events: no more of it */
	int64_t asked;             /* UTC seconds */
};

struct pending_subscriptions {
	struct pending_subscription *list; /* oldest first */
	size_t count;
};

void pending_subscriptions_load(struct database *database, struct pending_subscriptions *questions);
void pending_subscriptions_release(struct pending_subscriptions *questions);

/* Keeps one; gives its number. A transaction is the caller's. */
int64_t pending_subscription_add(
	struct database *database, const struct pending_subscription *question);

/* What its token is about (tell/token.h). Owned by the caller. */
char *pending_subscription_about(const struct pending_subscription *question);

/* Forgets what was asked for this address, whatever its case; what was asked before that time. */
void pending_subscriptions_forget(struct database *database, const char *mail);
void pending_subscriptions_expire(struct database *database, int64_t before);

#endif
