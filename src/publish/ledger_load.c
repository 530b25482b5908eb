/* SPDX-License-Identifier: ISC */
#include "publish/ledger_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"
#include "model/indicator_state.h"
#include "model/reading.h"
#include "publish/report.h"
#include "store/alarm.h"
#include "store/store.h"

/* The page, or a probe that its facts name. */
struct watched {
	const struct page_config *config;
	struct page_state *state; /* NULL: nothing is known of it */
	bool loaded;              /* it was before */
	struct alarms alarms;
	struct page_history history;
};

struct loading {
	struct database *database;
	const struct config *config;
	struct watched *list; /* the page first */
	size_t count;
	int64_t reach, now; /* reach: from where on the histories are needed */
	struct ledger_page *page;
};

/* ---- what is watched ---- */

/* "PROBE/CHECK" in its two parts; both owned by the caller. */
static void split(const char *name, char **probe, char **check)
{
	const char *slash = strchr(name, '/');
	size_t length = slash != NULL ? (size_t)(slash - name) : strlen(name);

	*probe = memory_bytes(name, length);
	*check = memory_string(slash != NULL ? slash + 1 : "");
}

static void watch(
	struct loading *loading, const struct page_states *states, const struct page_config *config)
{
	struct watched *watched;

	for (size_t i = 0; i < loading->count; i++)
		if (loading->list[i].config == config)
			return;
	watched = memory_append(&loading->list, &loading->count, sizeof *watched);
	*watched =
		(struct watched){.config = config, .state = page_states_find(states, config->name)};
	if (watched->state == NULL)
		return;
	watched->loaded = watched->state->loaded;
	store_load(loading->database, watched->state);
}

static void add_check(struct loading *loading, const struct page_states *states, const char *name)
{
	struct ledger_page *page = loading->page;
	const struct page_config *probe;
	struct ledger_check check = {0};
	bool known = false;

	split(name, &check.page, &check.id);
	probe = config_page(loading->config, check.page);
	for (size_t i = 0; i < page->check_count && !known; i++)
		known = text_equal(page->checks[i].page, check.page) &&
			text_equal(page->checks[i].id, check.id);
	if (probe != NULL && !known) {
		check.crowd = probe->match != NULL;
		watch(loading, states, probe);
		*(struct ledger_check *)memory_append(
			&page->checks, &page->check_count, sizeof check) = check;
		return;
	}
	free(check.page);
	free(check.id);
}

/*
 * An incident is shown whole: what belongs to it may have begun long before the requested time,
 * and what belongs to that before it.
 */
static void load_alarms(struct loading *loading)
{
	int64_t reached;

	do {
		reached = loading->reach;
		for (size_t i = 0; i < loading->count; i++) {
			struct watched *watched = &loading->list[i];

			alarms_release(&watched->alarms);
			alarms_load_since(loading->database, watched->config->name,
				reached - LEDGER_AFTER_SECONDS, &watched->alarms);
			for (size_t j = 0; j < watched->alarms.count; j++)
				if (watched->alarms.list[j].opened <= loading->reach)
					loading->reach = watched->alarms.list[j].opened - 1;
		}
	} while (loading->reach < reached);
}

static void load_histories(struct loading *loading)
{
	for (size_t i = 0; i < loading->count; i++) {
		struct watched *watched = &loading->list[i];

		if (watched->state != NULL)
			history_load(loading->database, watched->state,
				watched->config->settings.every, loading->reach, loading->now,
				&watched->history);
	}
}

static void release_all(struct loading *loading)
{
	for (size_t i = 0; i < loading->count; i++) {
		struct watched *watched = &loading->list[i];

		alarms_release(&watched->alarms);
		history_release(&watched->history);
		if (watched->state != NULL && !watched->loaded)
			store_unload(watched->state);
	}
	free(loading->list);
}

/* ---- phases ---- */

/* A crowd has no alarm: it fails while it is degraded. */
static void take_loud(const struct stretches *stretches, struct episode **episodes, size_t *count)
{
	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];

		if (stretch->level >= LEVEL_DEGRADED)
			*(struct episode *)memory_append(episodes, count, sizeof **episodes) =
				(struct episode){stretch->begin, stretch->end};
	}
}

