/* SPDX-License-Identifier: ISC
 *
 * Where the figures of a report come from: the levels by going back from what the page says now
 * over its changes, the time that nobody saw from the gaps between fetches, and the
 * provider's own times from the readings in the archive.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/reading.h"
#include "model/schedule.h"
#include "publish/report.h"
#include "store/store.h"

/* ---- levels ---- */

/* An indicator while we go back: its stretches come newest first. */
struct track {
	char *id, *label;
	int64_t end; /* of the stretch that is next to be added */
	enum level level;
	struct stretches back;
};

struct tracks {
	struct track *list; /* by id */
	size_t count;
};

static void stretch_add(struct stretches *stretches, int64_t begin, int64_t end, enum level level)
{
	if (begin < end)
		*(struct stretch *)memory_append(&stretches->list, &stretches->count,
			sizeof *stretches->list) = (struct stretch){begin, end, level};
}

static struct track *track_add(
	struct tracks *tracks, const char *id, const char *label, int64_t now, enum level level)
{
	struct track *track = memory_append(&tracks->list, &tracks->count, sizeof *track);

	*track = (struct track){
		.id = memory_string(id), .label = memory_string(label), .end = now, .level = level};
	return track;
}

static struct track *track_find(struct tracks *tracks, const char *id)
{
	for (size_t i = 0; i < tracks->count; i++)
		if (strcmp(tracks->list[i].id, id) == 0)
			return &tracks->list[i];
	return NULL;
}

static void tracks_of_lamps(struct tracks *tracks, const struct page_state *state, int64_t now)
{
	for (size_t i = 0; i < state->lamps.count; i++) {
		const struct lamp *lamp = &state->lamps.list[i];
		char *label = text_label(lamp->group, lamp->name);

		track_add(tracks, lamp->id, label, now, lamp->gone ? LEVEL_UNKNOWN : lamp->level);
		free(label);
	}
}

/* What the change at time made of the lamp held from there on. */
static void go_back(struct tracks *tracks, const struct history *change, int64_t now)
{
	struct track *track = track_find(tracks, change->item);
	enum level before = LEVEL_UNKNOWN;

	if (track == NULL) /* listed no longer, and its lamp forgotten */
		track = track_add(tracks, change->item, change->name, now, LEVEL_UNKNOWN);
	level_parse(change->before, &before);
	stretch_add(&track->back, change->time, track->end, track->level);
	track->end = change->time;
	track->level = before;
}

static bool is_of_a_level(const struct history *change)
{
	static const char *const types[] = {
		"overall", "indicator", "indicator-new", "indicator-gone"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (text_equal(change->type, types[i]) && text_equal(change->what, "change"))
			return true;
	return false;
}

static void tracks_go_back(struct database *database, const char *page, int64_t since, int64_t now,
	struct tracks *tracks)
{
	struct histories changes = {0};

	store_history(database, page, since, INT64_MAX, &changes);
	for (size_t i = 0; i < changes.count; i++)
		if (is_of_a_level(&changes.list[i]))
			go_back(tracks, &changes.list[i], now);
	for (size_t i = 0; i < tracks->count; i++)
		stretch_add(
			&tracks->list[i].back, since, tracks->list[i].end, tracks->list[i].level);
	histories_release(&changes);
}

/* ---- what nobody saw ---- */

/* Adds the part of the stretch that lies in no gap as it is, and the rest as unknown. */
static void add_seen(struct stretches *out, const struct gaps *gaps, const struct stretch *stretch)
{
	int64_t begin = stretch->begin;

	for (size_t i = 0; i < gaps->count && begin < stretch->end; i++) {
		int64_t from = gaps->list[i].begins > begin ? gaps->list[i].begins : begin;
		int64_t to = gaps->list[i].ends < stretch->end ? gaps->list[i].ends : stretch->end;

		if (from >= to)
			continue;
		stretch_add(out, begin, from, stretch->level);
		stretch_add(out, from, to, LEVEL_UNKNOWN);
		begin = to;
	}
	stretch_add(out, begin, stretch->end, stretch->level);
}

/* Oldest first, within the time asked for, neighbours of one level joined. */
static void settle(const struct track *track, const struct gaps *gaps, int64_t since, int64_t until,
	struct stretches *out)
{
	struct stretches cut = {0};

	for (size_t i = track->back.count; i-- > 0;) {
		struct stretch stretch = track->back.list[i];

		stretch.begin = stretch.begin > since ? stretch.begin : since;
		stretch.end = stretch.end < until ? stretch.end : until;
		if (stretch.begin < stretch.end)
			add_seen(&cut, gaps, &stretch);
	}
	for (size_t i = 0; i < cut.count; i++) {
		struct stretch *last = out->count > 0 ? &out->list[out->count - 1] : NULL;

		if (last != NULL && last->level == cut.list[i].level)
			last->end = cut.list[i].end;
		else
			stretch_add(out, cut.list[i].begin, cut.list[i].end, cut.list[i].level);
	}
	free(cut.list);
}

/* Since its last success a page that fails, or is not asked any more, says nothing. */
static void load_gaps(struct database *database, const struct page_config *config,
	const struct page_state *state, int64_t since, int64_t now, struct gaps *gaps)
{
	struct schedule schedule = {.last_success = state->last_success,
		.every = config != NULL ? config->settings.every : 0};

	store_gaps(database, state->name, since, gaps);
	if (state->last_success != 0 && schedule_stale(&schedule, now))
		*(struct gap *)memory_append(&gaps->list, &gaps->count, sizeof *gaps->list) =
			(struct gap){schedule_held_until(&schedule), now};
}

/* ---- what the provider says ---- */

static bool load_reading(struct database *database, const struct config *config, const char *page,
	int64_t time, struct reading *reading)
{
	struct snapshot_row row = {0};
	struct buffer text = {.maximum = READING_TEXT_MAX};
	bool good = store_snapshot_at(database, page, time, &row) &&
		    archive_read(config->archive, page, row.folder, "reading", &text, NULL) &&
		    reading_parse(buffer_string(&text), text.length, reading, NULL);

	snapshot_row_release(&row);
	buffer_release(&text);
	return good;
}

/* True where the incident says that it touches the indicator, or names none at all. */
static bool concerns(const struct reading *reading, const char *incident, const char *id)
{
	bool names = false;

	for (size_t i = 0; i < reading->affects_count; i++) {
		if (!text_equal(reading->affects[i].id, incident))
			continue;
		if (text_equal(reading->affects[i].indicator, id))
			return true;
		names = true;
	}
	return !names || id[0] == '\0';
}

/* The first incident's beginning, as the page gave it when the lamp turned. */
static int64_t said_begin(const struct reading *reading, const char *id)
{
	int64_t first = 0, time;

	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *incident = &reading->incidents[i];

		if (text_empty(incident->started) || !date_parse(incident->started, &time) ||
			!concerns(reading, incident->id, id))
			continue;
		if (first == 0 || time < first)
			first = time;
	}
	return first;
}

