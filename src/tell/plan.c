/* SPDX-License-Identifier: ISC */
#include "tell/plan_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "base/pattern.h"
#include "base/text.h"

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
	delivery_add_event(plan, receiver->name, event, input->config->timezone);
	if (both) {
		hold_until(plan, receiver->otherwise, until);
		delivery_add_event(plan, receiver->otherwise, event, input->config->timezone);
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
		delivery_add_event(plan, receiver, event, config->timezone);
		free(receiver);
	}
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
		delivery_add_event(plan, owed->receiver, event, zone);
		delivery = delivery_for(plan, owed->receiver);
		if (delivery->in_reply_to == NULL)
			delivery->in_reply_to = memory_string(owed->message_id);
	} else {
		delivery = delivery_for(plan, owed->receiver);
		delivery_merge(delivery, owed, input->page->name);
		delivery_replace_by_both(delivery, &both, zone);
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
	delivery_add_event(plan, receiver->otherwise, &both, zone);
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
		delivery_finish(input, &plan->list[i]);
}
