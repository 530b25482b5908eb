/* SPDX-License-Identifier: ISC
 *
 * One message on its way from the first event that is owed to its identity.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tell/join.h"
#include "tell/plan_p.h"

enum { DAY_SECONDS = 86400 };

struct delivery_plan *delivery_for(struct plan *plan, const char *receiver)
{
	struct delivery_plan *delivery;

	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->list[i].receiver, receiver) == 0)
			return &plan->list[i];
	delivery = memory_append(&plan->list, &plan->count, sizeof *delivery);
	delivery->receiver = memory_string(receiver);
	return delivery;
}

static bool has_alarm(const struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	for (size_t i = 0; i < delivery->alarm_count; i++)
		if (delivery->alarms[i].alarm == alarm && delivery->alarms[i].type == type)
			return true;
	return false;
}

static void append_alarm(struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	if (alarm != 0)
		*(struct owed_alarm *)memory_append(&delivery->alarms, &delivery->alarm_count,
			sizeof *delivery->alarms) = (struct owed_alarm){alarm, type};
}

static void add_alarm(struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	if (!has_alarm(delivery, alarm, type))
		append_alarm(delivery, alarm, type);
}

/* The list of events, while the delivery is being made. */
static struct value *events_of(struct delivery_plan *delivery)
{
	if (delivery->data == NULL)
		delivery->data = value_list();
	return delivery->data;
}

static bool is_event(const struct value *value, const struct event *event)
{
	return text_equal(value_get_text(value, "type"), event_type_name(event->type)) &&
	       text_equal(value_get_text(value, "id"), event->indicator);
}

void delivery_add_event(
	struct plan *plan, const char *receiver, const struct event *event, const char *zone)
{
	struct delivery_plan *delivery = delivery_for(plan, receiver);
	struct value *events = events_of(delivery);
	const struct value *last = events->count > 0 ? events->members[events->count - 1] : NULL;

	if (is_event(last, event)) /* the operator may be a subscriber too */
		return;
	if (events->count < PLAN_EVENTS_MAX)
		value_append(events, event_value(event, zone));
	else
		delivery->left_out++;
	append_alarm(delivery, event->alarm, event->type);
}

/* What the red's message would have said of other pages; returns what it says of this one. */
static struct value *part_others(
	struct delivery_plan *delivery, const struct owed *owed, const char *page)
{
	struct value *parts = value_list(), *own = value_list();

	join_parts(owed->data, parts);
	for (size_t i = 0; i < parts->count; i++) {
		const struct value *part = parts->members[i], *events = value_get(part, "events");
		const char *name = value_get_text(part, "name");

		if (name[0] == '\0' || text_equal(name, page)) {
			for (size_t j = 0; events != NULL && j < events->count; j++)
				value_append(own, value_copy(events->members[j]));
			continue;
		}
		if (delivery->others == NULL)
			delivery->others = value_list();
		value_append(delivery->others, value_copy(part));
	}
	value_free(parts);
	return own;
}

/* All that a message says is owed from here on by the one that stands for it. */
static void take_alarms(struct delivery_plan *delivery, const struct value *events)
{
	for (size_t i = 0; events != NULL && i < events->count; i++) {
		const struct value *event = events->members[i];
		enum event_type type = EVENT_RED;

		if (event_type_parse(value_get_text(event, "type"), &type))
			add_alarm(delivery, value_get_number(event, "alarm"),
				type == EVENT_BOTH ? EVENT_RED : type);
	}
}

/* Takes over what a red's message that never got out would have said beside this alarm. */
void delivery_merge(struct delivery_plan *delivery, const struct owed *owed, const char *page)
{
	struct value *own;

	for (size_t i = 0; i < delivery->merged_count; i++)
		if (delivery->merged[i] == owed->delivery)
			return;
	*(int64_t *)memory_append(&delivery->merged, &delivery->merged_count,
		sizeof *delivery->merged) = owed->delivery;
	take_alarms(delivery, value_get(owed->data, "events"));
	own = part_others(delivery, owed, page);
	for (size_t i = 0; i < own->count; i++)
		value_append(events_of(delivery), value_copy(own->members[i]));
	value_free(own);
}

