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

/* Red without a break; what is unknown between two reds belongs to it. */
struct outage {
	int64_t begin, end;
	int64_t red; /* seconds of it that were seen */
	bool begun;  /* its beginning was seen: it was not red, and not unknown, before */
	bool ended;  /* likewise its end */
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

/* From which level on the page is red; as for one without a word about it where it is not in the
 * configuration any more. */
enum level report_red(const struct config *config, const char *page);

/* Adds up stretches by the page's floor of red. Pure. measures is zeroed by the caller. */
void measures_take(struct measures *measures, const struct stretches *stretches, enum level red);
void measures_release(struct measures *measures);

/*
 * Millionths of the time for which something was known, maintenance apart, in which it was not
 * red; -1 where nothing was known. Rounded down: less than all is never shown as all.
 */
int64_t measures_availability(const struct measures *measures);

/* Seconds from red to not red, the mean of the outages that were seen from their beginning to
 * their end; -1 where there is none. */
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

#endif
