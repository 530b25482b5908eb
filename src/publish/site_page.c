/* SPDX-License-Identifier: ISC
 *
 * A page's own index, its JSON, and its badges.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/schedule.h"
#include "net/http.h"
#include "publish/site_p.h"

enum {
	BADGE_NAME_MAX = 40,
	BADGE_DIGITS = 6, /* of the id's digest, in a badge's name */
	ROW_LABEL_MAX = 24,
	SITE_FOLLOWERS_MAX = 20,
	LABEL_MAX = 40, /* characters; what is longer is cut */
	BADGE_COLUMN_PIXELS = 7,
	BADGE_EDGE_PIXELS = 16
};

const enum colour site_order[COLOURS] = {
	COLOUR_RED, COLOUR_YELLOW, COLOUR_GREY, COLOUR_BLUE, COLOUR_GREEN};

/* ---- badges ---- */

/* "badge-gmail-3fa1c2.svg": the id's digest keeps two names apart that look alike. */
static char *badge_name(const struct indicator_history *indicator)
{
	char digest[DIGEST_TEXT], slug[BADGE_NAME_MAX + 1];
	size_t length = 0;

	if (indicator->id[0] == '\0')
		return memory_string("badge.svg");
	for (const char *at = indicator->label; *at != '\0' && length < BADGE_NAME_MAX; at++) {
		if (isalnum((unsigned char)*at) && (unsigned char)*at < 0x80)
			slug[length++] = (char)tolower((unsigned char)*at);
		else if (length > 0 && slug[length - 1] != '-')
			slug[length++] = '-';
	}
	slug[length] = '\0';
	digest_sha256(indicator->id, strlen(indicator->id), digest);
	return memory_format(
		"badge-%s%s%.*s.svg", slug, text_ends(slug, "-") ? "" : "-", BADGE_DIGITS, digest);
}

static char *label_cut(const char *label, size_t maximum)
{
	char *text = text_visible_copy(label);
	size_t at = 0, length = strlen(text), columns = 0;

	while (at < length && columns++ < maximum)
		at += text_character(text + at, length - at, NULL);
	if (at < length) {
		char *whole = text;

		text = memory_format("%.*s…", (int)at, whole);
		free(whole);
	}
	return text;
}

static bool write_badge(const struct site_page *page, const struct indicator_history *indicator,
	struct error *error)
{
	const struct indicator_state *state = indicator->indicator;
	enum colour colour = site_lamp_colour(page, state);
	struct value *map = site_lamp(colour, level_label(state->level));
	char *label = label_cut(state->id[0] != '\0' ? indicator->label : page->name, LABEL_MAX);
	char *badge = badge_name(indicator), *name = memory_format("%s/%s", page->name, badge);
	int64_t left = (int64_t)text_columns(label) * BADGE_COLUMN_PIXELS + BADGE_EDGE_PIXELS;
	int64_t right = (int64_t)(strlen(colour_name(colour)) + 2) * BADGE_COLUMN_PIXELS +
			BADGE_EDGE_PIXELS;
	struct sight sight;
	bool done;

	value_put_text(map, "label", label);
	value_put_number(map, "left", left);
	value_put_number(map, "right", right);
	value_put_number(map, "width", left + right);
	value_put_number(map, "left_middle", left / 2);
	value_put_number(map, "right_middle", left + right / 2);
	value_put_text(map, "shape", colour_shape(colour)); /* no style sheet draws it here */
	value_put(map, "since", site_time(page->site, state->since));
	sight = history_sight(&page->history.unseen, state->since, page->history.end);
	site_put_sight(page->site, map, &sight, page->history.end);
	done = site_render(page->site, "badge.svg", map, name, error);
	free(name);
	free(badge);
	free(label);
	value_free(map);
	return done;
}

/* ---- the page ---- */

const char *site_page_observation(const struct site_page *page)
{
	const struct page_state *state = page->state;
	struct schedule schedule = {.last_success = state->last_success};

	if (state->failures > 0)
		return state->unreadable ? "unreadable" : "unreachable";
	if (!state->known)
		return "never read";
	if (page->config == NULL)
		return "no longer watched";
	schedule.every = page->config->settings.every;
	return schedule_stale(&schedule, page->site->now) ? "stale" : "fresh";
}

enum colour site_lamp_colour(const struct site_page *page, const struct indicator_state *indicator)
{
	return page->fresh && !indicator->gone ? level_colour(indicator->level, page->red)
					       : COLOUR_GREY;
}

