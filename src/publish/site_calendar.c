/* SPDX-License-Identifier: ISC
 *
 * A page's years, months and days: the same strips at different scales.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/site_p.h"

enum { DAY_HOURS_STEP = 3, MONTH_DAYS_STEP = 5 };

static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};

struct date {
	int year, month, day; /* from 1 */
};

static struct date date_of(int64_t day)
{
	struct date date;
	char name[16];

	site_day_name(day, name);
	date.year = atoi(name);
	date.month = atoi(name + 5);
	date.day = atoi(name + 8);
	return date;
}

/* ---- when something happened ---- */

/* The number of changes and snapshots on each of count days from first on. */
static void count_days(const struct site_page *page, int64_t first, size_t count, int64_t *often)
{
	struct statement *row = database_query(page->site->database,
		"SELECT time FROM change WHERE page = ?1 AND time >= ?2 AND time < ?3"
		" UNION SELECT time FROM snapshot WHERE page = ?1 AND time >= ?2 AND time < ?3"
		" AND NOT pruned",
		"tii", page->name, site_day_begin(page->site, first),
		site_day_begin(page->site, first + (int64_t)count));

	memset(often, 0, count * sizeof *often);
	while (statement_row(row)) {
		int64_t day = site_day(page->site, statement_integer(row, 0)) - first;

		if (day >= 0 && day < (int64_t)count)
			often[day]++;
	}
	statement_end(row);
}

/* The nearest day before or after this one that has a page of its own; 0 if there is none. */
static int64_t neighbour(const struct site_page *page, int64_t day, bool after)
{
	const char *sql = after ? "SELECT min(t) FROM (SELECT min(time) AS t FROM snapshot WHERE"
				  " page = ?1 AND time >= ?2 AND NOT pruned UNION ALL SELECT"
				  " min(time) FROM change"
				  " WHERE page = ?1 AND time >= ?2)"
				: "SELECT max(t) FROM (SELECT max(time) AS t FROM snapshot WHERE"
				  " page = ?1 AND time < ?2 AND NOT pruned UNION ALL SELECT"
				  " max(time) FROM change"
				  " WHERE page = ?1 AND time < ?2)";
	struct statement *row = database_query(page->site->database, sql, "ti", page->name,
		site_day_begin(page->site, after ? day + 1 : day));
	int64_t found = statement_row(row) && !statement_null(row, 0)
				? site_day(page->site, statement_integer(row, 0))
				: 0;

	statement_end(row);
	return found;
}

/* A map: year, month ("2014/01"), month_name, day ("2014-01-24"). */
static struct value *place(int64_t day)
{
	struct value *map = value_map();
	struct date date = date_of(day);
	char name[16];
	char *month = memory_format("%04d/%02d", date.year, date.month);

	site_day_name(day, name);
	value_put_text(map, "day", name);
	value_put_text(map, "month", month);
	value_put_text(map, "month_name", month_names[date.month - 1]);
	value_put_number(map, "year", date.year);
	free(month);
	return map;
}

/* The links below a strip are its map, too: a cell leads to the link at it, or the last one before
 * it. Puts where this one begins, and with that where the one before ends. */
static void put_cell(struct value **last, struct value *link, int64_t at)
{
	if (*last != NULL)
		value_put_number(*last, "span", at - value_get_number(*last, "at"));
	if (link != NULL)
		value_put_number(link, "at", at);
	*last = link;
}

void site_put_days(const struct site_page *page, int64_t first, size_t count, struct value *data)
{
	int64_t often[SITE_CELLS_MAX];
	struct value *months = value_put(data, "months", value_list()), *days = NULL, *last = NULL;
	int month = 0;

	value_put_number(data, "of", (int64_t)count);
	count_days(page, first, count, often);
	for (size_t i = 0; i < count; i++) {
		struct date date = date_of(first + (int64_t)i);
		struct value *link;
		char name[16];

		if (often[i] == 0)
			continue;
		if (date.month != month)
			days = value_put(value_append(months, place(first + (int64_t)i)), "days",
				value_list());
		month = date.month;
		link = value_append(days, value_map());
		site_day_name(first + (int64_t)i, name);
		value_put_text(link, "day", name);
		value_put_number(link, "number", date.day);
		put_cell(&last, link, (int64_t)i);
	}
	put_cell(&last, NULL, (int64_t)count);
}

/* The data of a page about first to last: what it is about, its strips, and its neighbours. */
static struct value *begin(const struct site_page *page, int64_t first, int64_t last,
	const struct site_strip *strip, char whole[static SITE_CELLS_MAX + 1])
{
	int64_t before = neighbour(page, first, false), after = neighbour(page, last, true);
	struct value *data = value_map();
	size_t left;

	site_put_page(page, data);
	value_put(data, "at", place(first));
	value_put(data, "lamps", site_strips(page, strip, whole, &left));
	value_put_number(data, "left", (int64_t)left);
	value_put_boolean(data, "facts", page->ledger.row_count > 0);
	value_put(data, "before", before != 0 ? place(before) : value_boolean(false));
	value_put(data, "after", after != 0 ? place(after) : value_boolean(false));
	return data;
}

static bool write_and_free(const struct site_page *page, struct value *data, const char *template,
	char *name, struct error *error)
{
	bool done = site_render(page->site, template, data, name, error);

	value_free(data);
	free(name);
	return done;
}

/* ---- a day ---- */

