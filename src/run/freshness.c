/* SPDX-License-Identifier: ISC */
#include "run/freshness.h"

#include "config/config.h"
#include "model/schedule.h"
#include "store/store.h"

const char *page_freshness(
	const struct page_config *page, const struct page_state *state, int64_t now)
{
	struct schedule schedule;

	if (state == NULL || (!state->known && state->failures == 0))
		return "never read";
	if (state->failures > 0)
		return state->unreadable ? "unreadable" : "unreachable";
	schedule = (struct schedule){
		.every = page->settings.every, .last_success = state->last_success};
	return schedule_stale(&schedule, now) ? "stale" : "fresh";
}
