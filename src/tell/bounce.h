/* SPDX-License-Identifier: ISC
 *
 * What becomes of a delivery that its receiver refuses, or that no route takes.
 */
#ifndef LAMPWATCH_BOUNCE_H
#define LAMPWATCH_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct config;
struct database;
struct delivery;

/* True if its receiver has a second way that neither it nor another delivery in its place uses. */
bool bounce_has_second(const struct delivery *delivery);

/*
 * Readdresses it to its receiver's second way, with its bytes rendered again for that.
 * False if there is none, it goes there already, or its bytes cannot be made: what it says cannot
 * be read, or a template is broken. Within a transaction.
 */
bool bounce_use_second(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, int64_t now);

/*
 * Tells the operator of a dead delivery, by a delivery of its own; not if the dead one was itself
 * to the operator, which would never end, nor if it reported no event: an answer to a subscriber's
 * mail. Within a transaction.
 */
void bounce_tell_admin(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, const struct attempt *attempt,
	int64_t now);

#endif