bool site_write_day(const struct site_page *page, int64_t day, struct error *error)
{
	int64_t from = site_day_begin(page->site, day), to = site_day_begin(page->site, day + 1);
	int64_t edges[SITE_CELLS_MAX + 1];
	struct site_strip strip = {edges, site_edges_even(from, to, SITE_DAY_CELL, edges),
		"parts of 5 minutes", false};
	char whole[SITE_CELLS_MAX + 1], clock[16], name[16];
	struct value *data = begin(page, day, day, &strip, whole), *entries, *labels;
	struct date date = date_of(day);

	site_day_name(day, name);
	value_put_boolean(data, "goes_on", to > page->site->now);
	labels = value_put(data, "labels", value_list());
	for (int hour = 0; hour < 24; hour += DAY_HOURS_STEP) {
		snprintf(clock, sizeof clock, "%02d:00", hour);
		value_append(labels, value_text(clock));
	}
	entries = site_page_timeline(page, from, to, SITE_TIMELINE_MAX);
	value_put_boolean(data, "cut", entries->count == SITE_TIMELINE_MAX);
	site_add_measured(page, from, to, entries);
	site_put_sides(page, from, to, data);
	for (size_t i = 0, j = entries->count; i + 1 < j; i++) { /* the oldest first */
		struct value *member = entries->members[i];

		entries->members[i] = entries->members[--j];
		entries->members[j] = member;
	}
	value_put(data, "moments", entries);
	return write_and_free(page, data, "day.html",
		memory_format("%s/%04d/%02d/%s.html", page->name, date.year, date.month, name),
		error);
}

/* ---- a month ---- */

bool site_write_month(const struct site_page *page, int64_t day, struct error *error)
{
	struct date date = date_of(day);
	int64_t first = site_month_day(date.year, date.month),
		next = site_month_day(date.year, date.month + 1), edges[SITE_CELLS_MAX + 1];
	struct site_strip strip = {edges,
		site_edges_even(site_day_begin(page->site, first), site_day_begin(page->site, next),
			SITE_MONTH_CELL, edges),
		"parts of 2 hours", false};
	int64_t often[SITE_CELLS_MAX], day_edges[SITE_CELLS_MAX + 1];
	struct site_strip by_day = {day_edges, (size_t)(next - first), "days", false};
	char whole[SITE_CELLS_MAX + 1], label[16];
	struct value *data = begin(page, first, next - 1, &strip, whole), *labels, *days,
		     *last = NULL;

	labels = value_put(data, "labels", value_list());
	for (int i = 1; i <= next - first; i++) {
		snprintf(label, sizeof label, "%d", i);
		value_append(labels, value_text(i % MONTH_DAYS_STEP == 1 ? label : ""));
	}
	days = value_put(data, "days", value_list()); /* on which something happened */
	count_days(page, first, by_day.count, often);
	site_edges_days(page->site, first, by_day.count, day_edges);
	site_strip_whole(page, &by_day, whole);
	for (size_t i = 0; i < by_day.count; i++) {
		struct value *map;

		if (often[i] == 0)
			continue;
		map = value_append(days, place(first + (int64_t)i));
		value_put_number(map, "count", often[i]);
		value_put_boolean(map, "one", often[i] == 1);
		value_put_text(map, "colour", site_strip_colour(whole[i]));
		put_cell(&last, map, (int64_t)i);
	}
	put_cell(&last, NULL, (int64_t)by_day.count);
	value_put_number(data, "of", (int64_t)by_day.count);
	return write_and_free(page, data, "month.html",
		memory_format("%s/%04d/%02d/index.html", page->name, date.year, date.month), error);
}

/* ---- a year ---- */

bool site_write_year(const struct site_page *page, int64_t day, struct error *error)
{
	struct date date = date_of(day);
	int64_t first = site_month_day(date.year, 1), next = site_month_day(date.year + 1, 1),
		edges[SITE_CELLS_MAX + 1];
	struct site_strip strip = {edges, (size_t)(next - first), "days", false};
	int64_t often[SITE_CELLS_MAX];
	char whole[SITE_CELLS_MAX + 1], label[4];
	struct value *data, *labels, *months, *last = NULL;

	site_edges_days(page->site, first, strip.count, edges);
	data = begin(page, first, next - 1, &strip, whole);
	labels = value_put(data, "labels", value_list());
	months = value_put(data, "months", value_list()); /* in which something happened */
	count_days(page, first, strip.count, often);
	for (int month = 1; month <= 12; month++) {
		int64_t begins = site_month_day(date.year, month),
			ends = site_month_day(date.year, month + 1), all = 0;
		char part[SITE_CELLS_MAX + 1];
		struct value *map;

		snprintf(label, sizeof label, "%.3s", month_names[month - 1]);
		value_append(labels, value_text(label));
		for (int64_t i = begins; i < ends; i++)
			all += often[i - first];
		if (all == 0)
			continue;
		snprintf(part, sizeof part, "%.*s", (int)(ends - begins), whole + (begins - first));
		map = value_append(months, place(begins));
		value_put_number(map, "count", all);
		value_put_boolean(map, "one", all == 1);
		value_put(map, "strip", site_strip_value(part, "days"));
		put_cell(&last, map, begins - first);
	}
	put_cell(&last, NULL, next - first);
	value_put_number(data, "of", next - first);
	return write_and_free(page, data, "year.html",
		memory_format("%s/%04d/index.html", page->name, date.year), error);
}
