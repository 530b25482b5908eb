/* SPDX-License-Identifier: ISC */
#include "model/schedule.h"

enum { CRON_MINUTE = 60 }; /* `every: 0s` counts as the shortest interval of cron */

static bool sent_away(const struct schedule *schedule, int64_t now)
{
	int64_t longest = schedule->last_fetch + SCHEDULE_RETRY_AFTER_MAX;

	return now < (schedule->retry_at < longest ? schedule->retry_at : longest);
}

bool schedule_due(const struct schedule *schedule, int64_t now)
{
	int64_t elapsed = now - schedule->last_fetch;

	if (schedule->last_fetch == 0 || elapsed < 0)
		return true;
	if (sent_away(schedule, now))
		return false;
	return schedule->restless || elapsed >= schedule->every / 1000 - SCHEDULE_EARLY;
}

bool schedule_full(const struct schedule *schedule, int64_t now)
{
	return schedule->last_full == 0 || now < schedule->last_full ||
	       now - schedule->last_full >= SCHEDULE_FULL;
}

/* Seconds between two looks at a page, at least what cron can do. */
static int64_t look_pause(const struct schedule *schedule)
{
	int64_t every = schedule->every / 1000;

	return every < CRON_MINUTE ? CRON_MINUTE : every;
}

int64_t schedule_held_until(const struct schedule *schedule)
{
	return schedule->last_success + look_pause(schedule);
}

bool schedule_stale(const struct schedule *schedule, int64_t now)
{
	return now - schedule->last_success > SCHEDULE_STALE * look_pause(schedule);
}
