/* SPDX-License-Identifier: ISC
 *
 * Stretches of time that people name: every night from 22:00 to 07:00, Sundays
 * from 02:00 to 04:00 in Europe/Berlin, or once from one moment to another.
 *
 * The times of a weekly one are what clocks in its zone show, also where the
 * zone changes its offset in between: 22:00 to 07:00 is nine hours on most
 * nights, and eight or ten on two. A time that clocks skip stands for the
 * moment at which they skip it. Of a time that comes twice, the first begins a window
 * and the second ends it, so that none ends while clocks will show its hours again.
 */
#ifndef LAMPWATCH_WINDOW_H
#define LAMPWATCH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WINDOW_ALL_DAYS = 127,
	WINDOW_DAY_MINUTES = 24 * 60,
	WINDOWS_MAX = 100, /* in one list */
};

struct window {
	int days;             /* on which it may begin: bits, 1 << tm_wday (Sunday is 0) */
	int from, to;         /* minutes since midnight; to at or below from: of the next day */
	char *zone;           /* IANA name; NULL: the one that the caller gives. Owned */
	int64_t begins, ends; /* a single one, in UTC seconds; 0 and 0: weekly */
};

/* A list of them; zero-initialised it is empty. */
struct windows {
	struct window *list; /* owned */
	size_t count;
};

/*
 * True while now (UTC seconds) is in the window: from its first second to the
 * one before its end, which goes to *until. zone is for a window without one; NULL is UTC.
 * Sets the process's TZ.
 */
bool window_holds(const struct window *window, const char *zone, int64_t now, int64_t *until);

/*
 * The same for any of a list. *until is when the last of them ends that overlap
 * or follow one another without a gap; at most a week ahead of weekly ones.
 */
bool windows_hold(const struct windows *windows, const char *zone, int64_t now, int64_t *until);

void windows_release(struct windows *windows);

/* "22:00" to "24:00", as minutes; false where it is not such a time. */
bool window_minutes_parse(const char *text, int *minutes);

/*
 * A moment as people give it on a command line: "07:00" is when clocks in the zone
 * show it next after now, a date and time without a zone is one in the zone, and
 * everything else is as date_parse() has it. With zone NULL it must name its own.
 * False where not understood.
 */
bool window_time_parse(const char *text, const char *zone, int64_t now, int64_t *time);

#endif
