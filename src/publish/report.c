/* SPDX-License-Identifier: ISC
 *
 * The sums of a report. Pure.
 */
#include "publish/report.h"

#include <stdlib.h>

#include "base/memory.h"

enum { MILLION = 1000000 };

/*
 * One outage after the other. An open one continues through unknown time: only a level that was
 * seen ends it.
 */
static void take_outages(
	struct measures *measures, const struct stretches *stretches, enum level red)
{
	bool open = false, seen = false;

	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];
		enum colour colour = level_colour(stretch->level, red);
		struct outage *outage;

		if (colour == COLOUR_RED) {
			if (!open) {
				outage = memory_append(&measures->outages, &measures->outage_count,
					sizeof *outage);
				*outage = (struct outage){.begin = stretch->begin, .begun = seen};
			}
			outage = &measures->outages[measures->outage_count - 1];
			outage->end = stretch->end;
			outage->red += stretch->end - stretch->begin;
			open = true;
		} else if (open && colour != COLOUR_GREY) {
			outage = &measures->outages[measures->outage_count - 1];
			outage->ended = seen;
			open = false;
		}
		seen = colour != COLOUR_GREY;
	}
}

void measures_take(struct measures *measures, const struct stretches *stretches, enum level red)
{
	int64_t *const sums[] = {[COLOUR_GREEN] = &measures->up,
		[COLOUR_YELLOW] = &measures->degraded,
		[COLOUR_RED] = &measures->red,
		[COLOUR_BLUE] = &measures->maintenance,
		[COLOUR_GREY] = &measures->unknown};

	for (size_t i = 0; i < stretches->count; i++)
		*sums[level_colour(stretches->list[i].level, red)] +=
			stretches->list[i].end - stretches->list[i].begin;
	take_outages(measures, stretches, red);
}

void measures_release(struct measures *measures)
{
	free(measures->outages);
	*measures = (struct measures){0};
}

static int64_t share(int64_t part, int64_t whole)
{
	return (int64_t)((double)part * MILLION / (double)whole);
}

int64_t measures_known(const struct measures *measures)
{
	int64_t known = measures->up + measures->degraded + measures->red + measures->maintenance;

	return known > 0 ? share(known, known + measures->unknown) : 0;
}

int64_t measures_availability(const struct measures *measures)
{
	int64_t good = measures->up + measures->degraded, judged = good + measures->red;

	return judged > 0 && measures_known(measures) >= REPORT_KNOWN_LEAST ? share(good, judged)
									    : -1;
}

int64_t measures_repair(const struct measures *measures)
{
	int64_t sum = 0, count = 0;

	for (size_t i = 0; i < measures->outage_count; i++)
		if (measures->outages[i].begun && measures->outages[i].ended) {
			sum += measures->outages[i].end - measures->outages[i].begin;
			count++;
		}
	return count > 0 ? sum / count : -1;
}

int64_t measures_longest(const struct measures *measures)
{
	int64_t longest = 0;

	for (size_t i = 0; i < measures->outage_count; i++) {
		int64_t length = measures->outages[i].end - measures->outages[i].begin;

		if (length > longest)
			longest = length;
	}
	return longest;
}
