/* SPDX-License-Identifier: ISC
 *
 * What our own checks measured, beside what the pages said.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "archive/snapshot_page.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/ledger_value.h"
#include "publish/report_value.h"
#include "publish/site_p.h"

enum { SLUG_MAX = 40, SLUG_DIGITS = 6, PARTS = 10000 /* of a strip's width */ };

void site_probes(const struct site *site, const struct page_config *page,
	void (*each)(void *context, const char *probe), void *context)
{
	struct text_list told = {0};

	for (size_t i = 0; i < page->fact_count; i++)
		for (size_t j = 0; j < page->facts[i].checks.count; j++) {
			const char *name = page->facts[i].checks.list[j];
			char *probe = memory_bytes(name, strcspn(name, "/"));

			if (config_page(site->config, probe) != NULL &&
				!text_list_has(&told, probe)) {
				text_list_add(&told, probe);
				each(context, probe);
			}
			free(probe);
		}
	text_list_release(&told);
}

void site_ledger_load(struct site_page *page, const struct page_states *states, int64_t since)
{
	const struct site *site = page->site;

	if (page->config == NULL || page->config->fact_count == 0)
		return;
	page->states = states;
	ledger_load(site->database, site->config, states, page->config, since, site->now + 1,
		site->now, &page->ledger);
}

static const struct ledger_row *find_row(const struct site_page *page, const char *id)
{
	for (size_t i = 0; i < page->ledger.row_count; i++)
		if (text_equal(page->ledger.rows[i].id, id))
			return &page->ledger.rows[i];
	return NULL;
}

/* ---- strips ---- */

/* Marks the cells that a comparison touches. */
static void mark(const struct comparison *comparison, const struct site_strip *strip,
	bool marks[static SITE_CELLS_MAX])
{
	for (size_t i = 0; i < strip->count; i++)
		if (strip->edges[i] < comparison->end && strip->edges[i + 1] > comparison->begin)
			marks[i] = true;
}

static void put_percent(struct value *map, const char *key, size_t part, size_t whole)
{
	size_t parts = part * PARTS / whole;
	char *text = memory_format("%zu.%02zu", parts / 100, parts % 100);

	value_put_text(map, key, text);
	free(text);
}

/* Cells that are marked one after the other are one piece. */
static void put_marks(struct value *map, const char *key, const bool marks[static SITE_CELLS_MAX],
	const struct site_strip *strip)
{
	struct value *list = value_put(map, key, value_list());

	for (size_t i = 0, end; i < strip->count; i = end) {
		struct value *piece;

		for (end = i; end < strip->count && marks[end];)
			end++;
		if (end == i) {
			end++;
			continue;
		}
		piece = value_append(list, value_map());
		put_percent(piece, "left", i, strip->count);
		put_percent(piece, "width", end - i, strip->count);
	}
}

static void put_duration(struct value *map, const char *key, int64_t seconds)
{
	char words[DATE_TEXT_MAX] = "";

	if (seconds > 0)
		date_write_duration(seconds, words);
	value_put_text(map, key, words);
}

static void put_differences(
	const struct ledger_row *row, const struct site_strip *strip, struct value *map)
{
	bool early[SITE_CELLS_MAX] = {false}, late[SITE_CELLS_MAX] = {false};
	struct comparisons comparisons = {0};
	int64_t early_for = 0, late_for = 0;

	comparisons_take(
		&row->lamp, &row->fact, strip->edges[0], strip->edges[strip->count], &comparisons);
	for (size_t i = 0; i < comparisons.count; i++) {
		const struct comparison *one = &comparisons.list[i];

		if (comparison_early(one)) {
			mark(one, strip, early);
			early_for += one->end - one->begin;
		} else if (comparison_late(one, row->heard)) {
			mark(one, strip, late);
			late_for += one->end - one->begin;
		}
	}
	put_marks(map, "early", early, strip);
	put_marks(map, "late", late, strip);
	put_duration(map, "early_words", early_for);
	put_duration(map, "late_words", late_for);
	comparisons_release(&comparisons);
}

