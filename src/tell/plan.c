/* SPDX-License-Identifier: ISC */
#include "tell/plan_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"

/* The operator is told of trouble with the watching, whatever subscriptions say. */
static bool is_admin_notice(const struct plan_input *input, const char *receiver)
{
	const char *address = receiver_address(receiver);

	return address != NULL && text_equal(address, input->config->admin);
}

/*
 * An update is about the indicators that its incident names; without names, about all. The page's
 * own overall level is for those who take all of it.
 */
static bool wants_indicator(const struct subscription *subscription, const struct event *event)
{
	const struct text_list *patterns = &subscription->indicators;

	if (patterns->count == 0 || event_types[event->type].about == ABOUT_PAGE)
		return true;
	if (event_types[event->type].about != ABOUT_INCIDENT)
		return !text_empty(event->name) &&
		       patterns_choose(patterns, event->indicator, event->group, event->name);
	for (size_t i = 0; i < event->affects.count; i++)
		if (patterns_choose_name(patterns, event->affects.list[i]))
			return true;
	return event->affects.count == 0;
}

/*
 * Red is told to those whose floor it reaches; of an alarm that got worse, the others know. What
 * flaps is as bad as the worse of its two sides.
 */
static bool reaches_floor(const struct subscription *subscription, const struct event *event)
{
	int before = (int)event->before, after = (int)event->after;

	if (event_types[event->type].floor == FLOOR_WORSE)
		return subscription->floor <= (before > after ? before : after);
	return event_types[event->type].floor == FLOOR_NONE ||
	       (subscription->floor <= after && !(event->risen && subscription->floor <= before));
}

static bool wants(
	const struct subscription *subscription, const char *page, const struct event *event)
{
	return (subscription->on & event_types[event->type].on) != 0 &&
	       patterns_choose_name(&subscription->pages, page) &&
	       wants_indicator(subscription, event) && reaches_floor(subscription, event);
}

static void hold_for(struct delivery_plan *delivery, const struct receiver *receiver)
{
	memory_set(&delivery->held_for, receiver->provider);
	memory_set(&delivery->otherwise, receiver->otherwise); /* what goes in its stead */
}

/* When the receiver's quiet hours end; 0 outside of them, and of whom nobody knows any more (NULL).
 */
static int64_t quiet_until(const struct plan_input *input, const struct receiver *receiver)
{
	int64_t until;

	return receiver != NULL && windows_hold(&receiver->subscription->quiet,
					   input->config->timezone, input->now, &until)
		       ? until
		       : 0;
}

/* Of all for which a message is owed, the one that may be told first decides when. */
static struct delivery_plan *hold_until(
	struct message_draft *draft, struct addressee *addressee, int64_t until)
{
	bool is_new = addressee->delivery == 0;
	struct delivery_plan *delivery = message_draft_delivery(draft, addressee);

	if (is_new || until < delivery->held_until)
		delivery->held_until = until;
	return delivery;
}

/*
 * By the first way; where that is hosted at a provider in trouble by the second, and
 * by the first once the provider is back. Where nobody can know, by both at once.
 */
static void tell(struct message_draft *draft, const struct receiver *receiver,
	const struct ways *ways, const struct event *event)
{
	bool both = ways->second != NULL && (receiver->endangered || receiver->doubtful);
	int64_t until = quiet_until(draft->input, receiver);
	struct delivery_plan *delivery = hold_until(draft, ways->first, until);

	if (both && receiver->endangered)
		hold_for(delivery, receiver);
	if (!both && ways->second != NULL)
		memory_set(&delivery->otherwise, receiver->otherwise);
	addressee_tell(ways->first, TOLD_EVENT, event, NULL);
	if (both) {
		hold_until(draft, ways->second, until);
		addressee_tell(ways->second, TOLD_EVENT, event, NULL);
	}
}

/* Everybody whose subscription wants the event. */
static void tell_all(struct message_draft *draft, const struct event *event)
{
	const struct plan_input *input = draft->input;

	for (size_t i = 0; i < input->receivers->count; i++) {
		const struct receiver *receiver = &input->receivers->list[i];

		if (wants(receiver->subscription, input->page->name, event))
			tell(draft, receiver, &draft->ways[i], event);
	}
	if (event_types[event->type].to_operator && draft->admin != NULL) {
		struct addressee *admin = draft_find(draft, draft->admin);

		hold_until(draft, admin, 0);
		addressee_tell(admin, TOLD_EVENT, event, NULL);
	}
}

/*
 * True where what continues or ends an episode is still wanted by who was owed its beginning. A
 * reminder is nothing to hold. A beginning that never got out would only mislead once it is over:
 * it says both also to those who want only the red.
 */
