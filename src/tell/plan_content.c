/* SPDX-License-Identifier: ISC
 *
 * What is said to all who have been told the same, from the trail of what they were told.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/digest_pages.h"
#include "tell/plan_p.h"

enum { DAY_SECONDS = 86400 };

/* A content while it is being made. */
struct making {
	const struct plan_input *input;
	struct content_plan *content; /* borrowed */
	struct value *events;         /* a list */
	struct value *others; /* of other pages, that stood in what was merged: as digest_pages.h
			       * has them; NULL: none */
};

static bool has_alarm(const struct content_plan *content, int64_t alarm, enum event_type type)
{
	for (size_t i = 0; i < content->alarm_count; i++)
		if (content->alarms[i].alarm == alarm && content->alarms[i].type == type)
			return true;
	return false;
}

static void append_alarm(struct content_plan *content, int64_t alarm, enum event_type type)
{
	if (alarm != 0)
		*(struct owed_alarm *)memory_append(&content->alarms, &content->alarm_count,
			sizeof *content->alarms) = (struct owed_alarm){alarm, type};
}

static void add_alarm(struct content_plan *content, int64_t alarm, enum event_type type)
{
	if (!has_alarm(content, alarm, type))
		append_alarm(content, alarm, type);
}

static bool is_event(const struct value *value, const struct event *event)
{
	return text_equal(value_get_text(value, "type"), event_type_name(event->type)) &&
	       text_equal(value_get_text(value, "id"), event->indicator);
}

static void add_event(struct making *making, const struct event *event)
{
	struct value *events = making->events;
	const struct value *last = events->count > 0 ? events->members[events->count - 1] : NULL;

	if (is_event(last, event)) /* the operator may be a subscriber too */
		return;
	if (events->count < PLAN_EVENTS_MAX)
		value_append(events, event_value(event, making->input->config->timezone));
	else
		making->content->left_out++;
	append_alarm(making->content, event->alarm, event->type);
}

/* What the message would have said of other pages is kept apart, that of this one beside it. */
static void part_events(struct making *making, const struct value *data)
{
	struct value *parts = value_list();

	join_parts(data, parts);
	for (size_t i = 0; i < parts->count; i++) {
		const struct value *part = parts->members[i], *events = value_get(part, "events");
		const char *name = value_get_text(part, "name");

		if (name[0] == '\0' || text_equal(name, making->input->page->name)) {
			for (size_t j = 0; events != NULL && j < events->count; j++)
				value_append(making->events, value_copy(events->members[j]));
			continue;
		}
		if (making->others == NULL)
			making->others = value_list();
		value_append(making->others, value_copy(part));
	}
	value_free(parts);
}

/* All that a message says is owed from here on by the one that stands for it. */
static void take_alarms(struct content_plan *content, const struct value *events)
{
	for (size_t i = 0; events != NULL && i < events->count; i++) {
		const struct value *event = events->members[i];
		enum event_type type = EVENT_RED;

		if (event_type_parse(value_get_text(event, "type"), &type))
			add_alarm(content, value_get_number(event, "alarm"),
				type == EVENT_BOTH ? EVENT_RED : type);
	}
}

/* Takes over what a red's message that never got out would have said beside this alarm. */
static void merge(struct making *making, const struct value *data)
{
	take_alarms(making->content, value_get(data, "events"));
	part_events(making, data);
}

/* What was merged of this alarm becomes "was red, is green". */
static void replace(struct making *making, const struct event *event)
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
	value_append(events, event_value(event, making->input->config->timezone));
	add_alarm(making->content, event->alarm, EVENT_RED);
	add_alarm(making->content, event->alarm,
		event->type == EVENT_BOTH ? EVENT_GREEN : event->type);
}

static void take_step(struct making *making, const struct trail *step)
{
	struct event event = step->event != NULL ? *step->event : (struct event){0};

	if (step->told == TOLD_BOTH || (step->told == TOLD_OVER && event.type == EVENT_GREEN))
		event.type = EVENT_BOTH;
	switch (step->told) {
	case TOLD_EVENT:
	case TOLD_BOTH:
		add_event(making, &event);
		break;
	case TOLD_MERGED:
		merge(making, step->data);
		break;
	case TOLD_OVER:
		replace(making, &event);
		break;
	}
}

