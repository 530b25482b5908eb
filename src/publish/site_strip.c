/* SPDX-License-Identifier: ISC
 *
 * Strips: time from left to right, in cells. A colour is also a height, for readers who cannot tell
 * colours apart: worse is higher.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/indicator_state.h"
#include "publish/site_p.h"

/* In the order of badness. y: where the middle of its line lies in a strip of ten; the style sheet
 * says how thick it is. */
static const struct {
	char cell;
	const char *colour;
	int y;
} kinds[] = {
	{'-', "", 0},
	{'g', "green", 9},
	{'b', "blue", 8},
	{'x', "grey", 9},
	{'y', "yellow", 7},
	{'r', "red", 5},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* Where in kinds a cell stands; whatever else there is, is as nothing known. */
static const unsigned char ranks[UCHAR_MAX + 1] = {
	['-'] = 0, ['g'] = 1, ['b'] = 2, ['x'] = 3, ['y'] = 4, ['r'] = 5};

char site_cell(enum colour colour)
{
	static const char cells[] = "gbyrx"; /* in the order of enum colour */

	return cells[colour];
}

static int badness(char cell)
{
	return ranks[(unsigned char)cell];
}

const char *site_strip_colour(char cell)
{
	return kinds[badness(cell)].colour;
}

static void paint_cell(char *cell, char with)
{
	if (badness(with) > badness(*cell))
		*cell = with;
}

void site_cells(const struct stretches *stretches, enum level red, const struct site_strip *strip,
	char cells[static SITE_CELLS_MAX + 1])
{
	int64_t unseen[SITE_CELLS_MAX] = {0}; /* seconds more than were seen */
	size_t first = 0;

	memset(cells, '-', strip->count);
	cells[strip->count] = '\0';
	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];
		char with = site_cell(level_colour(stretch->level, red));

		while (first < strip->count && strip->edges[first + 1] <= stretch->begin)
			first++;
		for (size_t j = first; j < strip->count && strip->edges[j] < stretch->end; j++) {
			int64_t begin = stretch->begin > strip->edges[j] ? stretch->begin
									 : strip->edges[j],
				end = stretch->end < strip->edges[j + 1] ? stretch->end
									 : strip->edges[j + 1];

			unseen[j] += with == 'x' ? end - begin : begin - end;
			if (with != 'x')
				paint_cell(&cells[j], with);
		}
	}
	for (size_t i = 0; i < strip->count; i++)
		if (unseen[i] > 0)
			paint_cell(&cells[i], 'x');
}

/* Most days lie where the offset from UTC stays the same. */
void site_edges_days(const struct site *site, int64_t first, size_t count, int64_t *edges)
{
	const char *zone = site->config->timezone;
	int64_t begin = first * SITE_DAY_SECONDS; /* of the day in UTC */
	int before = date_offset(begin - SITE_DAY_SECONDS, zone), now = date_offset(begin, zone),
	    after;

	for (size_t i = 0; i <= count; i++, begin += SITE_DAY_SECONDS) {
		after = date_offset(begin + SITE_DAY_SECONDS, zone);
		edges[i] = before == now && now == after ? begin - now
							 : site_day_begin(site, first + (int64_t)i);
		before = now;
		now = after;
	}
}

size_t site_edges_even(int64_t begin, int64_t end, int64_t step, int64_t *edges)
{
	size_t count = 0;

	for (; begin < end && count < SITE_CELLS_MAX; begin += step)
		edges[count++] = begin;
	edges[count] = end;
	return count;
}

/* ---- for the templates ---- */

/* Equal cells beside one another. */
struct run {
	char cell;
	size_t width;
};

static size_t find_runs(const char *cells, struct run runs[static SITE_CELLS_MAX])
{
	size_t count = 0;

	for (size_t width; *cells != '\0' && count < SITE_CELLS_MAX; cells += width) {
		for (width = 1; cells[width] == *cells;)
			width++;
		runs[count++] = (struct run){*cells, width};
	}
	return count;
}

/* Green is drawn below worse colours too: fewer pieces, and the picture is the same. */
static bool is_drawn(char cell, int kind)
{
	return cell == kinds[kind].cell || (kinds[kind].cell == 'g' && cell != '-' && cell != 'x');
}

static void add_path(struct value *paths, const struct run *runs, size_t count, int kind)
{
	struct buffer d = {0};
	struct value *map;
	size_t at = 0, end = 0; /* of the piece before */

	for (size_t i = 0, width; i < count; at += width) {
		if (!is_drawn(runs[i].cell, kind)) {
			width = runs[i++].width;
			continue;
		}
		for (width = 0; i < count && is_drawn(runs[i].cell, kind); i++)
			width += runs[i].width;
		if (d.length == 0)
			buffer_format(&d, "M%zu %dh%zu", at, kinds[kind].y, width);
		else
			buffer_format(&d, "m%zu 0h%zu", at - end, width);
		end = at + width;
	}
	map = value_append(paths, value_map());
	value_put_text(map, "cell", (char[]){kinds[kind].cell, '\0'});
	value_put_text(map, "d", buffer_string(&d));
	buffer_release(&d);
}

