/* SPDX-License-Identifier: ISC
 *
 * Observations that are committed together: their snapshots share what makes them durable, and one
 * transaction.
 */
#ifndef LAMPWATCH_BATCH_H
#define LAMPWATCH_BATCH_H

#include <stdbool.h>

struct observer;
struct work;

/* Takes it up among those that are committed together; false where it is to be committed alone. */
bool batch_add(struct work *work);

/* The milliseconds that something of what is gathered may still wait; less than 0: there is
 * nothing.
 */
int observer_waits(const struct observer *observer);

/*
 * Commits what is not to wait any longer. What owes an alert goes first and by itself, at once, or
 * with what owes one too within the moment after such a commit; idle: no other page is being read,
 * so that it has nobody to wait for. What owes nothing waits for others, up to bounds of time,
 * number and bytes.
 */
void observer_commit_due(struct observer *observer, bool idle);

/* Commits all that is gathered, together: the folders, one transaction, the chains; what owes an
 * alert before what does not. One that fails is taken out and goes on alone. */
void observer_commit(struct observer *observer);

#endif