static bool still_wants(const struct message_draft *draft, const struct addressee *addressee,
	const struct event *event, const struct owed *owed)
{
	const struct event_type_row *row = &event_types[event->type];
	bool wanted = (addressee->wanted & row->on) != 0;

	if (row->part == PART_MIDDLE)
		return wanted && owed->out && quiet_until(draft->input, addressee->receiver) == 0;
	if (row->to_operator && is_admin_notice(draft->input, owed->receiver))
		return true;
	return wanted || (!owed->out && (addressee->wanted & event_types[row->episode].on) != 0);
}

static bool was_pending(const struct message_draft *draft, int64_t alarm, const char *receiver)
{
	const char *const like[] = {receiver};
	size_t count, first = index_range(&draft->by_owed, like, &count);

	for (size_t i = first; i < first + count; i++)
		if (((const struct owed *)draft->by_owed.rows[i])->alarm == alarm)
			return true;
	return false;
}

static bool is_merged(const struct delivery_plan *delivery, int64_t id)
{
	for (size_t i = 0; i < delivery->merged_count; i++)
		if (delivery->merged[i] == id)
			return true;
	return false;
}

/* To the one who was owed the beginning, by the way that it took. */
static struct delivery_plan *answer(struct message_draft *draft, struct addressee *addressee,
	const struct event *event, const struct owed *owed, int64_t until)
{
	struct delivery_plan *delivery = hold_until(draft, addressee, until);

	if (owed->out) {
		addressee_tell(addressee, TOLD_EVENT, event, NULL);
		if (delivery->in_reply_to == NULL)
			delivery->in_reply_to = memory_string(owed->message_id);
	} else {
		if (!is_merged(delivery, owed->delivery)) {
			*(int64_t *)memory_append(&delivery->merged, &delivery->merged_count,
				sizeof *delivery->merged) = owed->delivery;
			addressee_tell(addressee, TOLD_MERGED, NULL, owed->data);
		}
		addressee_tell(addressee, TOLD_OVER, event, NULL);
	}
	return delivery;
}

static void tell_end(struct message_draft *draft, struct addressee *addressee,
	const struct event *event, const struct owed *owed)
{
	const struct receiver *receiver = addressee->receiver;
	int64_t until = quiet_until(draft->input, receiver);
	struct delivery_plan *delivery = answer(draft, addressee, event, owed, until);
	bool both = !owed->out && event_types[event->type].unsent != event->type;
	struct addressee *second;

	if (receiver == NULL || receiver->otherwise == NULL)
		return;
	if (receiver->endangered)
		hold_for(delivery, receiver);
	if (was_pending(draft, event->alarm, receiver->otherwise))
		return; /* and has an end of its own */
	if (!receiver->endangered && !receiver->doubtful) {
		memory_set(&delivery->otherwise, receiver->otherwise);
		return;
	}
	second = draft_find(draft, receiver->otherwise);
	hold_until(draft, second, until);
	addressee_tell(second, both ? TOLD_BOTH : TOLD_EVENT, event, NULL);
}

/* Green, settled, page back and reminders: to whoever was owed the beginning, and to nobody else.
 */
static void tell_pending(struct message_draft *draft, const struct event *event)
{
	for (size_t i = 0; i < draft->input->owed_count; i++) {
		const struct owed *owed = &draft->input->owed[i];
		struct addressee *addressee;

		if (owed->alarm != event->alarm || owed->dropped)
			continue;
		addressee = draft_find(draft, owed->receiver);
		if (still_wants(draft, addressee, event, owed))
			tell_end(draft, addressee, event, owed);
	}
}

void plan_make(const struct plan_input *input, struct plan *plan)
{
	struct message_draft draft;

	draft_open(&draft, input, plan);
	for (size_t i = 0; i < input->events->count; i++) {
		const struct event *event = &input->events->list[i];
		bool begins = event_types[event->type].part == PART_NONE ||
			      event_types[event->type].part == PART_BEGIN;

		(begins ? tell_all : tell_pending)(&draft, event);
	}
	draft_finish(&draft);
	draft_close(&draft);
}

void content_plan_release(struct content_plan *content)
{
	value_free(content->data);
	free(content->alarms);
	free(content->identity);
	*content = (struct content_plan){0};
}

void delivery_plan_release(struct delivery_plan *delivery)
{
	char *strings[] = {delivery->receiver, delivery->message_id, delivery->in_reply_to,
		delivery->unsubscribe, delivery->sender, delivery->held_for, delivery->otherwise};

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		free(strings[i]);
	free(delivery->merged);
	*delivery = (struct delivery_plan){0};
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		delivery_plan_release(&plan->list[i]);
	for (size_t i = 0; i < plan->content_count; i++)
		content_plan_release(&plan->contents[i]);
	free(plan->list);
	free(plan->contents);
	*plan = (struct plan){0};
}
