/* SPDX-License-Identifier: ISC
 *
 * Alarms, and what was done about the open ones: acknowledgements and reminders.
 */
#ifndef LAMPWATCH_ALARM_H
#define LAMPWATCH_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct text_list;

extern const struct schema_step alarm_schema[];

/*
 * An alarm is an episode: opened once, closed once. kind: "red", "lost" …, the episode's name.
 * Returns its number.
 * origin: store_origin() of the page that showed it, and of when it was first seen there, which is
 * earlier than time where several fetches had to confirm it.
 */
int64_t store_open_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t time, const char *origin);

/*
 * What tells the alarm from every other of the same page, kind and indicator, and is the same in
 * whatever database it is opened: its origin, "/", and how many alarms of the same had that origin
 * already. Owned by the caller.
 */
char *store_alarm_origin(struct database *database, int64_t alarm);

/* What tells what is seen on the page at that time from what was seen before: the SHA-256 of the
 * chain's line of the last snapshot before it; "" where there was none. Owned by the caller. */
char *store_origin(struct database *database, const char *page, int64_t time);
/* The number of the open one, 0 for none. */
int64_t store_find_alarm(
	struct database *database, const char *page, const char *kind, const char *indicator);
/* Adds the pages, sorted, that have an open one of kind "early" or "late". */
void store_apart(struct database *database, struct text_list *pages);
/* The number of any open one of that kind on the page, the first; 0 for none. */
int64_t store_first_alarm(struct database *database, const char *page, const char *kind);
/* When it was opened. */
int64_t store_alarm_opened(struct database *database, int64_t alarm);
/* True where one of that kind on the page, of whatever indicator, was open at that time or later.
 */
bool store_alarm_since(struct database *database, const char *page, const char *kind, int64_t time);
/* The number of the newest one, open or closed, that was opened after the alarm; 0 for none. */
int64_t store_later_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t alarm);
/* The provider has changed the indicator's id: its open alarms get the new one. */
void store_rename_alarm(
	struct database *database, const char *page, const char *former, const char *indicator);
void store_close_alarm(struct database *database, int64_t alarm, int64_t time);

/* Strings owned; times are seconds since 1970, 0 for never. */
struct alarm {
	int64_t id;
	char *page, *indicator; /* indicator: its id, "" for the overall level */
	bool early;             /* it fails and its lamp does not say so; else it is red */
	int64_t opened, closed, acknowledged, reminded; /* the first two: as first seen */
};

struct alarms {
	struct alarm *list;
	size_t count;
};

/* Adds the open ones of the page (NULL: of all) that are red or early, by page, indicator and
 * number.
 */
void alarms_load(struct database *database, const char *page, struct alarms *alarms);
/* Adds the open ones of that kind of all pages. */
void alarms_load_of(struct database *database, const char *kind, struct alarms *alarms);
/* Adds the red ones of the page that were open at since or later, by number. */
void alarms_load_since(
	struct database *database, const char *page, int64_t since, struct alarms *alarms);
void alarms_release(struct alarms *alarms);
const struct alarm *alarms_find(const struct alarms *alarms, const char *indicator);

/* Somebody has taken responsibility: no more reminders and updates. */
void alarm_acknowledge(struct database *database, int64_t alarm, int64_t now);

/* The same trouble goes on in another alarm: whoever answers for the former one answers for it. */
void alarm_take_over(struct database *database, int64_t alarm, int64_t former);

/* What an alarm of kind "follows" follows from: an alarm that is red or early. */
void alarm_set_cause(struct database *database, int64_t alarm, int64_t cause);
/* The cause; to be released as a row of its own list. False where it has none. */
bool alarm_cause(struct database *database, int64_t alarm, struct alarms *cause);
/* Adds those of the page that are red or early, and open or closed after that time: the open ones
 * first, red before early. */
void alarms_load_recent(
	struct database *database, const char *page, int64_t after, struct alarms *alarms);
/* True while a red or early alarm of it other than that one is open; else *ended, which may be
 * NULL, becomes when the last one was closed; 0: there was none. */
bool alarm_stands(struct database *database, const char *page, const char *indicator, int64_t but,
	int64_t *ended);

/* Records a reminder. */
void alarm_remind(struct database *database, int64_t alarm, int64_t now);

#endif
