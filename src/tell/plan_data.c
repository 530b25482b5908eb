/* SPDX-License-Identifier: ISC
 *
 * What a message says, as templates get it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/date_value.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/level.h"
#include "settings.h"
#include "tell/plan.h"

static enum level level_after(const struct value *event)
{
	enum level level = LEVEL_OPERATIONAL;

	level_parse(value_get_text(value_get(event, "after"), "level"), &level);
	return level;
}

/* Worst first, as the list of a message shows them; of two that are red the worse. */
static int by_rank(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = event_types[event_value_type(left)].rank -
		    event_types[event_value_type(right)].rank;

	if (order == 0)
		order = (int)level_after(right) - (int)level_after(left);
	return order != 0 ? order
			  : strcmp(value_get_text(left, "label"), value_get_text(right, "label"));
}

void plan_put_events(struct value *data, struct value *events, size_t left_out)
{
	struct value *headline = value_put(data, "headline", value_map());
	const struct event_type_row *row = &event_types[EVENT_RED];
	int64_t count = (int64_t)(events->count + left_out), updates = 0;

	qsort(events->members, events->count, sizeof *events->members, by_rank);
	for (size_t i = events->count; i-- > 0;) {
		row = &event_types[event_value_type(events->members[i])];
		value_put_boolean(headline, row->name, true);
		updates += row->about == ABOUT_INCIDENT;
	}
	value_put_text(headline, "colour",
		row->colour != NULL
			? row->colour
			: value_get_text(value_get(events->members[0], "after"), "colour"));
	value_put_text(headline, "word", row->word);
	value_put_number(headline, "count", count);
	value_put_number(
		headline, "more", count - 1 - (row->about != ABOUT_INCIDENT ? updates : 0));
	value_put_boolean(headline, "several", events->count > 1);
	if (events->count > 0)
		value_put(data, "first", value_copy(events->members[0]));
	value_put(data, "events", events);
}

struct value *plan_data(const struct plan_input *input)
{
	const struct page_config *page = input->page;
	struct value *data = value_map(), *map = value_put(data, "page", value_map());

	if (page != NULL) {
		value_put_text(map, "name", page->name);
		value_put_text(map, "title", text_empty(input->title) ? page->name : input->title);
		value_put_text(map, "url", page->url);
		value_put_text(map, "provider", page->provider);
		value_put_text(map, "provider_or_name",
			page->provider != NULL ? page->provider : page->name);
	}
	if (input->snapshot_path != NULL) {
		map = value_put(data, "snapshot", value_map());
		value_put_text(map, "path", input->snapshot_path);
		value_put_text(map, "digest", input->snapshot_digest);
		value_put_text(map, "head", input->head);
	}
	map = value_put(data, "sent", value_map());
	value_put_time(map, "created", input->now, input->config->timezone);
	value_put(data, "others_red",
		input->others_red != NULL ? value_copy(input->others_red) : value_list());
	value_put_text(data, "version", LAMPWATCH_VERSION);
	value_put_boolean(data, "simulated", input->simulated);
	value_put_boolean(data, "test", false);
	return data;
}
