/* SPDX-License-Identifier: ISC
 *
 * What is said to all who have been told the same, from the path of what they were told, and how
 * templates get it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date_value.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/level.h"
#include "net/http.h"
#include "settings.h"
#include "tell/digest_pages.h"
#include "tell/plan_p.h"

/* ---- the data of a message ---- */

static enum level level_after(const struct value *event)
{
	enum level level = LEVEL_OPERATIONAL;

	level_parse(value_get_text(value_get(event, "after"), "level"), &level);
	return level;
}

/* How many causes stand before it. */
static int depth_of(const struct value *event)
{
	return (int)value_get_number(value_get(event, "cause"), "depth");
}

/* What follows may follow from what only our own checks see. */
static int rank_of(const struct value *event)
{
	int rank = event_types[event_value_type(event)].rank;

	return depth_of(event) > 0 && rank < event_types[EVENT_EARLY].rank
		       ? event_types[EVENT_EARLY].rank
		       : rank;
}

/* Worst first, as the list of a message shows them; causes before what follows from them. */
static int by_rank(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = rank_of(left) - rank_of(right);

	if (order == 0)
		order = depth_of(left) - depth_of(right);
	if (order == 0)
		order = (int)level_after(right) - (int)level_after(left);
	return order != 0 ? order
			  : strcmp(value_get_text(left, "label"), value_get_text(right, "label"));
}

