/* SPDX-License-Identifier: ISC
 *
 * What becomes of a delivery that its receiver will not have, or that nobody takes.
 */
#ifndef LAMPWATCH_BOUNCE_H
#define LAMPWATCH_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct config;
struct database;
struct delivery;

/* True where its receiver has a second way that it does not go by yet, and that has not been told
 * in its stead. */
bool bounce_has_second(const struct delivery *delivery);

/*
 * To its receiver's second way from here on, with the bytes made anew for that.
 * False where there is none, or it goes there already. Within a transaction.
 */
bool bounce_use_second(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, int64_t now);

/*
 * Tells the operator of a dead letter, by a delivery of its own. Not where that dead letter
 * is itself one to the operator, for it would never end, nor where it told no news: an answer
 * to a subscriber's mail. Within a transaction.
 */
void bounce_tell_admin(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, const struct attempt *attempt,
	int64_t now);

#endif
