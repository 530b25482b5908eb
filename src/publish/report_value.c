/* SPDX-License-Identifier: ISC */
#include "publish/report_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "publish/report.h"
#include "settings.h"

enum { THOUSAND = 1000, CHART_HEIGHT = 10, PERCENT = 10000 /* in millionths */ };

void report_share(int64_t millionths, char out[static REPORT_SHARE_MAX])
{
	if (millionths < 0)
		snprintf(out, REPORT_SHARE_MAX, "-");
	else if (millionths == 1000000)
		snprintf(out, REPORT_SHARE_MAX, "100 %%");
	else
		snprintf(out, REPORT_SHARE_MAX, "%d.%03d %%", (int)(millionths / PERCENT),
			(int)(millionths % PERCENT / 10));
}

void report_availability(const struct measures *measures, char out[static REPORT_SHARE_MAX])
{
	int64_t known = measures_known(measures);

	if (known >= REPORT_KNOWN_LEAST)
		report_share(measures_availability(measures), out);
	else if (known < PERCENT)
		snprintf(out, REPORT_SHARE_MAX, "known < 1 %%");
	else
		snprintf(out, REPORT_SHARE_MAX, "known %d %%", (int)(known / PERCENT));
}

static void put_seconds(struct value *map, const char *name, int64_t seconds)
{
	struct value *inner = value_put(map, name, value_map());
	char words[DATE_TEXT_MAX] = "";

	if (seconds >= 0)
		date_write_duration(seconds, words);
	value_put(inner, "seconds", seconds >= 0 ? value_number(seconds) : value_text(NULL));
	value_put_text(inner, "words", words);
}

static void put_outages(struct value *map, const struct measures *measures, const char *zone)
{
	struct value *list = value_put(map, "outages", value_list());

	for (size_t i = 0; i < measures->outage_count; i++) {
		const struct outage *outage = &measures->outages[i];
		struct value *one = value_append(list, value_map());

		value_put_time(one, "begin", outage->begin, zone);
		value_put_time(one, "end", outage->end, zone);
		value_put_boolean(one, "begun", outage->begun);
		value_put_boolean(one, "ended", outage->ended);
		value_put_time(one, "said_begin", outage->said_begin, zone);
		value_put_time(one, "said_end", outage->said_end, zone);
		put_seconds(one, "lasted", outage->end - outage->begin);
		if (outage->said_begin != 0)
			value_put_number(one, "lag_begin", outage->begin - outage->said_begin);
		if (outage->said_end != 0)
			value_put_number(one, "lag_end", outage->end - outage->said_end);
		put_seconds(one, "late_begin",
			outage->said_begin != 0 ? llabs(outage->begin - outage->said_begin) : -1);
		put_seconds(one, "late_end",
			outage->said_end != 0 ? llabs(outage->end - outage->said_end) : -1);
		value_put_boolean(one, "early_begin", outage->begin < outage->said_begin);
		value_put_boolean(
			one, "early_end", outage->said_end != 0 && outage->end < outage->said_end);
	}
}

/* Worse is higher, for readers who cannot tell colours apart. */
static const int heights[] = {
	[COLOUR_GREY] = 1,
	[COLOUR_GREEN] = 2,
	[COLOUR_BLUE] = 4,
	[COLOUR_YELLOW] = 6,
	[COLOUR_RED] = CHART_HEIGHT,
};

/* The time from left to right, for a chart. */
static void put_bars(struct value *map, const struct report_page *page,
	const struct report_row *row, enum level red)
{
	struct value *list = value_put(map, "bars", value_list());
	int64_t all = page->until - page->since;

	for (size_t i = 0; i < row->stretches.count; i++) {
		const struct stretch *stretch = &row->stretches.list[i];
		int64_t x = (stretch->begin - page->since) * THOUSAND / all;
		int64_t end = (stretch->end - page->since) * THOUSAND / all;
		enum colour colour = level_colour(stretch->level, red);
		struct value *bar = value_append(list, value_map());

		value_put_number(bar, "x", x);
		value_put_number(bar, "width", end > x ? end - x : 1);
		value_put_number(bar, "y", CHART_HEIGHT - heights[colour]);
		value_put_number(bar, "height", heights[colour]);
		value_put_text(bar, "colour", colour_name(colour));
	}
}

void report_put_times(struct value *map, int64_t since, int64_t until, const struct config *config)
{
	value_put_time(map, "since", since, config->timezone);
	value_put_time(map, "until", until, config->timezone);
	value_put_text(map, "version", LAMPWATCH_VERSION);
}

struct value *report_page_value(const struct report_page *page, const struct config *config)
{
	struct value *map = value_map(), *list;

	value_put_text(map, "name", page->name);
	value_put_text(map, "title", text_empty(page->title) ? page->name : page->title);
	report_put_times(map, page->since, page->until, config);
	list = value_put(map, "indicators", value_list());
	for (size_t i = 0; i < page->row_count; i++) {
		const struct report_row *row = &page->rows[i];
		const struct measures *measures = &row->measures;
		struct value *one = value_append(list, value_map());
		char share[REPORT_SHARE_MAX];

		report_share(measures_availability(measures), share);
		value_put_text(one, "id", row->id);
		value_put_text(one, "label", row->label);
		value_put_boolean(one, "overall", row->id[0] == '\0');
		value_put_text(one, "availability", share[0] == '-' ? "" : share);
		report_share(measures_known(measures), share);
		value_put_text(one, "known_share", share);
		report_availability(measures, share);
		value_put_text(one, "available", share);
		put_seconds(one, "up", measures->up);
		put_seconds(one, "degraded", measures->degraded);
		put_seconds(one, "red", measures->red);
		put_seconds(one, "maintenance", measures->maintenance);
		put_seconds(one, "unknown", measures->unknown);
		put_seconds(one, "longest", measures_longest(measures));
		put_seconds(one, "repair", measures_repair(measures));
		value_put_number(one, "outage_count", (int64_t)measures->outage_count);
		put_outages(one, measures, config->timezone);
		put_bars(one, page, row, report_red(config, page->name));
	}
	return map;
}