/* True where it says what our own checks see. */
static bool is_measured(const struct value *event, const struct event_type_row *row)
{
	return value_get(event, "is_measured") != NULL ||
	       (row->episode == EVENT_RED && row->part != PART_NONE &&
		       !text_empty(value_get_text(event, "reason")));
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
		if (is_measured(events->members[i], row))
			value_put_boolean(data, "measured", true);
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

/* What people get goes on to others: without what the address of the page may have of secrets. */
static void put_url(struct value *map, const char *url)
{
	char *public = http_url_public(url);

	value_put_text(map, "url", public);
	free(public);
}

struct value *plan_data(const struct plan_input *input)
{
	const struct page_config *page = input->page;
	struct value *data = value_map(), *map = value_put(data, "page", value_map());

	if (page != NULL) {
		value_put_text(map, "name", page->name);
		value_put_text(map, "title", text_empty(input->title) ? page->name : input->title);
		put_url(map, page->url);
		if (page->check_count > 0 || page->fact_count > 0)
			value_put_boolean(data, "measured", true);
		if (page->match != NULL)
			value_put_boolean(data, "crowd", true);
		value_put_text(map, "provider", page->provider);
		value_put_text(map, "provider_or_name",
			page->provider != NULL ? page->provider : page->name);
	}
	if (input->snapshot_path != NULL) {
		map = value_put(data, "snapshot", value_map());
		value_put_text(map, "path", input->snapshot_path);
		value_put_text(map, "digest", input->snapshot_digest);
		value_put_text(map, "head", input->head);
		if (input->snapshot_url != NULL)
			value_put_text(map, "url", input->snapshot_url);
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

/* ---- from what was told ---- */

/* A content while it is being made. */
struct making {
	const struct plan_input *input;
	struct content_plan *content; /* borrowed */
	struct value *events;         /* a list */
	struct value *others; /* of other pages, that stood in what was merged: as digest_pages.h
			       * has them; NULL: none */
};

/* What a probe says is what a check says. */
static struct value *value_of(const struct making *making, const struct event *event)
{
	const struct page_config *page = making->input->page;
	struct value *value = event_value(event, making->input->config->timezone);

	if (page != NULL && page->check_count > 0)
		value_put_boolean(value, "is_check", true);
	return value;
}

static void append_alarm(struct content_plan *content, int64_t alarm, enum event_type type)
{
	if (alarm != 0)
		*(struct owed_alarm *)memory_append(&content->alarms, &content->alarm_count,
			sizeof *content->alarms) = (struct owed_alarm){alarm, type};
}

static void add_alarm(struct content_plan *content, int64_t alarm, enum event_type type)
{
	for (size_t i = 0; i < content->alarm_count; i++)
		if (content->alarms[i].alarm == alarm && content->alarms[i].type == type)
			return;
	append_alarm(content, alarm, type);
}

static void add_event(struct making *making, const struct event *event)
{
	struct value *events = making->events;
	const struct value *last = events->count > 0 ? events->members[events->count - 1] : NULL;

	if (text_equal(value_get_text(last, "type"), event_type_name(event->type)) &&
		text_equal(value_get_text(last, "id"), event->indicator))
		return; /* the operator may be a subscriber too */
	if (events->count < PLAN_EVENTS_MAX)
		value_append(events, value_of(making, event));
	else
		making->content->left_out++;
	append_alarm(making->content, event->alarm, event->type);
	append_alarm(making->content, event->early, EVENT_EARLY);
	append_alarm(making->content, event->follows, EVENT_FOLLOWS);
}

/*
 * Takes over what a message that never got out would have said: all that it says is owed from here
 * on by the one that stands for it. What it says of other pages is kept apart, that of this one
 * beside it.
 */
static void merge(struct making *making, const struct value *data)
{
	const struct value *events = value_get(data, "events");
	struct value *parts = value_list(), *copy;

	for (size_t i = 0; events != NULL && i < events->count; i++) {
		enum event_type type = event_value_type(events->members[i]);

		add_alarm(making->content, value_get_number(events->members[i], "alarm"),
			event_types[type].part == PART_WHOLE ? event_types[type].episode : type);
		add_alarm(making->content, value_get_number(events->members[i], "early"),
			EVENT_EARLY);
		add_alarm(making->content, value_get_number(events->members[i], "follows"),
			EVENT_FOLLOWS);
	}
	copy = value_copy(data);
	digest_pages_add(copy, parts);
	value_free(copy);
	for (size_t i = 0; i < parts->count; i++) {
		const char *name = value_get_text(parts->members[i], "name");

		if (name[0] == '\0' || text_equal(name, making->input->page->name)) {
			events = value_get(parts->members[i], "events");
			for (size_t j = 0; events != NULL && j < events->count; j++)
				value_append(making->events, value_copy(events->members[j]));
			continue;
		}
		if (making->others == NULL)
			making->others = value_list();
		value_append(making->others, value_copy(parts->members[i]));
	}
	value_free(parts);
}

/* What was merged of this alarm becomes one event, such as "was red, is green". */
static void replace(struct making *making, const struct event *event, enum event_type end)
{
	struct value *events = making->events;
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		if (value_get_number(events->members[i], "alarm") == event->alarm)
			value_free(events->members[i]);
		else
			events->members[kept++] = events->members[i];
	}
	events->count = kept;
	value_append(events, value_of(making, event));
	add_alarm(making->content, event->alarm, event_types[end].episode);
	add_alarm(making->content, event->alarm, end);
	add_alarm(making->content, event->early, EVENT_EARLY);
}

/* Whoever hears that an indicator has settled, red or green, need not hear so twice. The alarms of
 * what is left out are kept. */
static void leave_out_covered(struct value *events)
{
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		struct value *event = events->members[i];
		int type = 1 << event_value_type(event);
		bool covered = false;

		events->members[i] = NULL; /* all of them are looked at again */
		for (size_t j = 0; j < events->count && !covered; j++)
			covered = (event_types[event_value_type(events->members[j])].covers &
					  type) != 0 &&
				  text_equal(value_get_text(events->members[j], "id"),
					  value_get_text(event, "id"));
		if (covered)
			value_free(event);
		else
			events->members[kept++] = event;
	}
	events->count = kept;
}

/*
 * What tells it from everything else that the same receiver is told of this page, and is the same
 * whichever database it is told from: the indicators, and the origins of their alarms. An alarm
 * that gets worse and one that people are reminded of are told apart by how bad and when; what has
 * no alarm by what the page says.
 */
static char *identity(const struct content_plan *content)
{
	const struct value *events = value_get(content->data, "events");
	struct buffer text = {0};

	for (size_t i = 0; i < events->count; i++) {
		const struct value *event = events->members[i];
		const struct event_type_row *row = &event_types[event_value_type(event)];
		const struct value *risen = value_get(event, "risen");

		buffer_format(&text, "|%s %s %s", row->name, value_get_text(event, "id"),
			value_get_text(event, "origin"));
		if (risen != NULL && risen->type == VALUE_TRUE)
			buffer_format(
				&text, " %s", value_get_text(value_get(event, "after"), "level"));
		if (row->part == PART_MIDDLE)
			buffer_format(&text, " %s", value_get_text(event, "seen_at"));
		if (row->part != PART_NONE)
			continue;
		buffer_format(&text, " %s %s %s ", value_get_text(event, "said_at"),
			value_get_text(event, "word"), value_get_text(event, "reason"));
		if (value_get(event, "incidents") != NULL)
			json_write(value_get(event, "incidents"), 0, &text);
	}
	return buffer_take(&text);
}

void content_plan_make(
	const struct plan_input *input, const struct told_path *path, struct content_plan *content)
{
	struct making making = {.input = input, .content = content, .events = value_list()};
	const struct told_path **steps = NULL;
	size_t count = 0;

	for (; path->before != NULL; path = path->before)
		*(const struct told_path **)memory_append(&steps, &count, sizeof *steps) = path;
	while (count > 0) { /* in the order in which it was told */
		const struct told_path *step = steps[--count];
		struct event event = {0};

		if (step->event != NULL)
			event = *step->event;
		if (step->told == TOLD_EVENT && event.follows != 0)
			event.cause = NULL, event.follows = 0;
		if (step->told == TOLD_BOTH || step->told == TOLD_OVER)
			event.type = event_types[event.type].unsent;
		if (step->told == TOLD_MERGED)
			merge(&making, step->data);
		else if (step->told == TOLD_OVER)
			replace(&making, &event, step->event->type);
		else
			add_event(&making, &event);
	}
	free(steps);
	leave_out_covered(making.events);
	content->data = plan_data(input);
	plan_put_events(content->data, making.events, content->left_out);
	if (making.others != NULL) {
		content->digest_message = true;
		digest_pages_add(content->data, making.others);
		digest_pages_put(content->data, making.others, content->left_out);
		value_free(making.others);
	}
	content->identity = identity(content);
}

char *plan_message_id(const struct config *config, const char *key, const struct content_plan *says,
	const struct buffer *text)
{
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL;
	unsigned char digest[DIGEST_BYTES];
	char hexadecimal[DIGEST_TEXT];

	digest_hmac(key, strlen(key), text->data, text->length, digest);
	text_hexadecimal(digest, sizeof digest, hexadecimal);
	return memory_format("<e.%s.%.32s@%s>",
		says->alarm_count > 0 ? event_type_name(says->alarms[0].type) : "note", hexadecimal,
		at != NULL ? at + 1 : "lampwatch.invalid");
}