struct value *site_strip_value(const char *cells, const char *unit)
{
	struct value *map = value_map(), *paths = value_put(map, "paths", value_list());
	struct run runs[SITE_CELLS_MAX];
	size_t run_count = find_runs(cells, runs), counts[KIND_COUNT] = {0}, all = 0;
	struct buffer words = {0};
	int trouble = 0;

	for (size_t i = 0; i < run_count; i++) {
		counts[badness(runs[i].cell)] += runs[i].width;
		all += runs[i].width;
	}
	value_put_number(map, "cells", (int64_t)all);
	for (int i = 1; i < KIND_COUNT; i++)
		if (counts[i] > 0)
			add_path(paths, runs, run_count, i);
	if (counts[0] < all)
		buffer_format(&words, "%zu %s", all - counts[0], unit);
	else
		buffer_text(&words, "nothing is known");
	for (int i = KIND_COUNT - 1; i > 1; i--)
		if (counts[i] > 0)
			buffer_format(&words, "%s %zu %s", trouble++ > 0 ? "," : ":", counts[i],
				kinds[i].colour);
	value_put_text(map, "words", buffer_string(&words));
	buffer_release(&words);
	return map;
}

/* ---- the lamps of a page ---- */

struct filled {
	const struct indicator_history *indicator;
	int worst, now;
	char cells[SITE_CELLS_MAX + 1];
};

static int by_trouble(const void *a, const void *b)
{
	const struct filled *left = a, *right = b;

	if (left->now != right->now)
		return left->now > right->now ? -1 : 1;
	if (left->worst != right->worst)
		return left->worst > right->worst ? -1 : 1;
	return left->indicator < right->indicator ? -1 : left->indicator > right->indicator;
}

static bool same_stretches(const struct stretches *a, const struct stretches *b)
{
	size_t i = 0;

	while (i < a->count && i < b->count && a->list[i].begin == b->list[i].begin &&
		a->list[i].end == b->list[i].end && a->list[i].level == b->list[i].level)
		i++;
	return i == a->count && i == b->count;
}

/* One for each lamp, in the order of the history. Owned by the caller. Most lamps of a page have
 * had the same colours as the one before. */
static struct filled *fill(const struct site_page *page, const struct site_strip *strip,
	char whole[static SITE_CELLS_MAX + 1])
{
	struct filled *list = memory_zero(page->lamp_count + 1, sizeof *list);

	memset(whole, '-', strip->count);
	whole[strip->count] = '\0';
	for (size_t i = 0; i < page->lamp_count; i++) {
		struct filled *filled = &list[i];
		const struct filled *before = i > 0 ? &list[i - 1] : NULL;

		filled->indicator = &page->history.list[i];
		filled->now =
			badness(site_cell(site_lamp_colour(page, filled->indicator->indicator)));
		if (before != NULL && same_stretches(&filled->indicator->stretches,
					      &before->indicator->stretches)) {
			filled->worst = before->worst;
			memcpy(filled->cells, before->cells, sizeof filled->cells);
			continue;
		}
		site_cells(&filled->indicator->stretches, page->red, strip, filled->cells);
		for (size_t cell = 0; cell < strip->count; cell++) {
			paint_cell(&whole[cell], filled->cells[cell]);
			if (badness(filled->cells[cell]) > filled->worst)
				filled->worst = badness(filled->cells[cell]);
		}
	}
	return list;
}

void site_strip_whole(const struct site_page *page, const struct site_strip *strip,
	char whole[static SITE_CELLS_MAX + 1])
{
	free(fill(page, strip, whole));
}

static void put_now(
	const struct site_page *page, const struct indicator_state *indicator, struct value *map)
{
	const char *level = level_label(indicator->level);
	struct sight sight =
		history_sight(&page->history.unseen, indicator->since, page->history.end);

	value_put(map, "lamp", site_lamp(site_lamp_colour(page, indicator), level));
	site_put_word(map, indicator->word, level);
	value_put_boolean(map, "gone", indicator->gone);
	value_put(map, "since", site_time(page->site, indicator->since));
	site_put_sight(page->site, map, &sight, page->history.end);
}

struct value *site_strips(const struct site_page *page, const struct site_strip *strip,
	char whole[static SITE_CELLS_MAX + 1], size_t *left)
{
	size_t count = page->lamp_count;
	struct filled *list = fill(page, strip, whole);
	struct value *indicators = value_list();

	qsort(list, count, sizeof *list, by_trouble);
	for (size_t i = 0; i < count && i < SITE_LAMPS_MAX; i++) {
		const struct indicator_state *indicator = list[i].indicator->indicator;
		struct value *map = value_append(indicators, value_map());
		const struct value *same;

		site_put(map, "name", list[i].indicator->label);
		value_put_boolean(map, "overall", indicator->id[0] == '\0');
		value_put_text(map, "worst", kinds[list[i].worst].colour);
		if (strip->now)
			put_now(page, indicator, map);
		same = i > 0 && text_equal(list[i].cells, list[i - 1].cells)
			       ? value_get(indicators->members[i - 1], "strip")
			       : NULL;
		value_put(map, "strip",
			same != NULL ? value_copy(same)
				     : site_strip_value(list[i].cells, strip->unit));
		site_put_fact(page, indicator->id, strip, map);
	}
	site_add_unlisted(page, strip, indicators);
	*left = count > SITE_LAMPS_MAX ? count - SITE_LAMPS_MAX : 0;
	free(list);
	return indicators;
}
