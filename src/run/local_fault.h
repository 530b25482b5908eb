/* SPDX-License-Identifier: ISC
 *
 * This machine's own faults: what it cannot open, make, lock or read. Never a page's, never a
 * receiver's, never silent.
 */
#ifndef LAMPWATCH_LOCAL_FAULT_H
#define LAMPWATCH_LOCAL_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct observer;

/* What the last run knew of; for observer_open(). */
void local_faults_load(struct observer *observer);

/*
 * Makes the run's exit status 3. One line on standard error when the fault begins, none while it
 * lasts: not in this run, and not in those that follow.
 */
void local_fault(struct observer *observer, const struct error *error);

/*
 * Remembers the faults of this run for the next one, and puts one message for each that has begun
 * into the outbox, for the operator. Called again, with what came later, at the end of the run
 * (over): only then those of the last run that did not come again are forgotten. A transaction of
 * its own; where there is no need, none. True where a message is owed.
 */
bool local_faults_settle(struct observer *observer, bool over, int64_t now);

#endif
