/* SPDX-License-Identifier: ISC
 *
 * Webhooks that answered 410: they ask not to be told again, and nothing is sent
 * there until the operator lifts it, or gives another URL. Kept in the outbox's database.
 */
#ifndef LAMPWATCH_DISABLED_WEBHOOK_H
#define LAMPWATCH_DISABLED_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/database.h"

struct webhook_config;

extern const struct schema_step disabled_schema[];

/* What is known of one; owned, freed with disabled_release(). */
struct disabled {
	int64_t since; /* UTC seconds */
	char *reason;  /* the answer; one line without secrets */
};

/* From now on. Within a transaction. */
void disabled_add(struct database *database, const struct webhook_config *webhook,
	const char *reason, int64_t now);

/*
 * True, and *disabled filled in, where the webhook is disabled. One whose URL or
 * values of `with:` are others than those that answered 410 is not.
 */
bool disabled_find(
	struct database *database, const struct webhook_config *webhook, struct disabled *disabled);
void disabled_release(struct disabled *disabled);

/*
 * Lifts it for the webhook that the delivery of this number goes to, 0: for all. The
 * transaction is the caller's. Returns how many were lifted.
 */
int64_t disabled_lift(struct database *database, int64_t delivery);

#endif
