/* SPDX-License-Identifier: ISC */
#include "tell/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/pattern.h"
#include "base/text.h"
#include "tell/join.h"

enum { DAY_SECONDS = 86400 };

/* What each type of event asks of a receiver's `on:`; 0: the operator's alone. */
static const int wanted_for[EVENT_TYPES] = {
	[EVENT_RED] = WANTED_RED,
	[EVENT_GREEN] = WANTED_GREEN,
	[EVENT_BOTH] = WANTED_GREEN,
	[EVENT_UPDATE] = WANTED_UPDATE,
	[EVENT_LOST] = WANTED_LOST,
	[EVENT_BACK] = WANTED_LOST,
	[EVENT_GONE] = 0,
	[EVENT_UNDELIVERED] = 0,
	[EVENT_MISSED] = 0,
	[EVENT_FLAPPING] = WANTED_FLAPPING,
	[EVENT_SETTLED] = WANTED_FLAPPING,
	[EVENT_REMINDER] = WANTED_RED,
};

/* What each type that ends an episode ends. */
static const enum event_type begun_by[EVENT_TYPES] = {
	[EVENT_GREEN] = EVENT_RED,
	[EVENT_BACK] = EVENT_LOST,
	[EVENT_SETTLED] = EVENT_FLAPPING,
};

static bool is_end(enum event_type type)
{
	return type == EVENT_GREEN || type == EVENT_BACK || type == EVENT_SETTLED;
}

static bool for_operator(enum event_type type)
{
	return type == EVENT_LOST || type == EVENT_BACK || type == EVENT_GONE;
}

static struct delivery_plan *delivery_for(struct plan *plan, const char *receiver)
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

