/* SPDX-License-Identifier: ISC
 *
 * When a page is due. Pure.
 */
#ifndef LAMPWATCH_SCHEDULE_H
#define LAMPWATCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCHEDULE_EARLY = 30,             /* seconds: cron is not exact */
	SCHEDULE_RETRY_AFTER_MAX = 3600, /* the longest Retry-After that is obeyed */
	SCHEDULE_FULL = 86400,           /* an unconditional fetch at least this often */
	SCHEDULE_STALE = 3,              /* times `every`: older is stale */
};

struct schedule {
	int64_t every;      /* milliseconds; 0: at each run */
	int64_t last_fetch; /* seconds since 1970, 0: never */
	int64_t last_success, last_full;
	int64_t retry_at; /* a server asked for no request before this time */
	bool restless;    /* red, unconfirmed, or failing and not yet lost: due at each run */
};

/* Elapsed time at least `every` less SCHEDULE_EARLY, or negative (the clock went back). */
bool schedule_due(const struct schedule *schedule, int64_t now);

/* True where the fetch is to be unconditional. */
bool schedule_full(const struct schedule *schedule, int64_t now);

/* Until when the last success counts as valid without another fetch: `every` after it. */
int64_t schedule_held_until(const struct schedule *schedule);

/* True where the last success is older than three times `every`. */
bool schedule_stale(const struct schedule *schedule, int64_t now);

#endif
