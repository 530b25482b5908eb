/* SPDX-License-Identifier: ISC
 *
 * Which pages are due, and how each is to be fetched.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/schedule.h"
#include "model/validator.h"
#include "run/run.h"
#include "settings.h"

static struct page_state *fresh_state(struct watch *watch)
{
	watch->fresh = memory_zero(1, sizeof *watch->fresh);
	watch->fresh->name = memory_string(watch->page->name);
	watch->fresh->loaded = true;
	return watch->fresh;
}

void watch_release(struct watch *watch)
{
	fetch_release(&watch->fetch);
	if (watch->fresh != NULL)
		page_state_release(watch->fresh);
	free(watch->fresh);
}

static struct schedule schedule_of(const struct page_config *page, const struct page_state *state)
{
	return (struct schedule){page->settings.every, state->last_fetch, state->last_success,
		state->last_full, state->retry_at,
		state->red || state->unconfirmed || (state->failures > 0 && !state->lost)};
}

/* Conditions are dropped when we would read the same bytes otherwise than last time. */
static void prepare_fetch(struct watch *watch)
{
	const struct page_settings *settings = &watch->page->settings;
	struct page_state *state = watch->state;
	struct fetch *fetch = &watch->fetch;

	watch->url_changed = state->known && !text_equal(state->url, watch->page->url);
	watch->kind_changed =
		state->known && !text_equal(state->kind_digest, kind_digest(watch->kind));
	watch->way_changed = watch->kind_changed ||
			     (state->known && !text_equal(state->program, LAMPWATCH_VERSION));
	*fetch = (struct fetch){.url = watch->page->url,
		.kind = watch->kind,
		.context = watch,
		.connect_timeout = settings->timeout.connect,
		.total_timeout = settings->timeout.total,
		.body_maximum = settings->limits.body,
		.redirects = settings->limits.redirects};
	watch->full = watch->full || watch->url_changed || watch->way_changed || !state->known ||
		      state->unreadable;
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX && !watch->full; i++) {
		fetch->validators[i] = state->validators[i];
		state->validators[i] = (struct validator){0};
	}
}

static void add_watch(struct run *run, const struct page_config *page, bool asked_for)
{
	struct watch *watch = &run->watches[run->watch_count];
	struct page_state *known = page_states_find(&run->states, page->name);
	struct schedule schedule;

	*watch = (struct watch){.run = run,
		.page = page,
		.kind = kind_set_of(run->context->kinds, page),
		.asked_for = asked_for};
	watch->state = known != NULL ? known : fresh_state(watch);
	schedule = schedule_of(page, watch->state);
	if (!asked_for && !schedule_due(&schedule, run->now)) {
		watch_release(watch);
		return;
	}
	watch->full = schedule_full(&schedule, run->now);
	prepare_fetch(watch);
	run->watch_count++;
}

bool run_choose(struct run *run, char **names)
{
	bool good = true;

	run->watches = memory_zero(run->config->page_count, sizeof *run->watches);
	for (size_t i = 0; names[0] == NULL && i < run->config->page_count; i++)
		add_watch(run, &run->config->pages[i], false);
	for (; *names != NULL; names++) {
		const struct page_config *page = context_page(run->context, *names);

		good = good && page != NULL;
		if (page != NULL)
			add_watch(run, page, true);
	}
	return good;
}