/* Those that are over, and the one that is not: of that of a baseline there is no row. */
static void take_phases(const struct loading *loading, const struct watched *watched,
	const struct indicator_history *indicator, struct stretches *phases)
{
	const struct indicator_state *state = indicator->indicator;
	struct episode *episodes = NULL;
	size_t count = 0;

	for (size_t i = 0; i < watched->alarms.count; i++) {
		const struct alarm *alarm = &watched->alarms.list[i];

		if (alarm->closed != 0 && text_equal(alarm->indicator, indicator->id))
			*(struct episode *)memory_append(&episodes, &count, sizeof *episodes) =
				(struct episode){alarm->opened, alarm->closed};
	}
	if (state != NULL && state->alarm)
		*(struct episode *)memory_append(&episodes, &count, sizeof *episodes) =
			(struct episode){state->alarm_since, INT64_MAX};
	if (watched->config->match != NULL)
		take_loud(&indicator->stretches, &episodes, &count);
	phases_of_episodes(&indicator->stretches,
		report_red(loading->config, watched->config->name), episodes, count, phases);
	free(episodes);
}

static void load_checks(struct loading *loading)
{
	struct ledger_page *page = loading->page;

	for (size_t i = 0; i < page->check_count; i++) {
		struct ledger_check *check = &page->checks[i];

		for (size_t j = 0; j < loading->count; j++) {
			const struct watched *watched = &loading->list[j];

			if (!text_equal(watched->config->name, check->page))
				continue;
			for (size_t k = 0; k < watched->history.count; k++)
				if (text_equal(watched->history.list[k].id, check->id))
					take_phases(loading, watched, &watched->history.list[k],
						&check->phases);
		}
	}
}

static const struct ledger_check *find_check(const struct ledger_page *page, const char *name)
{
	const struct ledger_check *found = NULL;
	char *probe, *check;

	split(name, &probe, &check);
	for (size_t i = 0; i < page->check_count && found == NULL; i++)
		if (text_equal(page->checks[i].page, probe) &&
			text_equal(page->checks[i].id, check))
			found = &page->checks[i];
	free(check);
	free(probe);
	return found;
}

static void take_fact(const struct ledger_page *page, struct ledger_row *row)
{
	const struct text_list *names = &row->facts->checks;
	struct stretches *checks = memory_zero(names->count, sizeof *checks);
	bool *silent = memory_zero(names->count, sizeof *silent);
	size_t need = page->config->need == NEED_ALL ? names->count : (size_t)page->config->need;

	row->heard = true;
	for (size_t i = 0; i < names->count; i++) {
		const struct ledger_check *check = find_check(page, names->list[i]);

		row->heard = row->heard && check != NULL && check->crowd;
		if (check == NULL)
			continue;
		checks[i] = check->phases;                                  /* borrowed */
		silent[i] = check->crowd && page->config->need == NEED_ANY; /* run/facts.h */
	}
	phases_of_checks(checks, silent, names->count, need, &row->fact);
	free(silent);
	free(checks);
}

/* ---- rows ---- */

static void take_incidents(const struct loading *loading, struct ledger_row *row)
{
	const struct ledger_page *page = loading->page;
	struct ledger_incidents all = {0};

	ledger_incidents_take(&row->lamp, &row->fact, loading->now, &all);
	for (size_t i = 0; i < all.count; i++) {
		struct ledger_incident *incident = &all.list[i];
		int64_t begin = ledger_incident_begin(incident);

		if (begin >= page->until || ledger_incident_end(incident) <= page->since)
			continue;
		incident->said = report_said(loading->database, loading->config, page->config->name,
			row->id, incident->lamp.there ? incident->lamp.begin : incident->fact.end,
			false, begin - LEDGER_SAID_SECONDS);
		*(struct ledger_incident *)memory_append(
			&row->incidents.list, &row->incidents.count, sizeof *incident) = *incident;
	}
	ledger_incidents_release(&all);
}

static struct ledger_row *add_row(struct ledger_page *page, const char *id, const char *label,
	const struct fact_config *facts)
{
	struct ledger_row *row = memory_append(&page->rows, &page->row_count, sizeof *row);

	*row = (struct ledger_row){
		.id = memory_string(id), .label = memory_string(label), .facts = facts};
	take_fact(page, row);
	return row;
}

static bool has_row(const struct ledger_page *page, const struct fact_config *facts)
{
	for (size_t i = 0; i < page->row_count; i++)
		if (page->rows[i].facts == facts)
			return true;
	return false;
}

/* What a page that lists only what is in trouble has never listed is what it says of the rest. */
static bool lists_only_trouble(const struct page_state *state)
{
	struct reading reading = {0};
	bool only = state->reading != NULL &&
		    reading_parse(state->reading, strlen(state->reading), &reading, NULL) &&
		    reading_indicator(&reading, READING_OTHERS) != NULL;

	reading_release(&reading);
	return only;
}

static void take_unlisted(const struct watched *watched, struct ledger_row *row)
{
	const struct page_history *history = &watched->history;
	int64_t at = history->begin;

	if (watched->state == NULL || !lists_only_trouble(watched->state))
		return;
	for (size_t i = 0; i < history->unseen.count; i++) {
		const struct gap *gap = &history->unseen.list[i];

		phases_add(&row->lamp, at, gap->begins, LEVEL_OPERATIONAL);
		at = gap->ends > at ? gap->ends : at;
	}
	phases_add(&row->lamp, at, history->end, LEVEL_OPERATIONAL);
}

