/* SPDX-License-Identifier: ISC
 *
 * What a page said over time, found by going back from what it says now: each change tells
 * what was there before it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/schedule.h"
#include "publish/site_p.h"

enum colour site_worse(enum colour a, enum colour b)
{
	static const int badness[] = {
		[COLOUR_GREEN] = 0,
		[COLOUR_BLUE] = 1,
		[COLOUR_GREY] = 2,
		[COLOUR_YELLOW] = 3,
		[COLOUR_RED] = 4,
	};

	return badness[a] >= badness[b] ? a : b;
}

const char *site_page_observation(const struct site_page *page)
{
	const struct page_state *state = page->state;
	struct schedule schedule = {.last_success = state->last_success};

	if (state->failures > 0)
		return state->unreadable ? "unreadable" : "unreachable";
	if (!state->known)
		return "never read";
	if (page->config == NULL)
		return "not watched any more";
	schedule.every = page->config->settings.every;
	return schedule_stale(&schedule, page->site->now) ? "stale" : "fresh";
}

enum colour site_track_colour(const struct site_page *page, const struct site_track *track)
{
	return page->fresh && !track->gone ? level_colour(track->level, page->red) : COLOUR_GREY;
}

enum colour site_page_colour(const struct site_page *page)
{
	enum colour worst = page->track_count > 0 ? COLOUR_GREEN : COLOUR_GREY;

	for (size_t i = 0; i < page->track_count; i++)
		worst = site_worse(site_track_colour(page, &page->tracks[i]), worst);
	return worst;
}

/* ---- going back ---- */

static void add_span(struct site_track *track, int64_t begin, char cell)
{
	struct site_span *span = memory_append(&track->spans, &track->count, sizeof *span);

	*span = (struct site_span){begin, cell};
}

static void add_tracks(struct site_page *page)
{
	for (size_t i = 0; i < page->state->lamps.count; i++) {
		const struct lamp *lamp = &page->state->lamps.list[i];
		struct site_track *track =
			memory_append(&page->tracks, &page->track_count, sizeof *track);

		track->id = memory_string(lamp->id);
		track->label = text_label(lamp->group, lamp->name);
		track->level = lamp->level;
		track->word = memory_string(lamp->word);
		track->gone = lamp->gone;
		track->since = lamp->since;
		add_span(track, 0,
			site_cell(lamp->gone ? COLOUR_GREY : level_colour(lamp->level, page->red)));
	}
}

static int by_id(const void *key, const void *track)
{
	return strcmp(key, ((const struct site_track *)track)->id);
}

/* The change happened at time: what was so far known of the lamp began there. */
static void go_back(struct site_page *page, const char *id, int64_t time, const char *before)
{
	struct site_track *track =
		page->track_count == 0
			? NULL
			: bsearch(id, page->tracks, page->track_count, sizeof *page->tracks, by_id);
	enum level level;

	if (track == NULL)
		return;
	track->spans[track->count - 1].begin = time;
	add_span(track, 0,
		level_parse(before, &level) ? site_cell(level_colour(level, page->red)) : '-');
}

static void go_back_all(struct site_page *page, int64_t since)
{
	struct statement *row = database_query(page->site->database,
		"SELECT time, item, before FROM change WHERE page = ? AND time >= ?"
		" AND type IN ('overall', 'indicator', 'indicator-new', 'indicator-gone')"
		" ORDER BY time DESC, id DESC LIMIT ?",
		"tii", page->name, since, (int64_t)SITE_HISTORY_MAX);

	while (statement_row(row))
		go_back(page, statement_text(row, 1), statement_integer(row, 0),
			statement_text(row, 2));
	statement_end(row);
	for (size_t i = 0; i < page->track_count; i++)
		page->tracks[i].spans[page->tracks[i].count - 1].begin =
			page->first > since ? page->first : since;
}

static void add_blind(struct site_page *page, int64_t begin, int64_t end)
{
	struct site_interval *interval =
		memory_append(&page->blind, &page->blind_count, sizeof *interval);

	*interval = (struct site_interval){begin, end};
}

/* When nothing was known of it: it could not be read, or was lost. */
static void load_blind(struct site_page *page, int64_t since)
{
	struct statement *row = database_query(page->site->database,
		"SELECT time, type FROM change WHERE page = ?1 AND time >= ?2"
		" AND type IN ('unreadable', 'readable')"
		" UNION ALL SELECT time, type FROM event WHERE page = ?1 AND time >= ?2"
		" AND type IN ('lost', 'back') ORDER BY 1",
		"ti", page->name, since);
	int64_t begin = 0;

	while (statement_row(row)) {
		const char *type = statement_text(row, 1);
		bool begins = text_equal(type, "unreadable") || text_equal(type, "lost");

		if (begins && begin == 0)
			begin = statement_integer(row, 0);
		if (begins)
			continue;
		if (begin != 0 ||
			page->blind_count == 0) /* "readable" and "back" end the same one */
			add_blind(page, begin != 0 ? begin : since, statement_integer(row, 0));
		begin = 0;
	}
	statement_end(row);
	if (page->state->failures > 0)
		add_blind(page, begin != 0 ? begin : page->state->failing_since, INT64_MAX);
	else if (!page->fresh)
		add_blind(page, page->state->last_success, INT64_MAX);
}

void site_page_load(
	struct site_page *page, const struct site *site, struct page_state *state, int64_t since)
{
	*page = (struct site_page){.site = site,
		.name = state->name,
		.config = config_page(site->config, state->name),
		.state = state,
		.red = LEVEL_PARTIAL_OUTAGE};
	if (page->config != NULL)
		page->red = (enum level)page->config->settings.red;
	store_load(site->database, state);
	page->first = store_first_time(page->site->database, page->name);
	page->fresh = text_equal(site_page_observation(page), "fresh");
	add_tracks(page);
	go_back_all(page, since);
	load_blind(page, since);
}

void site_page_release(struct site_page *page)
{
	for (size_t i = 0; i < page->track_count; i++) {
		free(page->tracks[i].id);
		free(page->tracks[i].label);
		free(page->tracks[i].word);
		free(page->tracks[i].spans);
	}
	free(page->tracks);
	free(page->blind);
	*page = (struct site_page){0};
}