/* What was written last of an incident that is over, where the page still shows it. */
static int64_t said_end(const struct reading *reading, const char *id, int64_t begin)
{
	int64_t last = 0, time;

	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *incident = &reading->incidents[i];

		if (text_empty(incident->updated) || !date_parse(incident->updated, &time) ||
			!concerns(reading, incident->id, id) || time < begin)
			continue;
		if (time > last)
			last = time;
	}
	return last;
}

static void ask_provider(struct database *database, const struct config *config, const char *page,
	struct report_row *row)
{
	for (size_t i = 0; i < row->measures.outage_count; i++) {
		struct outage *outage = &row->measures.outages[i];
		struct reading reading = {0};

		if (outage->begun && load_reading(database, config, page, outage->begin, &reading))
			outage->said_begin = said_begin(&reading, row->id);
		reading_release(&reading);
		reading = (struct reading){0};
		if (outage->ended && load_reading(database, config, page, outage->end, &reading))
			outage->said_end = said_end(&reading, row->id, outage->begin);
		reading_release(&reading);
	}
}

/* ---- the page ---- */

static int by_label(const void *left, const void *right)
{
	const struct report_row *a = left, *b = right;
	int order = (a->id[0] != '\0') - (b->id[0] != '\0');

	return order != 0 ? order : strcmp(a->label, b->label);
}

static void take_rows(
	struct tracks *tracks, const struct gaps *gaps, enum level red, struct report_page *page)
{
	for (size_t i = 0; i < tracks->count; i++) {
		struct track *track = &tracks->list[i];
		struct report_row *row = memory_append(&page->rows, &page->row_count, sizeof *row);

		row->id = track->id;
		row->label = track->label;
		settle(track, gaps, page->since, page->until, &row->stretches);
		measures_take(&row->measures, &row->stretches, red);
		free(track->back.list);
	}
	free(tracks->list);
	if (page->row_count > 0)
		qsort(page->rows, page->row_count, sizeof *page->rows, by_label);
}

bool report_load(struct database *database, const struct config *config, struct page_state *state,
	int64_t since, int64_t until, int64_t now, struct report_page *page)
{
	const struct page_config *known = config_page(config, state->name);
	enum level red = known != NULL ? (enum level)known->settings.red : LEVEL_PARTIAL_OUTAGE;
	int64_t first = store_first_time(database, state->name);
	struct tracks tracks = {0};
	struct gaps gaps = {0};
	bool loaded;

	page->since = since > first ? since : first;
	page->until = until < now ? until : now;
	page->name = memory_string(state->name);
	if (first == 0 || page->since >= page->until)
		return false;
	loaded = state->loaded;
	store_load(database, state);
	for (size_t i = 0; i < state->lamps.count; i++)
		if (state->lamps.list[i].id[0] == '\0')
			page->title = memory_string(state->lamps.list[i].name);
	tracks_of_lamps(&tracks, state, now);
	tracks_go_back(database, state->name, page->since, now, &tracks);
	load_gaps(database, known, state, page->since, now, &gaps);
	take_rows(&tracks, &gaps, red, page);
	for (size_t i = 0; i < page->row_count; i++)
		ask_provider(database, config, state->name, &page->rows[i]);
	if (!loaded)
		store_unload(state);
	free(gaps.list);
	return true;
}

void report_page_release(struct report_page *page)
{
	for (size_t i = 0; i < page->row_count; i++) {
		free(page->rows[i].id);
		free(page->rows[i].label);
		free(page->rows[i].stretches.list);
		measures_release(&page->rows[i].measures);
	}
	free(page->rows);
	free(page->name);
	free(page->title);
	*page = (struct report_page){0};
}