/* In the order in which it was told. */
static void take_trail(struct making *making, const struct trail *trail)
{
	const struct trail **steps = NULL;
	size_t count = 0;

	for (; trail->before != NULL; trail = trail->before)
		*(const struct trail **)memory_append(&steps, &count, sizeof *steps) = trail;
	while (count > 0)
		take_step(making, steps[--count]);
	free(steps);
}

static bool settles(const struct value *events, const char *indicator)
{
	for (size_t i = 0; i < events->count; i++)
		if (text_equal(value_get_text(events->members[i], "type"),
			    event_type_name(EVENT_SETTLED)) &&
			text_equal(value_get_text(events->members[i], "id"), indicator))
			return true;
	return false;
}

/* Whoever hears that it has settled, red or green, need not hear so twice; it is owed all the
 * same. */
static void leave_out_settled(struct value *events)
{
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		struct value *event = events->members[i];
		const char *type = value_get_text(event, "type");
		bool plain = text_equal(type, event_type_name(EVENT_RED)) ||
			     text_equal(type, event_type_name(EVENT_GREEN));

		if (plain && settles(events, value_get_text(event, "id"))) {
			value_free(event);
			events->members[i] = NULL; /* settles() looks at all of them again */
		} else {
			events->members[kept++] = event;
		}
	}
	events->count = kept;
}

static void put_data(struct making *making)
{
	struct content_plan *content = making->content;

	leave_out_settled(making->events);
	content->data = plan_data(making->input);
	plan_put_events(content->data, making->events, content->left_out);
	if (making->others == NULL)
		return;
	content->joined = true;
	join_parts(content->data, making->others);
	join_put(content->data, making->others, content->left_out);
	value_free(making->others);
}

/* ---- identity ---- */

/*
 * What has no alarm is told apart by what it says and when. A red or a lost page has
 * none only where nothing could be written, and then comes again each hour: the day is
 * enough, so that a repeat is seen to be one.
 */
static void add_identity(const struct value *event, int64_t now, struct buffer *text)
{
	enum event_type type = EVENT_UPDATE;
	bool repeats;

	event_type_parse(value_get_text(event, "type"), &type);
	repeats = type == EVENT_RED || type == EVENT_LOST;
	buffer_format(text, "|%s %s %s %" PRId64, event_type_name(type),
		value_get_text(event, "id"),
		repeats ? value_get_text(value_get(event, "after"), "level")
			: value_get_text(event, "reason"),
		repeats ? now / DAY_SECONDS : now);
}

/* What tells it from everything else that the same receiver is told of this page. */
static void identify(const struct making *making)
{
	struct content_plan *content = making->content;
	const struct value *events = value_get(content->data, "events");
	struct buffer text = {0};

	for (size_t i = 0; i < content->alarm_count; i++)
		buffer_format(&text, "|%" PRId64 " %s", content->alarms[i].alarm,
			event_type_name(content->alarms[i].type));
	for (size_t i = 0; i < events->count; i++)
		if (value_get_number(events->members[i], "alarm") == 0 ||
			text_equal(value_get_text(events->members[i], "type"),
				event_type_name(EVENT_REMINDER)))
			add_identity(events->members[i], making->input->now, &text);
	content->identity = buffer_take(&text);
}

char *plan_message_id(const struct config *config, const char *key, int64_t alarm, const char *type,
	const char *text, size_t length)
{
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL;
	unsigned char digest[DIGEST_BYTES];
	char hexadecimal[DIGEST_TEXT];

	digest_hmac(key, strlen(key), text, length, digest);
	text_hexadecimal(digest, sizeof digest, hexadecimal);
	return memory_format("<e.%" PRId64 ".%s.%.16s@%s>", alarm, type, hexadecimal,
		at != NULL ? at + 1 : "lampwatch.invalid");
}

size_t content_of(struct draft *draft, struct trail *trail)
{
	struct plan *plan = draft->plan;

	if (trail->content == 0) {
		struct making making = {.input = draft->input,
			.content = memory_append(
				&plan->contents, &plan->content_count, sizeof *plan->contents),
			.events = value_list()};

		take_trail(&making, trail);
		put_data(&making);
		identify(&making);
		trail->content = plan->content_count;
	}
	return trail->content - 1;
}