static void add_event(
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

/* The operator is told of trouble with the watching, whatever subscriptions say. */
static bool is_operators(const struct plan_input *input, const char *receiver)
{
	const char *address = receiver_address(receiver);

	return address != NULL && text_equal(address, input->config->operator);
}

/* An update is about the indicators that its incident names; without names, about all. */
static bool wants_incident(const struct subscription *subscription, const struct event *event)
{
	for (size_t i = 0; i < event->affects.count; i++)
		if (patterns_choose_name(&subscription->indicators, event->affects.list[i]))
			return true;
	return event->affects.count == 0;
}

/* The page's own overall level is for those who take all of it. */
static bool wants_indicator(const struct subscription *subscription, const struct event *event)
{
	if (subscription->indicators.count == 0 || event->type == EVENT_LOST)
		return true;
	if (event->type == EVENT_UPDATE)
		return wants_incident(subscription, event);
	return !text_empty(event->name) && patterns_choose(&subscription->indicators,
						   event->indicator, event->group, event->name);
}

/*
 * Red is told to those whose floor it reaches; of an alarm that got worse, the others know. What
 * flaps is as bad as the worse of its two sides.
 */
static bool reaches_floor(const struct subscription *subscription, const struct event *event)
{
	int before = (int)event->before, after = (int)event->after;

	if (event->type == EVENT_FLAPPING)
		return subscription->floor <= (before > after ? before : after);
	return event->type != EVENT_RED ||
	       (subscription->floor <= after && !(event->risen && subscription->floor <= before));
}

static bool wants(
	const struct subscription *subscription, const char *page, const struct event *event)
{
	return (subscription->on & wanted_for[event->type]) != 0 &&
	       patterns_choose_name(&subscription->pages, page) &&
	       wants_indicator(subscription, event) && reaches_floor(subscription, event);
}

static void hold_for(struct delivery_plan *delivery, const struct receiver *receiver)
{
	memory_set(&delivery->held_for, receiver->provider);
	memory_set(&delivery->otherwise, receiver->otherwise); /* what goes in its stead */
}

/* When the receiver's quiet hours end; 0 outside of them. */
static int64_t quiet_until(const struct plan_input *input, const struct subscription *subscription)
{
	int64_t until;

	return windows_hold(&subscription->quiet, input->config->timezone, input->now, &until)
		       ? until
		       : 0;
}

/* Of all for which a message is owed, the one that may be told first decides when. */
static void hold_until(struct plan *plan, const char *receiver, int64_t until)
{
	size_t count = plan->count;
	struct delivery_plan *delivery = delivery_for(plan, receiver);

	if (plan->count > count || until < delivery->held_until)
		delivery->held_until = until;
}

/*
 * By the first way; where that is hosted at a provider in trouble by the second, and
 * by the first once the provider is back. Where nobody can know, by both at once.
 */
static void tell(const struct plan_input *input, const struct receiver *receiver,
	const struct event *event, struct plan *plan)
{
	bool both = receiver->otherwise != NULL && (receiver->endangered || receiver->doubtful);
	int64_t until = quiet_until(input, receiver->subscription);

	hold_until(plan, receiver->name, until);
	add_event(plan, receiver->name, event, input->config->timezone);
	if (both) {
		hold_until(plan, receiver->otherwise, until);
		add_event(plan, receiver->otherwise, event, input->config->timezone);
	}
	if (both && receiver->endangered)
		hold_for(delivery_for(plan, receiver->name), receiver);
	if (!both && receiver->otherwise != NULL)
		memory_set(&delivery_for(plan, receiver->name)->otherwise, receiver->otherwise);
}

/* Everybody whose subscription wants the event. */
static void tell_all(const struct plan_input *input, const struct event *event, struct plan *plan)
{
	const struct config *config = input->config;

	for (size_t i = 0; i < input->receivers->count; i++)
		if (wants(input->receivers->list[i].subscription, input->page->name, event))
			tell(input, &input->receivers->list[i], event, plan);
	if (for_operator(event->type) && config->operator!= NULL) {
		char *receiver = receiver_mail(config->operator);

		hold_until(plan, receiver, 0);
		add_event(plan, receiver, event, config->timezone);
		free(receiver);
	}
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
static void merge_rest(struct delivery_plan *delivery, const struct owed *owed, const char *page)
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
static void replace_by_both(
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
 * What a receiver still wants to hear of the page, by all subscriptions that name it: also as
 * a second way, which a red may have taken. 0: nothing (any more).
 */
static int wanted_by(const struct plan_input *input, const char *name)
{
	int wanted = 0;

	for (size_t i = 0; i < input->receivers->count; i++) {
		const struct receiver *receiver = &input->receivers->list[i];

		if ((text_equal(receiver->name, name) || text_equal(receiver->otherwise, name)) &&
			patterns_choose_name(&receiver->subscription->pages, input->page->name))
			wanted |= receiver->subscription->on;
	}
	return wanted;
}

/*
 * True where the end of an episode is still wanted by who was owed its beginning.
 * A beginning that never got out would only mislead once it is over: it says both
 * also to those who want only the red.
 */
static bool end_is_wanted(
	const struct plan_input *input, const struct event *event, const struct owed *owed)
{
	enum event_type begun = begun_by[event->type];
	int wanted = wanted_by(input, owed->receiver);

	if (for_operator(event->type) && is_operators(input, owed->receiver))
		return true;
	return (wanted & wanted_for[event->type]) != 0 ||
	       (!owed->out && (wanted & wanted_for[begun]) != 0);
}

static const struct receiver *find_receiver(const struct plan_input *input, const char *name)
{
	for (size_t i = 0; i < input->receivers->count; i++)
		if (strcmp(input->receivers->list[i].name, name) == 0)
			return &input->receivers->list[i];
	return NULL;
}

static bool was_owed(const struct plan_input *input, int64_t alarm, const char *receiver)
{
	for (size_t i = 0; i < input->owed_count; i++)
		if (input->owed[i].alarm == alarm && text_equal(input->owed[i].receiver, receiver))
			return true;
	return false;
}

static void tell_end(const struct plan_input *input, const struct event *event,
	const struct owed *owed, struct plan *plan)
{
	const char *zone = input->config->timezone;
	const struct receiver *receiver = find_receiver(input, owed->receiver);
	int64_t until = receiver != NULL ? quiet_until(input, receiver->subscription) : 0;
	struct delivery_plan *delivery;
	struct event both = *event;

	hold_until(plan, owed->receiver, until);
	both.type = event->type == EVENT_GREEN && !owed->out ? EVENT_BOTH : event->type;
	if (owed->out) {
		add_event(plan, owed->receiver, event, zone);
		delivery = delivery_for(plan, owed->receiver);
		if (delivery->in_reply_to == NULL)
			delivery->in_reply_to = memory_string(owed->message_id);
	} else {
		delivery = delivery_for(plan, owed->receiver);
		merge_rest(delivery, owed, input->page->name);
		replace_by_both(delivery, &both, zone);
	}
	if (receiver == NULL || receiver->otherwise == NULL)
		return;
	if (!receiver->endangered && !receiver->doubtful) {
		memory_set(&delivery->otherwise, receiver->otherwise);
		return;
	}
	if (receiver->endangered)
		hold_for(delivery, receiver);
	if (was_owed(input, event->alarm, receiver->otherwise))
		return;
	hold_until(plan, receiver->otherwise, until);
	add_event(plan, receiver->otherwise, &both, zone);
}

static bool is_quiet(const struct plan_input *input, const char *name)
{
	const struct receiver *receiver = find_receiver(input, name);

	return receiver != NULL && quiet_until(input, receiver->subscription) != 0;
}

/* To whom a red has got out and who still wants to hear of red; a reminder is nothing to hold. */
static void tell_reminder(
	const struct plan_input *input, const struct event *event, struct plan *plan)
{
	for (size_t i = 0; i < input->owed_count; i++) {
		const struct owed *owed = &input->owed[i];

		if (owed->alarm == event->alarm && !owed->dropped && owed->out &&
			(wanted_by(input, owed->receiver) & WANTED_RED) != 0 &&
			!is_quiet(input, owed->receiver))
			tell_end(input, event, owed, plan);
	}
}

/* Green, settled, and page back: to whoever was owed the beginning, and to nobody else. */
static void tell_owed(const struct plan_input *input, const struct event *event, struct plan *plan)
{
	for (size_t i = 0; i < input->owed_count; i++) {
		const struct owed *owed = &input->owed[i];

		if (owed->alarm == event->alarm && !owed->dropped &&
			end_is_wanted(input, event, owed))
			tell_end(input, event, owed, plan);
	}
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

static void finish(const struct plan_input *input, struct delivery_plan *delivery)
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

void plan_make(const struct plan_input *input, struct plan *plan)
{
	for (size_t i = 0; i < input->events->count; i++) {
		const struct event *event = &input->events->list[i];

		if (is_end(event->type))
			tell_owed(input, event, plan);
		else if (event->type == EVENT_REMINDER)
			tell_reminder(input, event, plan);
		else
			tell_all(input, event, plan);
	}
	for (size_t i = 0; i < plan->count; i++)
		finish(input, &plan->list[i]);
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
