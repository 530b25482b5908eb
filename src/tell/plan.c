/* SPDX-License-Identifier: ISC
 *
 * Who is told: each found by name at once, with what each has been told so far.
 */
#include "tell/plan_p.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/index.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"
#include "tell/token.h"

/* Somebody who may be told of something, once for each name. */
struct addressee {
	const char *name;                /* borrowed; first, for base/index.h */
	const struct receiver *receiver; /* the first of this name; NULL: a second way, or one who
					  * is no longer subscribed */
	int wanted;      /* of this page, by all subscriptions that name it as either way */
	size_t delivery; /* its place in the plan and one more; 0: none yet */
	struct told_path *path;
};

/* The ways of the receiver at the same place; second NULL: there is none. */
struct ways {
	struct addressee *first, *second;
};

struct message_draft {
	const struct plan_input *input;
	struct plan *plan; /* borrowed */
	char *admin;       /* "mail:…"; NULL: none */
	struct addressee *addressees;
	size_t addressee_count;
	struct index by_name, by_owed; /* addressees; input->owed, by receiver */
	struct ways *ways;
	struct told_path root;
	int64_t cause_of;          /* an alarm that was looked for, */
	const struct event *cause; /* and its beginning among the events; NULL: elsewhere */
};

/* ---- who there is ---- */

/* Of a receiver, a second way, the operator, or whoever was owed something: never NULL. Of rows
 * with the same name the index gives the first, whoever asks. */
static struct addressee *find(const struct message_draft *draft, const char *name)
{
	const struct addressee *found = index_find(&draft->by_name, name);

	return &draft->addressees[found - draft->addressees];
}

static void add_name(struct message_draft *draft, const char *name)
{
	if (name != NULL)
		draft->addressees[draft->addressee_count++] =
			(struct addressee){.name = name, .path = &draft->root};
}

/* Who stands behind each name, and what they want of this page: also by a second way, which a red
 * may have taken. */
static void draft_open(
	struct message_draft *draft, const struct plan_input *input, struct plan *plan)
{
	const struct receivers *receivers = input->receivers;
	const char *admin = input->config->admin;

	*draft = (struct message_draft){.input = input,
		.plan = plan,
		.admin = admin != NULL ? receiver_mail(admin) : NULL,
		.ways = memory_zero(receivers->count, sizeof *draft->ways)};
	draft->addressees = memory_zero(
		2 * receivers->count + input->owed_count + 1, sizeof *draft->addressees);
	add_name(draft, draft->admin);
	for (size_t i = 0; i < receivers->count; i++) {
		add_name(draft, receivers->list[i].name);
		add_name(draft, receivers->list[i].otherwise);
	}
	for (size_t i = 0; i < input->owed_count; i++)
		add_name(draft, input->owed[i].receiver);
	draft->by_name =
		index_by_id(draft->addressees, draft->addressee_count, sizeof *draft->addressees);
	draft->by_owed = index_by_id(input->owed, input->owed_count, sizeof *input->owed);
	for (size_t i = 0; i < receivers->count; i++) {
		const struct receiver *receiver = &receivers->list[i];
		struct ways *ways = &draft->ways[i];

		ways->first = find(draft, receiver->name);
		if (receiver->otherwise != NULL)
			ways->second = find(draft, receiver->otherwise);
		if (ways->first->receiver == NULL)
			ways->first->receiver = receiver;
		if (!patterns_choose_name(&receiver->subscription->pages, input->page->name))
			continue;
		ways->first->wanted |= receiver->subscription->on;
		if (ways->second != NULL)
			ways->second->wanted |= receiver->subscription->on;
	}
}

/* The steps without recursion: a page where everything changes at once makes a path of
 * twenty thousand. */
static void draft_close(struct message_draft *draft)
{
	struct told_path *step = &draft->root;

	while (step != &draft->root || step->children != NULL) {
		struct told_path *child = step->children, *before = step->before;

		if (child != NULL) {
			step->children = child->next;
			step = child;
		} else {
			free(step);
			step = before;
		}
	}
	index_release(&draft->by_name);
	index_release(&draft->by_owed);
	free(draft->addressees);
	free(draft->ways);
	free(draft->admin);
}

