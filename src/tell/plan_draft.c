/* SPDX-License-Identifier: ISC
 *
 * A plan while it is being made: who may be told, each found by name at once, and what each has
 * been told so far.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/pattern.h"
#include "tell/plan_p.h"
#include "tell/token.h"

/* ---- who there is ---- */

static void add_name(struct message_draft *draft, const char *name)
{
	if (name != NULL)
		draft->addressees[draft->addressee_count++] =
			(struct addressee){.name = (char *)name, .path = &draft->root};
}

/* Who stands behind each name, and what they want of this page: also by a second way, which a red
 * may have taken. */
static void match_receivers(struct message_draft *draft)
{
	const struct receivers *receivers = draft->input->receivers;

	for (size_t i = 0; i < receivers->count; i++) {
		const struct receiver *receiver = &receivers->list[i];
		struct ways *ways = &draft->ways[i];

		ways->first = draft_find(draft, receiver->name);
		if (receiver->otherwise != NULL)
			ways->second = draft_find(draft, receiver->otherwise);
		if (ways->first->receiver == NULL)
			ways->first->receiver = receiver;
		if (!patterns_choose_name(&receiver->subscription->pages, draft->input->page->name))
			continue;
		ways->first->wanted |= receiver->subscription->on;
		if (ways->second != NULL)
			ways->second->wanted |= receiver->subscription->on;
	}
}

void draft_open(struct message_draft *draft, const struct plan_input *input, struct plan *plan)
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
	match_receivers(draft);
}

/* Without recursion: a page that turns at once makes a trail of twenty thousand steps. */
static void free_steps(struct told_path *root)
{
	struct told_path *step = root;

	while (step != root || root->children != NULL) {
		struct told_path *child = step->children, *before = step->before;

		if (child != NULL) {
			step->children = child->next;
			step = child;
		} else {
			free(step);
			step = before;
		}
	}
}

void draft_close(struct message_draft *draft)
{
	free_steps(&draft->root);
	index_release(&draft->by_name);
	index_release(&draft->by_owed);
	free(draft->addressees);
	free(draft->ways);
	free(draft->admin);
}

/* Of rows with the same name the index gives the first, whoever asks. */
struct addressee *draft_find(const struct message_draft *draft, const char *name)
{
	return (struct addressee *)index_find(&draft->by_name, name);
}

/* ---- what they are told ---- */

struct delivery_plan *message_draft_delivery(
	struct message_draft *draft, struct addressee *addressee)
{
	struct plan *plan = draft->plan;

	if (addressee->delivery == 0) {
		struct delivery_plan *delivery =
			memory_append(&plan->list, &plan->count, sizeof *delivery);

		delivery->receiver = memory_string(addressee->name);
		addressee->delivery = plan->count;
	}
	return &plan->list[addressee->delivery - 1];
}

/* The step that was taken last stands first: those who come after mostly take the same. */
void addressee_tell(struct addressee *addressee, enum told told, const struct event *event,
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

/* ---- who they are told by ---- */

/* Of the address in whatever case: the token must be the same wherever it is written. */
static char *token_of(const struct plan_input *input, enum token_purpose purpose, const char *about)
{
	char token[TOKEN_TEXT];

	token_make(input->key, purpose, about, token);
	return token_address(input->config->mail_in, purpose, 0, token);
}

/*
 * What a mail carries so that it can be ended and its bounces be known (VERP): nothing where
 * nobody gets mail for us (`mail_in`), or to the operator, who reads of both.
 */
static void put_tokens(const struct plan_input *input, struct delivery_plan *delivery)
{
	const char *address = receiver_address(delivery->receiver);
	char *about;

	if (input->config->mail_in == NULL || address == NULL ||
		text_equal(address, input->config->admin))
		return;
	about = text_lower(address);
	delivery->unsubscribe = token_of(input, TOKEN_UNSUBSCRIBE, about);
	delivery->sender = token_of(input, TOKEN_BOUNCE, about);
	free(about);
}

void draft_finish(struct message_draft *draft)
{
	const struct plan_input *input = draft->input;

	for (size_t i = 0; i < draft->addressee_count; i++) {
		struct addressee *addressee = &draft->addressees[i];
		struct delivery_plan *delivery;
		const struct content_plan *says;
		struct buffer text = {0};

		if (addressee->delivery == 0)
			continue;
		delivery = message_draft_delivery(draft, addressee);
		delivery->content = content_of(draft, addressee->path);
		says = &draft->plan->contents[delivery->content];
		buffer_format(
			&text, "%s|%s%s", input->page->name, delivery->receiver, says->identity);
		delivery->message_id = plan_message_id(input->config, input->key, says, &text);
		buffer_release(&text);
		put_tokens(input, delivery);
	}
}