/* The colour, among its indicators, that a person looks at first. */
enum colour site_page_colour(const struct site_page *page)
{
	for (size_t i = 0; page->lamp_count > 0 && i < COLOURS; i++)
		for (size_t j = 0; j < page->lamp_count; j++)
			if (site_lamp_colour(page, page->history.list[j].indicator) ==
				site_order[i])
				return site_order[i];
	return COLOUR_GREY;
}

void site_page_load(struct site_page *page, const struct site *site, struct page_state *state,
	struct site_states *said, int64_t since)
{
	const struct page_config *config = config_page(site->config, state->name);

	*page = (struct site_page){.site = site,
		.name = state->name,
		.config = config,
		.state = state,
		.red = report_red(site->config, state->name),
		.said = said};
	store_load(site->database, state);
	page->lamp_count = state->indicators.count;
	page->fresh = text_equal(site_page_observation(page), "fresh");
	history_load(site->database, state, config != NULL ? config->settings.every : 0, since,
		site->now, &page->history);
	page->maintenances = site_maintenances(page);
}

void site_page_release(struct site_page *page)
{
	history_release(&page->history);
	ledger_page_release(&page->ledger);
	value_free(page->maintenances);
	*page = (struct site_page){0};
}

void site_put_address(
	const struct page_config *config, const struct page_state *state, struct value *data)
{
	const char *of = config != NULL ? config->url : state->url;
	char *url = http_url_public(of);

	site_put(data, "address", text_starts(of, PROBE_SCHEME) ? "" : url);
	free(url);
}

void site_put_page(const struct site_page *page, struct value *data)
{
	const struct page_state *state = page->state;

	value_put_text(data, "page", page->name);
	site_put_address(page->config, state, data);
	site_put(data, "provider", page->config != NULL ? page->config->provider : "");
	if (page->config != NULL)
		site_put_ledger(page->site, page->config->provider, data);
	value_put_text(data, "kind", page->config != NULL ? page->config->kind : "");
	value_put_text(data, "observation", site_page_observation(page));
	value_put_boolean(data, "fresh", page->fresh);
	value_put(data, "lamp", site_lamp(site_page_colour(page), NULL));
	site_put(data, "failure", state->failure);
	value_put_boolean(data, "seen", state->last_success != 0);
	value_put(data, "last_success", site_time(page->site, state->last_success));
	value_put_number(data, "snapshots", state->snapshot);
	value_put_text(data, "head", state->head);
}

/* What fell with an indicator of the page, the newest first; empty where nothing did. */
static void put_followers(const struct site_page *page, struct value *data)
{
	struct statement *row = database_query(page->site->database,
		"SELECT f.page, ifnull(nullif(lamp.name, ''), 'overall'), f.opened,"
		" ifnull((SELECT max(r.closed) FROM alarm r WHERE r.page = f.page AND r.kind = "
		"'red'"
		"  AND r.indicator = f.indicator AND r.opened >= f.opened), 0)"
		" FROM alarm f JOIN alarm c ON c.id = f.cause LEFT JOIN lamp"
		" ON lamp.page = f.page AND lamp.id = f.indicator"
		" WHERE f.kind = 'follows' AND c.page = ? ORDER BY f.opened DESC LIMIT ?",
		"ti", page->name, (int64_t)SITE_FOLLOWERS_MAX);
	struct value *list = value_put(data, "followers", value_list());

	while (statement_row(row)) {
		struct value *map = value_append(list, value_map());
		int64_t ended = statement_integer(row, 3);

		value_put_text(map, "name", statement_text(row, 0));
		value_put_text(map, "indicator", statement_text(row, 1));
		value_put(map, "begin", site_time(page->site, statement_integer(row, 2)));
		if (ended != 0)
			value_put(map, "end", site_time(page->site, ended));
	}
	statement_end(row);
	value_put_boolean(data, "fell", list->count > 0);
}

static struct value *page_value(const struct site_page *page, char whole[static SITE_CELLS_MAX + 1])
{
	const struct site *site = page->site;
	int64_t today = site_day(site, site->now), edges[SITE_CELLS_MAX + 1];
	struct site_strip strip = {edges, SITE_DAYS, "days", true};
	struct value *data = value_map(), *years, *badges;
	char day[16];
	int first_year;
	size_t left;

