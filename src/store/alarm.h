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

extern const struct schema_step alarm_schema[];

/*
 * An alarm is an episode: opened once, closed once. kind: "red", "lost" …, the episode's name.
 * Returns its number.
 * turned: when what it is about was first seen, which is earlier than time where several fetches
 * had to confirm it.
 */
int64_t store_open_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t time, int64_t turned);

/*
 * What tells the alarm from every other of the same page, kind and indicator, and is the same in
 * whatever database it is opened: the SHA-256 of the chain's line of the last snapshot before it
 * turned ("" where there was none), "/", and how many alarms of the same turned after that line
 * already. Owned by the caller.
 */
char *store_alarm_origin(struct database *database, int64_t alarm);

/* The same for what has no alarm and is seen at that time: the line alone. Owned by the caller. */
char *store_origin(struct database *database, const char *page, int64_t time);
/* The number of the open one, 0 for none. */
int64_t store_find_alarm(
	struct database *database, const char *page, const char *kind, const char *indicator);
/* The number of any open one of that kind on the page, the first; 0 for none. */
int64_t store_first_alarm(struct database *database, const char *page, const char *kind);
/* The number of the newest one, open or closed, that was opened after the alarm; 0 for none. */
int64_t store_later_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t alarm);
/* The provider has changed the indicator's id: its open alarm gets the new one. */
void store_rename_alarm(
	struct database *database, const char *page, const char *former, const char *indicator);
void store_close_alarm(struct database *database, int64_t alarm, int64_t time);

/* Strings owned; times are seconds since 1970, 0 for never. */
struct alarm {
	int64_t id;
	char *page, *indicator; /* indicator: its id, "" for the overall level */
	int64_t opened, closed, acknowledged, reminded; /* the first two: as first seen */
};

struct alarms {
	struct alarm *list;
	size_t count;
};

/* Adds the open red ones of the page (NULL: of all), by page and number. */
void alarms_load(struct database *database, const char *page, struct alarms *alarms);
/* Adds the red ones of the page that were open at since or later, by number. */
void alarms_load_since(
	struct database *database, const char *page, int64_t since, struct alarms *alarms);
void alarms_release(struct alarms *alarms);
const struct alarm *alarms_find(const struct alarms *alarms, const char *indicator);

/* Somebody has taken responsibility: no more reminders and updates. */
void alarm_acknowledge(struct database *database, int64_t alarm, int64_t now);

/* Records a reminder. */
void alarm_remind(struct database *database, int64_t alarm, int64_t now);

#endif
