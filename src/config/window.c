/* SPDX-License-Identifier: ISC */
#include "config/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	WEEK = 7 * DAY,
	EPOCH_WEEKDAY = 4, /* 1 January 1970 was a Thursday */
	DATE_LENGTH = 11,  /* of "2026-11-24T", what stands before the time */
};

enum twice { TWICE_FIRST, TWICE_LAST };

static int64_t local_day(int64_t now, const char *zone)
{
	int64_t local = now + date_offset(now, zone);

	return local / DAY - (local % DAY < 0);
}

static int weekday(int64_t day)
{
	return (int)(((day + EPOCH_WEEKDAY) % 7 + 7) % 7);
}

/* The first second after before, up to after, at which the zone has another offset. */
static int64_t offset_change(int64_t before, int64_t after, const char *zone)
{
	int offset = date_offset(before, zone);

	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (date_offset(middle, zone) == offset)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/*
 * When clocks in the zone show local, in seconds since their 1970. The offsets
 * of the day before and of the day after are the only two that it can have.
 */
static int64_t moment(int64_t local, const char *zone, enum twice twice)
{
	int64_t one = local - date_offset(local - DAY, zone);
	int64_t other = local - date_offset(local + DAY, zone);
	bool one_shows = one + date_offset(one, zone) == local;
	bool other_shows = other + date_offset(other, zone) == local;

	if (one_shows && other_shows)
		return (one < other) == (twice == TWICE_FIRST) ? one : other;
	if (one_shows || other_shows)
		return one_shows ? one : other;
	return offset_change(other, one, zone);
}

static bool weekly_holds(const struct window *window, const char *zone, int64_t now, int64_t *until)
{
	int64_t today = local_day(now, zone);
	bool holds = false;

	for (int64_t day = today - 1; day <= today + 1; day++) {
		int64_t ends_on = window->to <= window->from ? day + 1 : day, begins, ends;

		if ((window->days & 1 << weekday(day)) == 0)
			continue;
		begins = moment(day * DAY + (int64_t)window->from * MINUTE, zone, TWICE_FIRST);
		ends = moment(ends_on * DAY + (int64_t)window->to * MINUTE, zone, TWICE_LAST);
		if (begins > now || now >= ends)
			continue;
		*until = holds && *until > ends ? *until : ends;
		holds = true;
	}
	return holds;
}

bool window_holds(const struct window *window, const char *zone, int64_t now, int64_t *until)
{
	if (window->begins == 0 && window->ends == 0)
		return weekly_holds(window, window->zone != NULL ? window->zone : zone, now, until);
	*until = window->ends;
	return window->begins <= now && now < window->ends;
}

static bool any_holds(const struct windows *windows, const char *zone, int64_t now, int64_t *until)
{
	bool holds = false;

	for (size_t i = 0; i < windows->count; i++) {
		int64_t ends;

		if (!window_holds(&windows->list[i], zone, now, &ends))
			continue;
		*until = holds && *until > ends ? *until : ends;
		holds = true;
	}
	return holds;
}

bool windows_hold(const struct windows *windows, const char *zone, int64_t now, int64_t *until)
{
	int64_t ends = now;

	if (!any_holds(windows, zone, now, &ends))
		return false;
	/* Windows that meet all round the week would never end. */
	do
		*until = ends;
	while (ends - now < WEEK && any_holds(windows, zone, ends, &ends));
	return true;
}

void windows_release(struct windows *windows)
{
	for (size_t i = 0; i < windows->count; i++)
		free(windows->list[i].zone);
	free(windows->list);
	*windows = (struct windows){0};
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool window_minutes_parse(const char *text, int *minutes)
{
	int hour;

	if (strlen(text) != strlen("22:00") || !is_digit(text[0]) || !is_digit(text[1]) ||
		text[2] != ':' || text[3] < '0' || text[3] > '5' || !is_digit(text[4]))
		return false;
	hour = (text[0] - '0') * 10 + (text[1] - '0');
	*minutes = hour * 60 + (text[3] - '0') * 10 + (text[4] - '0');
	return *minutes <= WINDOW_DAY_MINUTES;
}

/* True of a date and a time with nothing after them. */
static bool names_no_zone(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' &&
		(length < DATE_LENGTH || strchr("0123456789:.", text[length]) != NULL))
		length++;
	return length > DATE_LENGTH && text[length] == '\0';
}

bool window_time_parse(const char *text, const char *zone, int64_t now, int64_t *time)
{
	bool zoneless = names_no_zone(text) && text[strspn(text, "0123456789")] != '\0';
	int minutes;

	if (zone != NULL && window_minutes_parse(text, &minutes)) {
		int64_t day = local_day(now, zone);

		do
			*time = moment(day++ * DAY + (int64_t)minutes * MINUTE, zone, TWICE_FIRST);
		while (*time <= now);
		return true;
	}
	if (!date_parse(text, time) || (zoneless && zone == NULL))
		return false;
	if (zoneless)
		*time = moment(*time, zone, TWICE_FIRST);
	return true;
}
