/* SPDX-License-Identifier: ISC
 *
 * What a receiver is told of several pages in one run is two messages and not many: the first goes
 * at once, and the rest waits for the end of the run to be joined into one. What was held during
 * quiet hours is joined in the same way when they end.
 */
#ifndef LAMPWATCH_DIGEST_MESSAGE_H
#define LAMPWATCH_DIGEST_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

struct observer;

/*
 * Lets go what waited for a provider that is back, and joins whatever waits, in one transaction:
 * the rows become merged, one new row for each receiver stands for them and carries their alarms.
 * Called at the end of a run, and at the beginning for what a crash left or was held. True where
 * something may go out now.
 */
bool digest_messages_enqueue(struct observer *observer, int64_t now);

/* The same of those alone who have been told nothing in this run, which has now as its time: what
 * waits for others is not their first message, and goes on to wait. */
bool digest_messages_enqueue_first(struct observer *observer, int64_t now);

/* Joins whatever waits, within the caller's transaction. */
void digest_messages_join(struct observer *observer, int64_t now);

#endif