static void put_row(const struct ledger_row *row, const struct site_strip *strip, struct value *map)
{
	struct value *fact = value_put(map, "fact", value_map());
	struct buffer checks = {0};
	char cells[SITE_CELLS_MAX + 1];

	for (size_t i = 0; i < row->facts->checks.count; i++)
		buffer_format(&checks, "%s%s", i > 0 ? ", " : "", row->facts->checks.list[i]);
	site_put(fact, "checks", buffer_string(&checks));
	site_cells(&row->fact, LEVEL_PARTIAL_OUTAGE, strip, cells);
	value_put(fact, "strip", site_strip_value(cells, strip->unit));
	put_differences(row, strip, fact);
	buffer_release(&checks);
}

void site_put_fact(const struct site_page *page, const char *id, const struct site_strip *strip,
	struct value *map)
{
	const struct ledger_row *row = find_row(page, id);

	if (row != NULL)
		put_row(row, strip, map);
}

static bool is_listed(const struct site_page *page, const char *id)
{
	for (size_t i = 0; i < page->lamp_count; i++)
		if (text_equal(page->history.list[i].id, id))
			return true;
	return false;
}

void site_add_unlisted(
	const struct site_page *page, const struct site_strip *strip, struct value *lamps)
{
	for (size_t i = 0; i < page->ledger.row_count; i++) {
		const struct ledger_row *row = &page->ledger.rows[i];
		const struct stretch *last =
			row->lamp.count > 0 ? &row->lamp.list[row->lamp.count - 1] : NULL;
		char cells[SITE_CELLS_MAX + 1];
		struct value *map;

		if (is_listed(page, row->id))
			continue;
		map = value_append(lamps, value_map());
		site_cells(&row->lamp, LEVEL_PARTIAL_OUTAGE, strip, cells);
		site_put(map, "name", row->label);
		value_put(map, "lamp",
			site_lamp(last != NULL && last->level == LEVEL_OPERATIONAL ? COLOUR_GREEN
										   : COLOUR_GREY,
				"not listed"));
		value_put_text(map, "worst", strchr(cells, 'g') != NULL ? "green" : "");
		value_put(map, "strip", site_strip_value(cells, strip->unit));
		put_row(row, strip, map);
	}
}

/* ---- a day ---- */

struct moments {
	const struct site_page *page;
	int64_t from, to;
	struct value *list;
};

/* Whether a fact of the page names that check. */
static bool is_named(const struct site_page *page, const char *probe, const char *check)
{
	for (size_t i = 0; i < page->ledger.check_count; i++)
		if (text_equal(page->ledger.checks[i].page, probe) &&
			text_equal(page->ledger.checks[i].id, check))
			return true;
	return false;
}

/* Leaves out what the probe measures beside it. False where nothing is left. */
static bool keep_named(const struct site_page *page, const char *probe, struct value *moment)
{
	struct value *turns = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < moment->count; i++)
		if (text_equal(moment->keys[i], "turns"))
			turns = moment->members[i];
	for (size_t i = 0; turns != NULL && i < turns->count; i++) {
		struct value *turn = turns->members[i];

		if (is_named(page, probe, value_get_text(turn, "name")))
			turns->members[kept++] = turn;
		else
			value_free(turn);
	}
	if (turns != NULL)
		turns->count = kept;
	return kept > 0 || value_get(moment, "notes")->count > 0 ||
	       value_get(moment, "first")->type == VALUE_TRUE;
}

static void add_probe(void *context, const char *probe)
{
	struct moments *moments = context;
	const struct site *site = moments->page->site;
	const struct page_state *state = page_states_find(moments->page->states, probe);
	struct value *list =
		site_timeline(site, probe, moments->from, moments->to, SITE_TIMELINE_MAX);

	for (size_t i = 0; i < list->count; i++) {
		struct value *moment = list->members[i];
		struct snapshot_row row = {0};

		if (!keep_named(moments->page, probe, moment)) {
			value_free(moment);
			continue;
		}
		value_put_boolean(moment, "measured", true);
		if (state != NULL && store_snapshot(site->database, probe,
					     value_get_number(moment, "sequence"), &row))
			site_put_held(site, state, &row, moment);
		snapshot_row_release(&row);
		value_append(moments->list, moment);
	}
	list->count = 0; /* they are the other list's */
	value_free(list);
}

/* The newest first; at one time what the page said stands before what was measured. */
static int newest_first(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = strcmp(value_get_text(value_get(right, "time"), "utc"),
		value_get_text(value_get(left, "time"), "utc"));

	return order != 0 ? order
			  : (value_get(right, "measured") != NULL) -
				    (value_get(left, "measured") != NULL);
}

