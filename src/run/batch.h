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

/*
 * The milliseconds that what is gathered may still wait; 0: it is to be committed now; less than 0:
 * there is nothing. idle: no other page is being read, so that an alert has nobody to wait for.
 */
int observer_waits(const struct observer *observer, bool idle);

/* Commits all that is gathered as one: the folders, one transaction, the chains. One that fails is
 * taken out and goes on alone. */
void observer_commit(struct observer *observer);

#endif
