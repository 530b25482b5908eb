/* SPDX-License-Identifier: ISC */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/schedule.h"
#include "store/store.h"

enum { HISTORY_CHANGES_MAX = 100000 /* of a page, the newest: what lies before is not shown */ };

#define LEVEL_TYPES "('overall', 'indicator', 'indicator-new', 'indicator-gone')"

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void stretches_add(struct stretches *stretches, int64_t begin, int64_t end, enum level level)
{
	struct stretch *last = stretches->count > 0 ? &stretches->list[stretches->count - 1] : NULL;

	if (begin >= end)
		return;
	if (last != NULL && last->end == begin && last->level == level)
		last->end = end;
	else
		*(struct stretch *)memory_append(&stretches->list, &stretches->count,
			sizeof *stretches->list) = (struct stretch){begin, end, level};
}

void stretches_release(struct stretches *stretches)
{
	free(stretches->list);
	*stretches = (struct stretches){0};
}

/* ---- what nobody saw ---- */

/*
 * Adds what nobody saw between since and until: the gaps between fetches; time from an unreadable
 * or lost page until the next thing seen; and everything from blind on, if that is not 0.
 */
static void load_unseen(struct database *database, const char *page, int64_t since, int64_t until,
	int64_t blind, struct gaps *unseen)
{
	struct statement *row = database_query(database,
		/* starts at the last of each kind before since, which may extend beyond it */
		"WITH gap_from (time) AS (SELECT ifnull(max(begins), ?2) FROM gap"
		"  WHERE page = ?1 AND begins <= ?2),"
		" failure_from (time) AS (SELECT ifnull(max(time), ?2) FROM snapshot"
		"  WHERE page = ?1 AND time <= ?2),"
		" failure (time) AS (SELECT time FROM change WHERE page = ?1"
		"  AND time >= (SELECT time FROM failure_from) AND time < ?3"
		"  AND type = 'unreadable'"
		" UNION ALL SELECT time FROM event WHERE page = ?1"
		"  AND time >= (SELECT time FROM failure_from) AND time < ?3 AND type = 'lost')"
		" SELECT begins, ends FROM gap WHERE page = ?1"
		"  AND begins >= (SELECT time FROM gap_from) AND begins < ?3"
		" UNION ALL SELECT time, (SELECT min(time) FROM"
		"  (SELECT min(time) AS time FROM snapshot"
		"   WHERE page = ?1 AND time > failure.time"
		"  UNION ALL SELECT min(time) FROM change WHERE page = ?1 AND time > failure.time"
		"  UNION ALL SELECT min(time) FROM event"
		"   WHERE page = ?1 AND time > failure.time AND type = 'back')) FROM failure"
		" UNION ALL SELECT ?4, ?3 WHERE ?4 <> 0 ORDER BY 1",
		"tiii", page, since, until, blind);

	while (statement_row(row)) {
		int64_t begins = later(statement_integer(row, 0), since);
		int64_t ends = earlier(statement_integer(row, 1), until); /* 0 where it is open */
		struct gap *last = unseen->count > 0 ? &unseen->list[unseen->count - 1] : NULL;

		if (begins >= ends)
			continue;
		if (last != NULL && begins <= last->ends)
			last->ends = later(last->ends, ends);
		else
			*(struct gap *)memory_append(&unseen->list, &unseen->count,
				sizeof *unseen->list) = (struct gap){begins, ends};
	}
	statement_end(row);
}

/* Since when the page has been unseen until now; 0 if it is seen. */
static int64_t blind_since(const struct page_state *state, int64_t every, int64_t now)
{
	struct schedule schedule = {.last_success = state->last_success, .every = every};
	int64_t failing =
		state->failures > 0 ? later(state->failing_since, state->last_success) : 0;

	if (state->last_success == 0 || !schedule_stale(&schedule, now))
		return failing;
	return failing != 0 ? earlier(failing, schedule_held_until(&schedule))
			    : schedule_held_until(&schedule);
}

/* Makes unseen time unknown. */
static void hide_unseen(struct stretches *stretches, const struct gaps *unseen)
{
	struct stretches seen = {0};
	size_t gap = 0;

	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];
		int64_t at = stretch->begin;

		for (; gap < unseen->count && unseen->list[gap].begins < stretch->end; gap++) {
			int64_t begins = later(at, unseen->list[gap].begins),
				ends = earlier(unseen->list[gap].ends, stretch->end);

			if (begins < ends) {
				stretches_add(&seen, at, begins, stretch->level);
				stretches_add(&seen, begins, ends, LEVEL_UNKNOWN);
				at = ends;
			}
			if (unseen->list[gap].ends > stretch->end)
				break; /* it goes on in the next stretch */
		}
		stretches_add(&seen, at, stretch->end, stretch->level);
	}
	free(stretches->list);
	*stretches = seen;
}

/* ---- levels ---- */

static struct indicator_history *indicator_add(struct page_history *history, const char *id,
	char *label, const struct indicator_state *state)
{
	struct indicator_history *indicator =
		memory_append(&history->list, &history->count, sizeof *history->list);

	*indicator = (struct indicator_history){.id = memory_string(id),
		.label = label,
		.indicator = state,
		.changed = history->begin};
	return indicator;
}

