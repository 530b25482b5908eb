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

/* Worst first, as the list of a message shows them. */
static const int rank[EVENT_TYPES] = {
	[EVENT_RED] = 0,
	[EVENT_LOST] = 1,
	[EVENT_BOTH] = 2,
	[EVENT_GREEN] = 3,
	[EVENT_BACK] = 4,
	[EVENT_GONE] = 5,
	[EVENT_UNDELIVERED] = 6,
	[EVENT_UNREACHABLE] = 6,
	[EVENT_SUSPENDED] = 6,
	[EVENT_MISSED] = 6,
	[EVENT_UPDATE] = 7,
	[EVENT_FLAPPING] = 1,
	[EVENT_SETTLED] = 2,
	[EVENT_REMINDER] = 0,
};

static int event_rank(const struct value *event)
{
	enum event_type type = EVENT_UPDATE;

	event_type_parse(value_get_text(event, "type"), &type);
	return rank[type];
}

/* Of two that are red the worse comes first. */
static int level_after(const struct value *event)
{
	enum level level = LEVEL_OPERATIONAL;

	level_parse(value_get_text(value_get(event, "after"), "level"), &level);
	return (int)level;
}

static int by_rank(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = event_rank(left) - event_rank(right);

	if (order == 0)
		order = level_after(right) - level_after(left);
	return order != 0 ? order
			  : strcmp(value_get_text(left, "label"), value_get_text(right, "label"));
}

static void put_headline(struct value *data, const struct value *events, size_t left_out)
{
	static const struct {
		const char *colour, *word;
	} words[EVENT_TYPES] = {
		[EVENT_RED] = {"red", "red"},
		[EVENT_GREEN] = {"green", "green"},
		[EVENT_BOTH] = {"green", "red and green again"},
		[EVENT_UPDATE] = {"yellow", "update"},
		[EVENT_LOST] = {"grey", "page lost"},
		[EVENT_BACK] = {"green", "page back"},
		[EVENT_GONE] = {"grey", "gone"},
		[EVENT_UNDELIVERED] = {"yellow", "undelivered"},
		[EVENT_UNREACHABLE] = {"yellow", "unreachable"},
		[EVENT_SUSPENDED] = {"yellow", "suspended"},
		[EVENT_MISSED] = {"yellow", "runs missed"},
		[EVENT_FLAPPING] = {"yellow", "flapping"},
		[EVENT_SETTLED] = {"green", "settled"},
		[EVENT_REMINDER] = {"red", "still red"},
	};
	struct value *headline = value_put(data, "headline", value_map());
	enum event_type first = EVENT_RED;
	size_t count = events->count + left_out, updates = 0;

	for (size_t i = events->count; i-- > 0;) {
		value_put_boolean(headline, value_get_text(events->members[i], "type"), true);
		event_type_parse(value_get_text(events->members[i], "type"), &first);
		updates += first == EVENT_UPDATE;
	}
	value_put_text(headline, "colour",
		first == EVENT_SETTLED
			? value_get_text(value_get(events->members[0], "after"), "colour")
			: words[first].colour);
	value_put_text(headline, "word", words[first].word);
	value_put_number(headline, "count", (int64_t)count);
	value_put_number(headline, "more",
		(int64_t)count - 1 - (first != EVENT_UPDATE ? (int64_t)updates : 0));
	value_put_boolean(headline, "several", events->count > 1);
}

void plan_put_events(struct value *data, struct value *events, size_t left_out)
{
	qsort(events->members, events->count, sizeof *events->members, by_rank);
	put_headline(data, events, left_out);
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
