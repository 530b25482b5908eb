/* SPDX-License-Identifier: ISC
 *
 * Locks between processes: flock(2) on a file, which is created if it is missing. A lock
 * is held until it is unlocked, or until its descriptor and all copies that children inherited
 * are closed.
 */
#ifndef LAMPWATCH_LOCK_H
#define LAMPWATCH_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { LOCK_HELD = -1, LOCK_FAILED = -2 };

/*
 * Takes the lock, waiting at most milliseconds for its holder (0: not at
 * all). Returns its descriptor; LOCK_HELD if another process still holds it; LOCK_FAILED with
 * error (REMEDY_LOCAL) if the file cannot be opened or the file system gives no lock. shared:
 * together with other shared holders; the file must be there, and readable.
 */
int lock_take(const char *path, bool shared, int milliseconds, struct error *error);

/* Records in the file's modification time that the lock is held since now. */
void lock_stamp(int descriptor);

/* Seconds since the last lock_stamp(), by the system's clock; -1 with error where the file cannot
 * be looked at. */
int64_t lock_age(const char *path, struct error *error);

/* Unlocks, also for children that inherited the descriptor, and closes it. */
void lock_release(int descriptor);

#endif