/* The red of this alarm, taken over, becomes "was red, is green". */
void delivery_replace_by_both(
	struct delivery_plan *delivery, const struct event *event, const char *zone)
{
	struct value *events = events_of(delivery);
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		if (value_get_number(events->members[i], "alarm") == event->alarm)
			value_free(events->members[i]);
		else
			events->members[kept++] = events->members[i];
	}
	events->count = kept;
	value_append(events, event_value(event, zone));
	add_alarm(delivery, event->alarm, EVENT_RED);
	add_alarm(delivery, event->alarm, event->type == EVENT_BOTH ? EVENT_GREEN : event->type);
}

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

static void put_message_id(struct value *data, const char *message_id)
{
	char *bare = memory_bytes(message_id + 1, strlen(message_id) - 2);

	value_put_text(data, "message_id", bare);
	*strchr(bare, '@') = '\0';
	value_put_text(data, "webhook_id", bare);
	free(bare);
}

char *plan_put_message_id(const struct config *config, const char *key, int64_t alarm,
	const char *type, const char *text, size_t length, struct value *data)
{
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL;
	unsigned char digest[DIGEST_BYTES];
	char hexadecimal[DIGEST_TEXT], *id;

	digest_hmac(key, strlen(key), text, length, digest);
	text_hexadecimal(digest, sizeof digest, hexadecimal);
	id = memory_format("<e.%" PRId64 ".%s.%.16s@%s>", alarm, type, hexadecimal,
		at != NULL ? at + 1 : "lampwatch.invalid");
	put_message_id(data, id);
	return id;
}

/*
 * Alarms, types and the receiver make the id, so that a repeat of the same
 * news carries the same one, and the key keeps anybody else from guessing it.
 */
static char *message_id(const struct plan_input *input, const struct delivery_plan *delivery)
{
	const char *type =
		delivery->alarm_count > 0 ? event_type_name(delivery->alarms[0].type) : "note";
	const struct value *events = value_get(delivery->data, "events");
	struct buffer text = {0};
	char *id;

	buffer_format(&text, "%s|%s", input->page->name, delivery->receiver);
	for (size_t i = 0; i < delivery->alarm_count; i++)
		buffer_format(&text, "|%" PRId64 " %s", delivery->alarms[i].alarm,
			event_type_name(delivery->alarms[i].type));
	for (size_t i = 0; i < events->count; i++)
		if (value_get_number(events->members[i], "alarm") == 0 ||
			text_equal(value_get_text(events->members[i], "type"),
				event_type_name(EVENT_REMINDER)))
			add_identity(events->members[i], input->now, &text);
	id = plan_put_message_id(input->config, input->key,
		delivery->alarm_count > 0 ? delivery->alarms[0].alarm : 0, type,
		buffer_string(&text), text.length, delivery->data);
	buffer_release(&text);
	return id;
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

		if (plain && settles(events, value_get_text(event, "id")))
			value_free(event);
		else
			events->members[kept++] = event;
	}
	events->count = kept;
}

void delivery_finish(const struct plan_input *input, struct delivery_plan *delivery)
{
	struct value *events = events_of(delivery);

	leave_out_settled(events);
	delivery->data = plan_data(input);
	plan_put_events(delivery->data, events, delivery->left_out);
	if (delivery->others != NULL) {
		join_parts(delivery->data, delivery->others);
		join_put(delivery->data, delivery->others, delivery->left_out);
	}
	delivery->message_id = message_id(input, delivery);
	delivery->sender =
		plan_put_unsubscribe(delivery->data, input->config, input->key, delivery->receiver);
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->list[i].receiver);
		free(plan->list[i].message_id);
		free(plan->list[i].in_reply_to);
		value_free(plan->list[i].data);
		free(plan->list[i].held_for);
		free(plan->list[i].otherwise);
		free(plan->list[i].sender);
		free(plan->list[i].alarms);
		free(plan->list[i].merged);
		value_free(plan->list[i].others);
	}
	free(plan->list);
	*plan = (struct plan){0};
}