/* ---- what they are told ---- */

/* The addressee is told one thing more. The step that was taken last stands first: those who come
 * after mostly take the same. */
static void addressee_tell(struct addressee *addressee, enum told told, const struct event *event,
	const struct value *data)
{
	struct told_path *before = addressee->path, **link = &before->children, *step;

	for (; (step = *link) != NULL; link = &step->next)
		if (step->told == told && step->event == event && step->data == data)
			break;
	if (step == NULL) {
		step = memory_zero(1, sizeof *step);
		*step = (struct told_path){
			.before = before, .told = told, .event = event, .data = data};
	} else {
		*link = step->next;
	}
	step->next = before->children;
	before->children = step;
	addressee->path = step;
}

/*
 * An update is about the indicators that its incident names; without names, about all, as is an
 * incident of the page. The page's own overall level is for those who take all of it.
 */
static bool wants_indicator(const struct subscription *subscription, const struct event *event)
{
	const struct text_list *patterns = &subscription->indicators;

	if (patterns->count == 0 || event_types[event->type].about == ABOUT_PAGE)
		return true;
	if (event_types[event->type].about != ABOUT_INCIDENT)
		return text_empty(event->name)
			       ? event_types[event->type].episode == EVENT_INCIDENT
			       : patterns_choose_meant(patterns, &event->meant, event->indicator,
					 event->group, event->name);
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
	if (event_types[event->type].floor == FLOOR_IMPACT)
		return subscription->floor <= (int)event->impact;
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

/* A check is a fact of indicators: whoever is told of one of these need not hear of it. */
static bool hears_elsewhere(const struct subscription *subscription, const struct event *event)
{
	for (size_t i = 0; i < event->elsewhere_count; i++)
		if (wants(subscription, event->elsewhere[i].page, &event->elsewhere[i]))
			return true;
	return false;
}

static void hold_for(struct delivery_plan *delivery, const struct receiver *receiver)
{
	memory_set(&delivery->held_for, receiver->provider);
	memory_set(&delivery->otherwise, receiver->otherwise); /* what is sent instead */
}

/* When the receiver's quiet hours end; 0 outside of them, and for a former subscriber (NULL). */
static int64_t quiet_until(const struct plan_input *input, const struct receiver *receiver)
{
	int64_t until;

	return receiver != NULL && windows_hold(receiver->quiet, input->config->timezone,
					   input->now, &until)
		       ? until
		       : 0;
}

/* What the receiver was owed of that alarm; NULL: nothing. */
static const struct owed *owed_to(
	const struct message_draft *draft, int64_t alarm, const char *receiver)
{
	const char *const like[] = {receiver};
	size_t count, first = index_range(&draft->by_owed, like, &count);

	for (size_t i = first; i < first + count; i++)
		if (((const struct owed *)draft->by_owed.rows[i])->alarm == alarm)
			return draft->by_owed.rows[i];
	return NULL;
}

static void answer(struct delivery_plan *delivery, const struct owed *owed)
{
	if (owed != NULL && !owed->dropped && delivery->in_reply_to == NULL)
		delivery->in_reply_to = memory_string(owed->message_id);
}

/* What was told before: red answers the incident, or what we saw ourselves; else what it follows
 * from. */
static void answer_related(const struct message_draft *draft, const struct event *event,
	struct delivery_plan *delivery)
{
	if (event->related != 0)
		answer(delivery, owed_to(draft, event->related, delivery->receiver));
	for (size_t i = 0; i < EVENT_CAUSES && event->causes[i] != 0; i++)
		answer(delivery, owed_to(draft, event->causes[i], delivery->receiver));
}

/* Where the cause begins in the same message. */
static const struct event *find_cause(struct message_draft *draft, int64_t alarm)
{
	const struct events *events = draft->input->events;

	if (draft->cause_of == alarm) /* many mostly follow from the same */
		return draft->cause;
	draft->cause_of = alarm;
	draft->cause = NULL;
	for (size_t i = 0; i < events->count && draft->cause == NULL; i++)
		if (events->list[i].alarm == alarm &&
			event_types[events->list[i].type].part == PART_BEGIN)
			draft->cause = &events->list[i];
	return draft->cause;
}

/* Whoever was told, or is told now, of what it follows from reads that it does; to others it is
 * like any other. */
static enum told told_as(struct message_draft *draft, const struct receiver *receiver,
	const char *name, const struct event *event)
{
	for (size_t i = 0; i < EVENT_CAUSES && event->causes[i] != 0; i++) {
		const struct owed *owed = owed_to(draft, event->causes[i], name);
		const struct event *cause = find_cause(draft, event->causes[i]);

		if ((owed != NULL && !owed->dropped) ||
			(cause != NULL &&
				wants(receiver->subscription, draft->input->page->name, cause) &&
				!hears_elsewhere(receiver->subscription, cause)))
			return TOLD_FOLLOWS;
	}
	return TOLD_EVENT;
}

/*
 * The addressee's delivery, valid until the next is made. Of all for which a message is owed, the
 * one that may be told first decides when.
 */
static struct delivery_plan *hold_until(
	struct message_draft *draft, struct addressee *addressee, int64_t until)
{
	struct plan *plan = draft->plan;
	bool is_new = addressee->delivery == 0;
	struct delivery_plan *delivery =
		is_new ? memory_append(&plan->list, &plan->count, sizeof *delivery)
		       : &plan->list[addressee->delivery - 1];

	if (is_new) {
		delivery->receiver = memory_string(addressee->name);
		addressee->delivery = plan->count;
	}
	if (is_new || until < delivery->held_until)
		delivery->held_until = until;
	return delivery;
}

/*
 * Everybody whose subscription wants the event: by the first way; where that is hosted at a
 * provider in trouble by the second, and by the first once the provider is back. Where nobody can
 * know, by both at once.
 */
static void tell_all(struct message_draft *draft, const struct event *event)
{
	const struct plan_input *input = draft->input;

	for (size_t i = 0; i < input->receivers->count; i++) {
		const struct receiver *receiver = &input->receivers->list[i];
		struct addressee *first = draft->ways[i].first, *second = draft->ways[i].second;
		struct delivery_plan *delivery;
		int64_t until;

		if (!wants(receiver->subscription, input->page->name, event) ||
			hears_elsewhere(receiver->subscription, event))
			continue;
		until = quiet_until(input, receiver);
		delivery = hold_until(draft, first, until);
		answer_related(draft, event, delivery);
		addressee_tell(first, told_as(draft, receiver, first->name, event), event, NULL);
		if (second == NULL)
			continue;
		if (receiver->endangered)
			hold_for(delivery, receiver);
		if (!receiver->endangered && !receiver->doubtful) {
			memory_set(&delivery->otherwise, receiver->otherwise);
			continue;
		}
		answer_related(draft, event, hold_until(draft, second, until));
		addressee_tell(second, told_as(draft, receiver, second->name, event), event, NULL);
	}
	if (event_types[event->type].to_operator && draft->admin != NULL) {
		struct addressee *admin = find(draft, draft->admin);

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
	if (row->to_operator && text_equal(owed->receiver, draft->admin))
		return true; /* of trouble with the watching, whatever subscriptions say */
	return wanted || (!owed->out && (addressee->wanted & event_types[row->episode].on) != 0);
}

/* To the one who was owed the beginning, by the way that it took. */
static void tell_end(struct message_draft *draft, struct addressee *addressee,
	const struct event *event, const struct owed *owed)
{
	const struct receiver *receiver = addressee->receiver;
	int64_t until = quiet_until(draft->input, receiver);
	struct delivery_plan *delivery = hold_until(draft, addressee, until);
	bool both = !owed->out && event_types[event->type].unsent != event->type;
	struct addressee *second;
	size_t i = 0;

	if (owed->out) {
		addressee_tell(addressee, TOLD_EVENT, event, NULL);
		if (delivery->in_reply_to == NULL)
			delivery->in_reply_to = memory_string(owed->message_id);
	} else {
		while (i < delivery->merged_count && delivery->merged[i] != owed->delivery)
			i++;
		if (i == delivery->merged_count) {
			*(int64_t *)memory_append(&delivery->merged, &delivery->merged_count,
				sizeof *delivery->merged) = owed->delivery;
			if (delivery->in_reply_to == NULL)
				delivery->in_reply_to = memory_string(owed->in_reply_to);
			addressee_tell(addressee, TOLD_MERGED, NULL, owed->data);
		}
		addressee_tell(addressee, TOLD_OVER, event, NULL);
	}
	if (receiver == NULL || receiver->otherwise == NULL)
		return;
	if (receiver->endangered)
		hold_for(delivery, receiver);
	if (owed_to(draft, event->alarm, receiver->otherwise) != NULL)
		return; /* and has an end of its own */
	if (!receiver->endangered && !receiver->doubtful) {
		memory_set(&delivery->otherwise, receiver->otherwise);
		return;
	}
	second = find(draft, receiver->otherwise);
	hold_until(draft, second, until);
	addressee_tell(second, both ? TOLD_BOTH : TOLD_EVENT, event, NULL);
}

/* True for whoever is told by the end of the related episode, which is a red: an incident that
 * became red ends with its green, and so does what we saw ourselves. */
static bool ends_with_related(const struct message_draft *draft, const struct event *event,
	const struct addressee *addressee)
{
	return event->related != 0 && (addressee->wanted & 1 << EVENT_GREEN) != 0 &&
	       owed_to(draft, event->related, addressee->name) != NULL;
}

/* Green, settled, page back, incident over and reminders: to whoever was owed the beginning, and to
 * nobody else. */
static void tell_pending(struct message_draft *draft, const struct event *event)
{
	for (size_t i = 0; i < draft->input->owed_count; i++) {
		const struct owed *owed = &draft->input->owed[i];
		struct addressee *addressee;

		if (owed->alarm != event->alarm || owed->dropped)
			continue;
		addressee = find(draft, owed->receiver);
		if (!ends_with_related(draft, event, addressee) &&
			still_wants(draft, addressee, event, owed))
			tell_end(draft, addressee, event, owed);
	}
}

/* ---- the whole plan ---- */

/*
 * What a mail carries so that it can be ended and its bounces be known (VERP): nothing where
 * nobody gets mail for us (`mail_in`), or to the operator, who reads of both. Of the address in
 * whatever case: the token must be the same wherever it is written.
 */
static void put_tokens(const struct plan_input *input, struct delivery_plan *delivery)
{
	const char *address = receiver_address(delivery->receiver),
		   *mail_in = input->config->mail_in;
	char token[TOKEN_TEXT], *about;

	if (mail_in == NULL || address == NULL || text_equal(address, input->config->admin))
		return;
	about = text_lower(address);
	token_make(input->key, TOKEN_UNSUBSCRIBE, about, token);
	delivery->unsubscribe = token_address(mail_in, TOKEN_UNSUBSCRIBE, 0, token);
	token_make(input->key, TOKEN_BOUNCE, about, token);
	delivery->sender = token_address(mail_in, TOKEN_BOUNCE, 0, token);
	free(about);
}

/* Every delivery gets its content, its identity, and what it says of itself in the envelope. */
static void draft_finish(struct message_draft *draft)
{
	const struct plan_input *input = draft->input;
	struct plan *plan = draft->plan;

	for (size_t i = 0; i < draft->addressee_count; i++) {
		struct addressee *addressee = &draft->addressees[i];
		struct told_path *path = addressee->path;
		struct delivery_plan *delivery;
		const struct content_plan *says;
		struct buffer text = {0};

		if (addressee->delivery == 0)
			continue;
		delivery = &plan->list[addressee->delivery - 1];
		if (path->content == 0) {
			content_plan_make(input, path,
				memory_append(&plan->contents, &plan->content_count,
					sizeof *plan->contents));
			path->content = plan->content_count;
		}
		delivery->content = path->content - 1;
		says = &plan->contents[delivery->content];
		buffer_format(
			&text, "%s|%s%s", input->page->name, delivery->receiver, says->identity);
		delivery->message_id = plan_message_id(input->config, input->key, says, &text);
		buffer_release(&text);
		put_tokens(input, delivery);
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
