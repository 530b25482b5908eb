/* SPDX-License-Identifier: ISC
 *
 * The last resort: no folder of this machine can be written, so that nothing remembers what was
 * told. The run goes on in memory and delivers by itself; what was sent, and said, is repeated at
 * most hourly, as long as the system's shared memory (shmget(2)), which needs no file, knows of it.
 * Fetches of earlier runs are not counted: one confirms what is worse, and none what is better.
 */
#ifndef LAMPWATCH_DIRECT_H
#define LAMPWATCH_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

struct context;
struct database;
struct dependences;

/* What is known of the archive, in memory; lost as for standby_open(). NULL where there is no
 * memory. */
struct database *direct_open(const struct context *context, bool lost);

/* True, and recorded, where this was not done within the last hour. */
bool direct_hourly(const struct context *context, const char *what, int64_t now);

/* Delivers what is due in the outbox, one after the other, each by the first route that takes it.
 */
void direct_deliver(const struct context *context, struct database *database,
	const struct dependences *dependences, int64_t now);

#endif