void site_add_measured(
	const struct site_page *page, int64_t from, int64_t to, struct value *moments)
{
	struct moments adding = {page, from, to, moments};

	if (page->ledger.row_count == 0)
		return;
	site_probes(page->site, page->config, add_probe, &adding);
	if (moments->count > 0)
		qsort(moments->members, moments->count, sizeof *moments->members, newest_first);
}

/* What the page said of an indicator; NULL where it does not list it. */
static const struct stretches *find_said(const struct site_page *page, const char *id)
{
	for (size_t i = 0; i < page->history.count; i++)
		if (text_equal(page->history.list[i].id, id))
			return &page->history.list[i].stretches;
	return NULL;
}

static struct value *said_value(
	const struct site_page *page, enum level lamp, const struct stretch *said)
{
	if (said != NULL)
		return site_lamp(level_colour(said->level, page->red), level_label(said->level));
	return lamp == LEVEL_OPERATIONAL ? site_lamp(COLOUR_GREEN, "not listed")
					 : site_lamp(COLOUR_GREY, "not known");
}

static void add_side(const struct site_page *page, const struct ledger_row *row,
	const struct comparison *comparison, const struct stretch *said, struct value *list)
{
	static const char *const words[] = {[LEVEL_OPERATIONAL] = "worked",
		[LEVEL_MAJOR_OUTAGE] = "failed",
		[LEVEL_UNKNOWN] = "not known"};
	struct value *map = value_append(list, value_map());

	value_put(map, "begin", site_time(page->site, comparison->begin));
	value_put(map, "end", site_time(page->site, comparison->end));
	value_put(map, "said", said_value(page, comparison->lamp, said));
	value_put_text(map, "did", words[comparison->fact]);
	value_put_boolean(map, "early", comparison_early(comparison));
	value_put_boolean(map, "late", comparison_late(comparison, row->heard));
}

/* One comparison, or several where the page's level changes in it. */
static void add_sides(const struct site_page *page, const struct ledger_row *row,
	const struct comparison *comparison, struct value *list)
{
	const struct stretches *said = find_said(page, row->id);
	struct comparison rest = *comparison;

	for (size_t i = 0; said != NULL && i < said->count && rest.begin < rest.end; i++) {
		const struct stretch *stretch = &said->list[i];
		struct comparison part = rest;

		if (stretch->end <= rest.begin || stretch->begin > rest.begin)
			continue;
		if (stretch->end < part.end)
			part.end = stretch->end;
		add_side(page, row, &part, stretch, list);
		rest.begin = part.end;
	}
	if (rest.begin < rest.end)
		add_side(page, row, &rest, NULL, list);
}

void site_put_sides(const struct site_page *page, int64_t from, int64_t to, struct value *data)
{
	struct value *sides = value_put(data, "sides", value_list());
	int64_t now = page->history.end;

	for (size_t i = 0; i < page->ledger.row_count; i++) {
		const struct ledger_row *row = &page->ledger.rows[i];
		struct value *map = value_append(sides, value_map()),
			     *parts = value_put(map, "parts", value_list());
		struct comparisons comparisons = {0};

		site_put(map, "name", row->label);
		comparisons_take(&row->lamp, &row->fact, from, to < now ? to : now, &comparisons);
		for (size_t j = 0; j < comparisons.count && parts->count < SITE_TIMELINE_MAX; j++)
			add_sides(page, row, &comparisons.list[j], parts);
		comparisons_release(&comparisons);
	}
}

/* ---- a provider ---- */

/* "ledger-google-3fa1c2.html": the name's digest keeps two apart that look alike. */
static char *ledger_name(const char *provider)
{
	char digest[DIGEST_TEXT], slug[SLUG_MAX + 1];
	size_t length = 0;

	for (const char *at = provider; *at != '\0' && length < SLUG_MAX; at++) {
		if (isalnum((unsigned char)*at) && (unsigned char)*at < 0x80)
			slug[length++] = (char)tolower((unsigned char)*at);
		else if (length > 0 && slug[length - 1] != '-')
			slug[length++] = '-';
	}
	slug[length] = '\0';
	digest_sha256(provider, strlen(provider), digest);
	return memory_format(
		"ledger-%s%s%.*s.html", slug, text_ends(slug, "-") ? "" : "-", SLUG_DIGITS, digest);
}

