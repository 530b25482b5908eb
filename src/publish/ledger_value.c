/* SPDX-License-Identifier: ISC */
#include "publish/ledger_value.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/date_value.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "publish/ledger_load.h"

/* For programs, and for people where no number says more. */
static const struct {
	const char *name, *words;
} states[] = {
	[LAG_NONE] = {"none", ""},
	[LAG_KNOWN] = {"known", ""},
	[LAG_NEVER] = {"never", "never"},
	[LAG_NOT_YET] = {"not yet", "not yet"},
	[LAG_OPEN] = {"open", "still failing"},
	[LAG_UNKNOWN] = {"unknown", "not known"},
};

const char *lag_state_name(enum lag_state state)
{
	return states[state].name;
}

void lag_write(const struct lag *lag, char out[static LAG_TEXT_MAX])
{
	char duration[DATE_TEXT_MAX];

	if (lag->state != LAG_KNOWN) {
		snprintf(out, LAG_TEXT_MAX, "%s", states[lag->state].words);
		return;
	}
	date_write_duration(llabs(lag->seconds), duration);
	if (lag->seconds == 0)
		snprintf(out, LAG_TEXT_MAX, "at once");
	else
		snprintf(out, LAG_TEXT_MAX, "%s %s", duration,
			lag->seconds > 0 ? "later" : "before");
}

void lag_write_seconds(int64_t seconds, char out[static LAG_TEXT_MAX])
{
	char duration[DATE_TEXT_MAX];

	date_write_duration(llabs(seconds), duration);
	snprintf(out, LAG_TEXT_MAX, "%s%s", seconds < 0 ? "-" : "", duration);
}

static void put_lag(struct value *map, const char *key, const struct lag *lag)
{
	struct value *inner = value_put(map, key, value_map());
	char words[LAG_TEXT_MAX];

	lag_write(lag, words);
	value_put_text(inner, "state", states[lag->state].name);
	value_put(inner, "seconds",
		lag->state == LAG_KNOWN ? value_number(lag->seconds) : value_text(NULL));
	value_put_text(inner, "words", words);
}

/* Also in short, for tables. */
static void put_time(
	struct value *map, const char *key, const char *short_key, int64_t time, const char *zone)
{
	char text[DATE_TEXT_MAX] = "";

	value_put_time(map, key, time, zone);
	if (time != 0)
		date_write_short(time, zone, text);
	value_put_text(map, short_key, text);
}

static void put_side(
	struct value *map, const char *key, const struct ledger_side *side, const char *zone)
{
	struct value *inner = value_put(map, key, value_map());

	value_put_boolean(inner, "there", side->there);
	put_time(inner, "begin", "begin_short", side->begin, zone);
	put_time(inner, "end", "end_short", side->open ? 0 : side->end, zone);
	value_put_boolean(inner, "begun", side->begun);
	value_put_boolean(inner, "ended", side->ended);
	value_put_boolean(inner, "open", side->open);
}

static void put_incidents(
	struct value *map, const struct ledger_incidents *incidents, const char *zone)
{
	struct value *list = value_put(map, "incidents", value_list());

	for (size_t i = incidents->count; i > 0; i--) {
		const struct ledger_incident *incident = &incidents->list[i - 1];
		struct value *one = value_append(list, value_map());

		put_side(one, "fact", &incident->fact, zone);
		put_side(one, "lamp", &incident->lamp, zone);
		put_time(one, "said", "said_short", incident->said, zone);
		put_lag(one, "began", &incident->began);
		put_lag(one, "ended", &incident->ended);
	}
}

static void put_duration(
	struct value *map, const char *key, const char *words_key, bool known, int64_t seconds)
{
	char words[LAG_TEXT_MAX] = "";

	if (known)
		lag_write_seconds(seconds, words);
	value_put(map, key, known ? value_number(seconds) : value_text(NULL));
	value_put_text(map, words_key, words);
}

static void put_lags(struct value *map, const char *key, const struct lag_figures *figures)
{
	struct value *inner = value_put(map, key, value_map());
	int64_t median = 0, worst = 0;
	bool known = lag_median(figures, &median);

	lag_worst(figures, &worst);
	put_duration(inner, "median", "median_words", known, median);
	put_duration(inner, "worst", "worst_words", known, worst);
	value_put_number(inner, "known", (int64_t)figures->count);
	value_put_number(inner, "never", (int64_t)figures->never);
	value_put_number(inner, "not_yet", (int64_t)figures->not_yet);
	value_put_number(inner, "unknown", (int64_t)figures->unknown);
}

static void put_figures(struct value *map, struct ledger_figures *figures)
{
	struct value *inner = value_put(map, "figures", value_map());

	value_put_number(inner, "count", (int64_t)figures->count);
	value_put_number(inner, "alone", (int64_t)figures->alone);
	put_lags(inner, "began", &figures->began);
	put_lags(inner, "ended", &figures->ended);
	ledger_figures_release(figures);
}

static void put_visible(struct value *map, const char *key, const char *text)
{
	char *visible = text_visible_copy(text);

	value_put_text(map, key, visible);
	free(visible);
}

struct value *ledger_value(const struct ledger *ledger, const struct config *config)
{
	struct value *map = value_map(), *list;
	struct ledger_figures figures = {0};

	put_visible(map, "provider", ledger->provider);
	ledger_take_figures(ledger, &figures);
	put_figures(map, &figures);
	list = value_put(map, "indicators", value_list());
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_page *page = &ledger->pages[i];

		for (size_t j = 0; j < page->row_count; j++) {
			const struct ledger_row *row = &page->rows[j];
			struct value *one = value_append(list, value_map());

			value_put_text(one, "page", page->config->name);
			put_visible(one, "id", row->id);
			put_visible(one, "label", row->label);
			ledger_figures_add(&figures, &row->incidents);
			put_figures(one, &figures);
			value_put_boolean(one, "any", row->incidents.count > 0);
			put_incidents(one, &row->incidents, config->timezone);
		}
	}
	return map;
}
