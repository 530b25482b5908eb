/* SPDX-License-Identifier: ISC
 *
 * Whether more people write of a service than usual: entries of a feed, counted in windows. Pure.
 */
#ifndef LAMPWATCH_CROWD_H
#define LAMPWATCH_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/reading.h"

enum {
	CROWD_HISTORY_SECONDS = 28 * 86400, /* windows are kept so long */
	CROWD_APART_SECONDS = 900,          /* between two windows that are kept, at least */
	CROWD_NEAR_SECONDS = 3600,          /* the same time of the day */
	CROWD_DAYS_MIN = 7,                 /* with windows, until anything is usual */
	CROWD_TITLES_MAX = 20,              /* of entries, in an incident */
};

/* The word of an entry that counts, in a reading of entries: each is an incident. */
#define CROWD_MATCH "match"

/* The id and name of the indicator. */
#define CROWD_INDICATOR "crowd"

/* What its readings say; also in the table of the kind. */
#define CROWD_WORD_QUIET "as usual"
#define CROWD_WORD_LEARNING "not enough history"
#define CROWD_WORD_STOPPED "no new entry"

struct crowd_rule {
	int64_t within; /* milliseconds */
	int64_t times, least;
};

/* One window that was counted. */
struct crowd_window {
	int64_t end;   /* seconds since 1970 */
	int64_t count; /* of entries that match */
	int64_t gap;   /* the longest between two entries that the feed lists; seconds */
};

struct crowd_windows {
	struct crowd_window *list; /* the oldest first */
	size_t count;
};

enum crowd_state { CROWD_STOPPED, CROWD_LEARNING, CROWD_QUIET, CROWD_LOUD };

/*
 * Counts the window that ends now. An entry without a time, or of a time to come, is none yet.
 * *newest: the time of the newest entry, whether it matches or not; 0: there is none.
 */
struct crowd_window crowd_count(
	const struct reading *entries, const struct crowd_rule *rule, int64_t now, int64_t *newest);

/* Of windows that ended about this time of the day, on at least CROWD_DAYS_MIN days of the four
 * weeks before now: the median, the higher of the two in the middle. False: too few days. */
bool crowd_usual(const struct crowd_windows *windows, int64_t now, int64_t *usual);

/*
 * What the window says. The feed has stopped where its newest entry is older than a window, and
 * than twice the longest gap that is known of it. Once loud it is so until fewer than half of what
 * makes it loud are left, so that one entry more or less does not turn it to and fro.
 */
enum crowd_state crowd_judge(const struct crowd_rule *rule, const struct crowd_window *window,
	int64_t newest, const struct crowd_windows *windows, bool loud, int64_t *usual);

/* The reading of the one indicator, into out, which is zeroed. Where it is loud the entries that
 * match are the text of its incident, at most the CROWD_TITLES_MAX newest. */
void crowd_write(enum crowd_state state, const struct reading *entries,
	const struct crowd_rule *rule, const struct crowd_window *window, int64_t usual,
	struct reading *out);

#endif
