/* SPDX-License-Identifier: ISC
 *
 * Who has subscribed without the configuration: by `lampwatch subscribe`, or by a
 * mail to `lampwatch mail-in`, or by a form. They are in the database that holds the outbox. An
 * entry here overrides what the configuration says of the address, but for its quiet hours.
 */
#ifndef LAMPWATCH_SUBSCRIBERS_H
#define LAMPWATCH_SUBSCRIBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "config/config.h"

struct receivers;

/* The tables of subscribers, of what bounced, and of answers. */
extern const struct schema_step subscribers_schema[];

enum subscriber_state {
	SUBSCRIBER_ACTIVE,       /* is told */
	SUBSCRIBER_SUSPENDED,    /* mail to it was permanently refused more than once */
	SUBSCRIBER_UNSUBSCRIBED, /* gets nothing, whatever the configuration says */
	SUBSCRIBER_STATES,
};

enum {
	BOUNCES_TO_SUSPEND = 2,      /* permanent ones … */
	BOUNCES_SECONDS = 7 * 86400, /* … within that time */
	ANSWERS_PER_SENDER = 5,      /* in a day */
	ANSWERS_MAX = 500,           /* to all, in a day */
	ANSWERS_SECONDS = 86400,
};

/* Strings owned. The same as a subscriber of the configuration, and its state. */
struct subscriber {
	struct subscriber_config is;
	enum subscriber_state state;
	int64_t created, changed; /* UTC seconds: of the row, and of the state */
	char *reason;             /* of the state; "" for none */
};

struct subscribers {
	struct subscriber *list; /* by address */
	size_t count;
};

/* All of them. subscribers_release() frees. */
void subscribers_load(struct database *database, struct subscribers *subscribers);
void subscribers_release(struct subscribers *subscribers);

/* The one with this address, whatever its case; NULL where there is none. */
struct subscriber *subscribers_find(const struct subscribers *subscribers, const char *mail);

/*
 * Adds the active ones to receivers, replacing what it has under the same addresses, whose quiet
 * hours stay, and removes
 * suspended and unsubscribed addresses, also as second ways. subscribers must outlive receivers.
 */
void subscribers_apply(const struct subscribers *subscribers, struct receivers *receivers);

/* Writes one, whole; a transaction is the caller's. */
void subscriber_save(struct database *database, const struct subscriber *subscriber);

/* Unsubscribes the address and drops its pending deliveries, unless it is the operator's (NULL:
 * there is none). */
void subscriber_unsubscribe(struct database *database, const char *mail, const char *admin,
	const char *reason, int64_t now);

/* Deletes the entry of the address: the configuration applies to it again. */
void subscriber_forget(struct database *database, const char *mail);

/*
 * A delivery to the address was refused after all, with that status (RFC 3463). True where this
 * is what suspends it: the second permanent one within a week.
 */
bool subscriber_bounced(
	struct database *database, const char *mail, const char *status, int64_t now);

/*
 * One text for all spellings of a mailbox: in lower case, without what follows a "+" in the local
 * part, and without dots there where the domain is known to ignore them. To compare, not to write
 * to: other domains may mean different mailboxes. Owned by the caller.
 */
char *mailbox_key(const char *address);

/* True, and counted, where the sender's mailbox may still be answered today. It is kept as a
 * digest with the archive's key. */
bool answer_allowed(struct database *database, const char *key, const char *sender, int64_t now);

/* Whether nobody is answered any more today: the limit for all senders together is reached. */
bool answers_spent(struct database *database);

/* "active", "suspended", "unsubscribed". */
const char *subscriber_state_name(enum subscriber_state state);

void subscriber_release(struct subscriber *subscriber);

#endif
