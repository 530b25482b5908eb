/* SPDX-License-Identifier: ISC */
#include "run/remind.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/indicator_state.h"
#include "run/agree.h"
#include "run/event_source.h"
#include "run/local_fault.h"
#include "run/suppression.h"
#include "run/observe.h"
#include "store/alarm.h"

static bool is_due(const struct observer *observer, const struct alarm *alarm, int64_t now)
{
	const struct page_config *page = config_page(observer->config, alarm->page);
	int64_t last = alarm->reminded > alarm->opened ? alarm->reminded : alarm->opened;

	return page != NULL && page->settings.remind > 0 && alarm->acknowledged == 0 &&
	       now - last >= page->settings.remind / 1000 &&
	       !suppression_holds(observer->config, &observer->silences, alarm->page, now, NULL);
}

/* The reminders of one page and their deliveries, in one transaction. */
static void commit(struct work *work, const struct alarms *due)
{
	struct database *database = work->observer->database;
	struct error error;

	database_begin(database);
	work->pending = work_enqueue(work);
	for (size_t i = 0; i < due->count; i++)
		if (strcmp(due->list[i].page, work->state->name) == 0)
			alarm_remind(database, due->list[i].id, work->seen->now);
	if (!database_commit(database, &error)) {
		work_say(work, error.text);
		work->observer->local_trouble = true;
	} else if (work->pending) {
		courier_wake(work->observer->courier);
	}
}

static void remind_page(
	struct observer *observer, struct page_state *state, const struct alarms *due, int64_t now)
{
	const struct page_config *page = config_page(observer->config, state->name);
	struct observation seen = {.page = page, .state = state, .now = now};
	struct work work = {.observer = observer, .seen = &seen, .state = state};
	struct event_source input = {&work.after, &state->indicators, &work.patterns,
		(enum level)page->settings.red, page->settings.confirm.worse,
		page->settings.confirm.better, now, observer->config->timezone, NULL};
	struct reading reading = {0};

	if (!store_load(observer->database, state))
		return;
	meanings_expand(&observer->meanings, page->name, &page->indicators, &work.patterns);
	if (state->reading != NULL &&
		reading_parse(state->reading, strlen(state->reading), &reading, NULL))
		reading_watched(&reading, &work.patterns, &work.after);
	for (size_t i = 0; i < due->count; i++) {
		const struct indicator_state *indicator =
			indicator_states_find(&state->indicators, due->list[i].indicator);

		if (strcmp(due->list[i].page, state->name) == 0 && due->list[i].early)
			agreement_remind(&work, &due->list[i]);
		if (strcmp(due->list[i].page, state->name) != 0 || due->list[i].early ||
			indicator == NULL || !indicator->alarm || !indicator->red ||
			indicator->flapping)
			continue;
		*(struct transition *)memory_append(&work.transitions.list, &work.transitions.count,
			sizeof *work.transitions.list) =
			(struct transition){.type = TRANSITION_REMINDER,
				.indicator = (size_t)(indicator - state->indicators.list),
				.before = indicator->before,
				.after = indicator->level,
				.seen = now,
				.since = indicator->alarm_since};
	}
	events_of_transitions(&input, &work.transitions, &work.events);
	if (work.events.count > 0)
		commit(&work, due);
	reading_release(&reading);
	work_release(&work);
}

void reminders_enqueue(struct observer *observer, int64_t now)
{
	struct alarms open = {0}, due = {0};
	struct page_states states = {0};
	struct error error;

	alarms_load(observer->database, NULL, &open);
	for (size_t i = 0; i < open.count; i++)
		if (is_due(observer, &open.list[i], now))
			*(struct alarm *)memory_append(&due.list, &due.count, sizeof *due.list) =
				open.list[i];
	if (due.count > 0)
		store_pages(observer->database, &states);
	for (size_t i = 0; i < due.count; i++) {
		const char *page = due.list[i].page;
		struct page_state *state = page_states_find(&states, page);

		if (state != NULL && (i == 0 || strcmp(due.list[i - 1].page, page) != 0))
			remind_page(observer, state, &due, now);
	}
	if (!database_good(observer->database, &error))
		local_fault(observer, &error);
	free(due.list); /* its strings are those of open */
	page_states_release(&states);
	alarms_release(&open);
}