	site_edges_days(site, today - SITE_DAYS + 1, SITE_DAYS, edges);
	site_put_page(page, data);
	value_put(data, "lamps", site_strips(page, &strip, whole, &left));
	value_put_number(data, "left", (int64_t)left);
	value_put_boolean(data, "facts", page->ledger.row_count > 0);
	site_put_days(page, today - SITE_DAYS + 1, SITE_DAYS, data);
	site_day_name(today - SITE_DAYS + 1, day);
	value_put_text(data, "from", day);
	site_day_name(site_day(site, page->history.first), day);
	first_year = atoi(day);
	site_day_name(today, day);
	value_put_text(data, "to", day);
	years = value_put(data, "years", value_list());
	for (int year = atoi(day); page->history.first != 0 && year >= first_year; year--)
		value_put_number(value_append(years, value_map()), "year", year);
	value_put(data, "moments", site_page_timeline(page, 0, INT64_MAX, SITE_RECENT_MAX));
	put_followers(page, data);
	badges = value_put(data, "badges", value_list());
	for (size_t i = 0; i < page->lamp_count && i < SITE_BADGES_MAX; i++) {
		struct value *map = value_append(badges, value_map());
		char *badge = badge_name(&page->history.list[i]);

		value_put_text(map, "file", badge);
		site_put(map, "name", page->history.list[i].label);
		free(badge);
	}
	return data;
}

/* ---- its row in the index ---- */

char *site_row(const struct site_page *page)
{
	enum colour colour = site_page_colour(page);
	struct value *row = value_map(), *groups;
	struct buffer text = {0};
	size_t room = SITE_NAMES_MAX;

	site_put_page(page, row);
	value_put_text(row, "colour", colour_name(colour));
	groups = value_put(row, "groups", value_list());
	for (size_t i = 0; i < COLOURS; i++) {
		/* the names that have the colour, as far as there is room, in one text: a thousand
		 * rows are filled at each change */
		struct buffer names = {0};
		int64_t more = 0;

		for (size_t j = 0; j < page->lamp_count; j++) {
			const struct indicator_history *indicator = &page->history.list[j];
			char *label;

			if (site_lamp_colour(page, indicator->indicator) != site_order[i] ||
				(indicator->id[0] == '\0' && page->lamp_count > 1))
				continue;
			if (room == 0) {
				more++;
				continue;
			}
			label = label_cut(indicator->label, ROW_LABEL_MAX);
			buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", label);
			free(label);
			room--;
		}
		if (names.length > 0 || more > 0) {
			struct value *map = value_append(groups, site_lamp(site_order[i], NULL));

			value_put_text(map, "names", buffer_string(&names));
			value_put_number(map, "more", more);
		}
		buffer_release(&names);
		if (site_order[i] == colour)
			value_put_number(row, "badness", (int64_t)(COLOURS - i));
	}
	value_put_boolean(row, "mixed", groups->count > 1);
	value_put(row, "maintenances", value_copy(page->maintenances));
	json_write(row, 0, &text);
	value_free(row);
	return buffer_take(&text);
}

/* ---- the same for programs ---- */

static bool write_json(const struct site_page *page, const struct value *data, struct error *error)
{
	const struct value *indicators = value_get(data, "lamps"),
			   *entries = value_get(data, "moments");
	static const char *const texts[] = {"page", "address", "provider", "observation", "head"};
	struct value *root = value_map(), *list;
	char *name = memory_format("%s/index.json", page->name);
	bool done;

	value_put_number(root, "format", 1);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		value_put_text(root, texts[i], value_get_text(data, texts[i]));
	value_put_text(root, "colour", value_get_text(value_get(data, "lamp"), "colour"));
	list = value_put(root, "indicators", value_list());
	for (size_t i = 0; i < indicators->count; i++) {
		const struct value *indicator = indicators->members[i],
				   *now = value_get(indicator, "lamp");
		struct value *map = value_append(list, value_map());

		value_put_text(map, "name", value_get_text(indicator, "name"));
		value_put_text(map, "colour", value_get_text(now, "colour"));
		value_put_text(map, "level", value_get_text(now, "level"));
		value_put_text(map, "word", value_get_text(indicator, "word"));
		value_put_text(map, "since", value_get_text(value_get(indicator, "since"), "utc"));
	}
	value_put(root, "changes", site_timeline_json(entries));
	done = site_write_json(page->site, root, name, error);
	free(name);
	value_free(root);
	return done;
}

bool site_write_page(
	const struct site_page *page, char whole[static SITE_CELLS_MAX + 1], struct error *error)
{
	struct value *data = page_value(page, whole);
	char *name = memory_format("%s/index.html", page->name);
	bool done = write_json(page, data, error) &&
		    site_render(page->site, "page.html", data, name, error) &&
		    site_write_feed(page->site, page->name, error) &&
		    site_write_calendar(page->site, page->name, page->maintenances, error);

	for (size_t i = 0; done && i < page->lamp_count && i < SITE_BADGES_MAX; i++)
		done = write_badge(page, &page->history.list[i], error);
	free(name);
	value_free(data);
	return done;
}
