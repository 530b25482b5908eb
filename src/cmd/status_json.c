/* SPDX-License-Identifier: ISC */
#include "cmd/status.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "net/http.h"
#include "run/suppression.h"

static void put_time(struct value *map, const char *key, int64_t time)
{
	char text[DATE_TEXT_MAX] = "";

	if (time != 0)
		date_write(time, text);
	value_put_text(map, key, text);
}

/* {state: "good", "bad" or "unknown"; since; checks: a list of {check, state, word, since}}. */
static void put_fact(struct value *map, const struct known_fact *fact)
{
	static const char *const states[] = {
		[FACT_UNKNOWN] = "unknown", [FACT_GOOD] = "good", [FACT_BAD] = "bad"};
	struct value *inner = value_put(map, "fact", value_map()), *checks;

	value_put_text(inner, "state", states[fact->is.state]);
	put_time(inner, "since", fact->is.since);
	checks = value_put(inner, "checks", value_list());
	for (size_t i = 0; i < fact->count; i++) {
		const struct known_check *check = &fact->checks[i];

		inner = value_append(checks, value_map());
		value_put_text(inner, "check", check->check);
		value_put_text(inner, "state", states[check->is.state]);
		value_put_text(inner, "word", check->word);
		put_time(inner, "since", check->is.since);
	}
}

static struct value *indicator_value(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, bool fresh)
{
	struct known_fact fact;
	struct value *map = value_map();
	char *cause;

	value_put_text(map, "id", indicator->id);
	value_put_boolean(map, "overall", indicator->id[0] == '\0');
	value_put_text(map, "group", indicator->group);
	value_put_text(map, "name", indicator->name);
	value_put_text(map, "level", level_name(indicator->level));
	value_put_text(map, "word", indicator->word);
	value_put_text(map, "colour", colour_name(status_indicator_colour(page, indicator, fresh)));
	value_put_boolean(map, "gone", indicator->gone);
	value_put_boolean(map, "alarm", indicator->alarm);
	value_put_boolean(map, "flapping", indicator->flapping);
	put_time(map, "acknowledged", status_acknowledged(status, indicator));
	put_time(map, "since", indicator->since);
	cause = status_cause(status, page, indicator);
	if (cause != NULL)
		value_put_text(map, "follows", cause);
	free(cause);
	if (status_fact(status, page, indicator, &fact)) {
		put_fact(map, &fact);
		known_fact_release(&fact);
	}
	return map;
}

void status_json_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation)
{
	struct value *map = value_append(status->pages, value_map()), *indicators;
	bool fresh = text_equal(observation, "fresh");
	char *url = http_url_public(page->url);
	struct suppression suppression;

	suppression_holds(
		status->context->config, &status->silences, page->name, status->now, &suppression);
	value_put_text(map, "name", page->name);
	value_put_text(map, "url", url);
	free(url);
	value_put_text(map, "provider", page->provider);
	value_put_text(map, "kind", page->kind);
	value_put_text(map, "observation", observation);
	value_put_text(map, "colour",
		colour_name(state != NULL ? status_page_colour(page, state, fresh) : COLOUR_GREY));
	put_time(map, "last_success", state != NULL ? state->last_success : 0);
	put_time(map, "last_fetch", state != NULL ? state->last_fetch : 0);
	value_put_text(map, "failure", state != NULL ? state->failure : "");
	value_put_number(map, "failures", state != NULL ? state->failures : 0);
	value_put_boolean(map, "lost", state != NULL && state->lost);
	put_time(map, "silent_until", suppression.until);
	indicators = value_put(map, "indicators", value_list());
	for (size_t i = 0; state != NULL && i < state->indicators.count; i++)
		value_append(indicators,
			indicator_value(status, page, &state->indicators.list[i], fresh));
	for (size_t i = 0; i < status->alarms.count; i++) {
		struct indicator_state unlisted;

		if (status_unlisted(state, &status->alarms.list[i], &unlisted))
			value_append(indicators, indicator_value(status, page, &unlisted, fresh));
	}
}