static void load_rows(struct loading *loading)
{
	const struct watched *watched = &loading->list[0];
	struct ledger_page *page = loading->page;

	for (size_t i = 0; i < watched->history.count; i++) {
		const struct indicator_history *indicator = &watched->history.list[i];
		const struct indicator_state *state = indicator->indicator;
		const struct fact_config *facts =
			state != NULL && state->id[0] != '\0'
				? config_facts(page->config, state->id, state->group, state->name)
				: NULL;

		if (facts != NULL)
			take_phases(loading, watched, indicator,
				&add_row(page, indicator->id, indicator->label, facts)->lamp);
	}
	for (size_t i = 0; i < page->config->fact_count; i++) {
		const struct fact_config *facts = &page->config->facts[i];

		if (!pattern_is_wild(facts->indicator) && !has_row(page, facts))
			take_unlisted(
				watched, add_row(page, facts->indicator, facts->indicator, facts));
	}
	for (size_t i = 0; i < page->row_count; i++)
		take_incidents(loading, &page->rows[i]);
}

void ledger_load(struct database *database, const struct config *config,
	const struct page_states *states, const struct page_config *config_of, int64_t since,
	int64_t until, int64_t now, struct ledger_page *page)
{
	struct loading loading = {
		.database = database, .config = config, .reach = since, .now = now, .page = page};

	*page = (struct ledger_page){.config = config_of, .since = since, .until = until};
	watch(&loading, states, config_of);
	for (size_t i = 0; i < config_of->fact_count; i++)
		for (size_t j = 0; j < config_of->facts[i].checks.count; j++)
			add_check(&loading, states, config_of->facts[i].checks.list[j]);
	load_alarms(&loading);
	load_histories(&loading);
	load_checks(&loading);
	load_rows(&loading);
	release_all(&loading);
}

void ledger_page_release(struct ledger_page *page)
{
	for (size_t i = 0; i < page->row_count; i++) {
		free(page->rows[i].id);
		free(page->rows[i].label);
		stretches_release(&page->rows[i].lamp);
		stretches_release(&page->rows[i].fact);
		ledger_incidents_release(&page->rows[i].incidents);
	}
	for (size_t i = 0; i < page->check_count; i++) {
		free(page->checks[i].page);
		free(page->checks[i].id);
		stretches_release(&page->checks[i].phases);
	}
	free(page->rows);
	free(page->checks);
	*page = (struct ledger_page){0};
}

const char *ledger_turned_by(
	const struct ledger_page *page, const struct ledger_row *row, int64_t time)
{
	for (size_t i = 0; i < row->facts->checks.count; i++) {
		const struct ledger_check *check = find_check(page, row->facts->checks.list[i]);

		for (size_t j = 0; check != NULL && j < check->phases.count; j++)
			if (check->phases.list[j].begin == time)
				return check->page;
	}
	return NULL;
}

/* ---- providers ---- */

void ledger_providers(const struct config *config, struct text_list *providers)
{
	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].fact_count > 0 &&
			!text_list_has(providers, config->pages[i].provider))
			text_list_add(providers, config->pages[i].provider);
}

bool ledger_has_provider(const struct config *config, const char *provider)
{
	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].fact_count > 0 &&
			text_equal(config->pages[i].provider, provider))
			return true;
	return false;
}

static bool is_named(char *const *names, const char *name)
{
	if (names == NULL || *names == NULL)
		return true;
	while (*names != NULL && !text_equal(*names, name))
		names++;
	return *names != NULL;
}

void ledger_of_provider(struct database *database, const struct config *config,
	const struct page_states *states, const char *provider, char *const *names, int64_t since,
	int64_t until, int64_t now, struct ledger *ledger)
{
	*ledger = (struct ledger){.provider = provider};
	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];

		if (page->fact_count > 0 && text_equal(page->provider, provider) &&
			is_named(names, page->name))
			ledger_load(database, config, states, page, since, until, now,
				memory_append(
					&ledger->pages, &ledger->count, sizeof *ledger->pages));
	}
}

void ledger_release(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->count; i++)
		ledger_page_release(&ledger->pages[i]);
	free(ledger->pages);
	*ledger = (struct ledger){0};
}

void ledger_take_figures(const struct ledger *ledger, struct ledger_figures *figures)
{
	for (size_t i = 0; i < ledger->count; i++)
		for (size_t j = 0; j < ledger->pages[i].row_count; j++)
			ledger_figures_add(figures, &ledger->pages[i].rows[j].incidents);
}
