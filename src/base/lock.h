/* SPDX-License-Identifier: ISC
 *
 * Locks between processes: flock(2) on a file that is made where it is missing. A lock
 * is held until its descriptor, and every copy of it that a child inherited, is closed, or
 * until it is unlocked.
 */
#ifndef LAMPWATCH_LOCK_H
#define LAMPWATCH_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { LOCK_HELD = -1, LOCK_FAILED = -2 };

/*
 * Takes the lock, waiting at most milliseconds for whoever holds it (0: not at
 * all). Returns its descriptor; LOCK_HELD where somebody else kept it; LOCK_FAILED with
 * error (REMEDY_LOCAL) where the file cannot be opened. shared: beside other shared holders.
 */
int lock_take(const char *path, bool shared, int milliseconds, struct error *error);

/* Writes down, in the file's time, that it is held since now. */
void lock_stamp(int descriptor);

/* Seconds since the last lock_stamp(), by the system's clock; 0 where it cannot be told. */
int64_t lock_age(const char *path);

/* Unlocks, also for children that inherited the descriptor, and closes it. */
void lock_release(int descriptor);

#endif