void site_put_ledger(const struct site *site, const char *provider, struct value *data)
{
	char *name;

	if (!ledger_has_provider(site->config, provider))
		return;
	name = ledger_name(provider);
	value_put_text(data, "ledger", name);
	free(name);
}

void site_put_ledgers(const struct site *site, struct value *data)
{
	struct value *list = value_put(data, "ledgers", value_list());
	struct text_list providers = {0};

	ledger_providers(site->config, &providers);
	for (size_t i = 0; i < providers.count; i++) {
		struct value *map = value_append(list, value_map());

		site_put(map, "provider", providers.list[i]);
		site_put_ledger(site, providers.list[i], map);
	}
	value_put_boolean(data, "any_ledger", providers.count > 0);
	text_list_release(&providers);
}

/* The snapshot that shows how it was at that time. */
static void put_path(
	const struct site *site, struct value *map, const char *key, const char *page, int64_t time)
{
	struct snapshot_row row = {0};
	char *path;

	if (page != NULL && store_snapshot_at(site->database, page, time, &row)) {
		path = snapshot_page_path(page, row.folder);
		value_put_text(map, key, path);
		free(path);
	}
	snapshot_row_release(&row);
}

/* A side that began, or ended, where somebody saw it. */
static void put_paths(const struct site *site, const struct ledger_page *page,
	const struct ledger_row *row, const struct ledger_side *side, bool fact, struct value *map)
{
	const char *name = page->config->name;

	if (side->there)
		put_path(site, map, "begin_path",
			fact ? ledger_turned_by(page, row, side->begin) : name, side->begin);
	if (side->there && !side->open)
		put_path(site, map, "end_path",
			fact ? ledger_turned_by(page, row, side->end) : name, side->end);
}

static struct value *member(const struct value *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->keys[i], key))
			return map->members[i];
	return NULL;
}

/* Leaves out what is too much for one page. */
static void cut_incidents(struct value *indicator)
{
	struct value *list = member(indicator, "incidents");

	value_put_number(indicator, "left",
		list->count > SITE_TIMELINE_MAX ? (int64_t)list->count - SITE_TIMELINE_MAX : 0);
	while (list->count > SITE_TIMELINE_MAX)
		value_free(list->members[--list->count]);
}

/* ledger_value() has the rows in their order, each with its newest incident first. */
static void link_snapshots(const struct site *site, const struct ledger *ledger, struct value *data)
{
	const struct value *indicators = value_get(data, "indicators");
	size_t at = 0;

	for (size_t i = 0; i < ledger->count; i++)
		for (size_t j = 0; j < ledger->pages[i].row_count; j++) {
			const struct ledger_row *row = &ledger->pages[i].rows[j];
			struct value *list = member(indicators->members[at], "incidents");

			cut_incidents(indicators->members[at++]);
			for (size_t k = 0; k < list->count; k++) {
				const struct ledger_incident *incident =
					&row->incidents.list[row->incidents.count - 1 - k];

				put_paths(site, &ledger->pages[i], row, &incident->fact, true,
					member(list->members[k], "fact"));
				put_paths(site, &ledger->pages[i], row, &incident->lamp, false,
					member(list->members[k], "lamp"));
			}
		}
}

bool site_write_ledger(const struct site *site, const struct page_states *states,
	const char *provider, struct error *error)
{
	int64_t since = site_day_begin(site, site_day(site, site->now) - SITE_LEDGER_DAYS + 1);
	struct ledger ledger = {0};
	struct value *data, *pages;
	char *name = ledger_name(provider);
	bool done;

	ledger_of_provider(site->database, site->config, states, provider, NULL, since,
		site->now + 1, site->now, &ledger);
	data = ledger_value(&ledger, site->config);
	link_snapshots(site, &ledger, data);
	report_put_times(data, since, site->now, site->config);
	pages = value_put(data, "pages", value_list());
	for (size_t i = 0; i < ledger.count; i++)
		value_put_text(
			value_append(pages, value_map()), "page", ledger.pages[i].config->name);
	done = site_render(site, "ledger.html", data, name, error);
	value_free(data);
	ledger_release(&ledger);
	free(name);
	return done;
}