/* Finds the indicator, or adds one that is no longer listed and has no state. */
static struct indicator_history *indicator_find(struct page_history *history,
	const struct indicator_states *indicators, const struct index *by_id, const char *id,
	const char *name)
{
	const struct indicator_state *indicator = index_find(by_id, id);

	if (indicator != NULL)
		return &history->list[indicator - indicators->list];
	for (size_t i = indicators->count; i < history->count; i++)
		if (strcmp(history->list[i].id, id) == 0)
			return &history->list[i];
	return indicator_add(history, id, memory_string(name), NULL);
}

/* Until a change the level is the one it gives as before; since the last change it is the current
 * one. */
static void load_levels(
	struct database *database, const struct page_state *state, struct page_history *history)
{
	const struct indicator_states *indicators = &state->indicators;
	struct index by_id =
		index_by_id(indicators->list, indicators->count, sizeof *indicators->list);
	struct statement *row = database_query(database,
		"SELECT time, before, item, name FROM change WHERE page = ? AND time >= ?"
		" AND type IN " LEVEL_TYPES " ORDER BY time, id",
		"ti", state->name, history->begin);
	enum level level;

	while (statement_row(row)) {
		struct indicator_history *indicator = indicator_find(history, indicators, &by_id,
			statement_text(row, 2), statement_text(row, 3));
		int64_t time = statement_integer(row, 0);

		if (level_parse(statement_text(row, 1), &level))
			stretches_add(&indicator->stretches, indicator->changed, time, level);
		indicator->changed = time;
	}
	statement_end(row);
	index_release(&by_id);
	for (size_t i = 0; i < history->count; i++) {
		struct indicator_history *indicator = &history->list[i];

		level = indicator->indicator == NULL || indicator->indicator->gone
				? LEVEL_UNKNOWN
				: indicator->indicator->level;
		stretches_add(&indicator->stretches, indicator->changed, history->end, level);
	}
}

/* begin, or where a page has more changes of levels since then, when the newest HISTORY_CHANGES_MAX
 * of them begin. */
static int64_t newest_begin(struct database *database, const char *page, int64_t begin)
{
	struct statement *row = database_query(database,
		"SELECT time + 1 FROM change WHERE page = ? AND time >= ? AND type IN " LEVEL_TYPES
		" ORDER BY time DESC LIMIT 1 OFFSET ?",
		"tii", page, begin, (int64_t)HISTORY_CHANGES_MAX);

	return later(begin, statement_number(row));
}

void history_load(struct database *database, const struct page_state *state, int64_t every,
	int64_t since, int64_t now, struct page_history *history)
{
	int64_t unseen_from;

	history->first = store_first_time(database, state->name);
	history->end = now + 1;
	history->begin = history->first != 0 ? later(since, history->first) : history->end;
	unseen_from = history->begin = newest_begin(database, state->name, history->begin);
	for (size_t i = 0; i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];

		indicator_add(history, indicator->id, text_label(indicator->group, indicator->name),
			indicator);
		unseen_from = earlier(unseen_from, indicator->since);
	}
	load_levels(database, state, history);
	load_unseen(database, state->name, unseen_from, history->end,
		blind_since(state, every, now), &history->unseen);
	for (size_t i = 0; i < history->count; i++)
		hide_unseen(&history->list[i].stretches, &history->unseen);
}

void history_release(struct page_history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		free(history->list[i].id);
		free(history->list[i].label);
		stretches_release(&history->list[i].stretches);
	}
	free(history->list);
	free(history->unseen.list);
	*history = (struct page_history){0};
}

/* ---- sentences ---- */

struct sight history_sight(const struct gaps *unseen, int64_t begin, int64_t end)
{
	struct sight sight = {.lasted = end - begin};

	for (size_t i = 0; i < unseen->count; i++) {
		int64_t begins = later(unseen->list[i].begins, begin),
			ends = earlier(unseen->list[i].ends, end);

		if (begins < ends && ends == end) {
			sight.blind = end - begins;
			sight.lasted -= sight.blind;
		} else if (begins < ends) {
			sight.unseen += ends - begins;
		}
	}
	return sight;
}

struct sight history_before(
	struct database *database, const char *page, const char *id, int64_t time)
{
	struct statement *row = database_query(database,
		"SELECT ifnull((SELECT max(time) FROM change WHERE page = ?1 AND item = ?2"
		"  AND time < ?3 AND type IN " LEVEL_TYPES "),"
		" (SELECT min(time) FROM snapshot WHERE page = ?1))",
		"tti", page, id, time);
	int64_t begin =
		statement_row(row) && !statement_null(row, 0) ? statement_integer(row, 0) : time;
	struct gaps unseen = {0};
	struct sight sight;

	statement_end(row);
	load_unseen(database, page, begin, time, 0, &unseen);
	sight = history_sight(&unseen, begin, time);
	free(unseen.list);
	return sight;
}
