/* SPDX-License-Identifier: ISC
 *
 * How available an indicator was by what its page said: time up, degraded, red,
 * in maintenance and unknown, each for itself, and each outage. What nobody saw
 * is unknown, and never counted as up. All times are UTC seconds.
 */
#ifndef LAMPWATCH_REPORT_H
#define LAMPWATCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/history.h"

struct config;
struct database;

/* Red without interruption; unknown time between two reds is part of it. */
struct outage {
	int64_t begin, end;
	int64_t red; /* seconds of it that were seen */
	bool begun;  /* its beginning was seen: it was not red, and not unknown, before */
	bool ended;  /* the same for its end */
	int64_t said_begin, said_end; /* when the provider says that it was; 0: it does not */
};

struct measures {
	int64_t up;       /* operational and notice */
	int64_t degraded; /* below the floor of red */
	int64_t red;
	int64_t maintenance;
	int64_t unknown;
	struct outage *outages; /* oldest first; owned */
	size_t outage_count;
};

/* The level from which the page is red; the default if it is no longer configured. */
enum level report_red(const struct config *config, const char *page);

/* Adds up stretches by the page's floor of red. Pure. measures is zeroed by the caller. */
void measures_take(struct measures *measures, const struct stretches *stretches, enum level red);
void measures_release(struct measures *measures);

/* Below this share of known time there is no figure of availability: ten minutes that somebody saw
 * say nothing about a month. In millionths. */
enum { REPORT_KNOWN_LEAST = 800000 };

/* Share of the time that was seen, in millionths, rounded down; 0 where there is no time at all. */
int64_t measures_known(const struct measures *measures);

/*
 * Share of the known time, maintenance excluded, in which it was not red, in millionths; -1 if
 * less than REPORT_KNOWN_LEAST is known, or all of that is maintenance. Rounded down, so that less
 * than 100 % is never shown as 100 %.
 */
int64_t measures_availability(const struct measures *measures);

/* Mean duration in seconds of the outages whose beginning and end were both seen; -1 if there are
 * none. */
int64_t measures_repair(const struct measures *measures);
int64_t measures_longest(const struct measures *measures); /* seconds; 0 for none */

/* One indicator, or the page's overall level (id ""). */
struct report_row {
	char *id, *label;
	struct stretches stretches;
	struct measures measures;
};

/* One page in one time. All owned. */
struct report_page {
	char *name, *title;
	int64_t since, until;    /* since: not before the page's first snapshot */
	struct report_row *rows; /* the overall level first */
	size_t row_count;
};

/*
 * What a page did from since to until (not later than the history's end), by its history, which
 * reaches back to since; and what the provider said of the outages' times, by the readings in the
 * archive. page is zeroed by the caller. False where the page was not watched in that time.
 */
bool report_load(struct database *database, const struct config *config, const char *name,
	const struct page_history *history, int64_t since, int64_t until, struct report_page *page);
void report_page_release(struct report_page *page);

/*
 * What the page's reading at that time says of incidents that concern the indicator: when the first
 * of them started, or with end, when one was last updated; none that is before not_before. 0 if it
 * does not say.
 */
int64_t report_said(struct database *database, const struct config *config, const char *page,
	const char *id, int64_t time, bool end, int64_t not_before);

#endif
