/* SPDX-License-Identifier: ISC
 *
 * lampwatch subscribers: lists the subscribers of the configuration, by command and by mail, and
 * what each is told about.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/terminal.h"
#include "store/store.h"
#include "tell/pending_subscription.h"
#include "tell/subscribers.h"
#include "tell/token.h"

static void join(struct buffer *out, const char *before, const struct text_list *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		buffer_format(out, "%s%s", i == 0 ? before : ", ", texts->list[i]);
}

/* One line: what the subscriber is told about. */
static void print_subscription(const struct subscriber_config *is)
{
	const struct subscription *subscription = &is->subscription;
	struct buffer line = {0};

	config_wanted_write(subscription->on, &line);
	join(&line, " of ", &subscription->pages);
	if (subscription->pages.count == 0)
		buffer_text(&line, " of all pages");
	join(&line, ": ", &subscription->indicators);
	if (subscription->floor > (int)LEVEL_DEGRADED)
		buffer_format(&line, ", from %s on", level_label((enum level)subscription->floor));
	if (is->second != NULL)
		buffer_format(&line, "; else %s", is->second);
	terminal_wrap(buffer_string(&line), 3);
	buffer_release(&line);
}

static struct value *texts_value(const struct text_list *texts)
{
	struct value *list = value_list();

	for (size_t i = 0; i < texts->count; i++)
		value_append(list, value_text(texts->list[i]));
	return list;
}

/* The state of a subscription. */
struct standing {
	const char *state, *reason;
	int64_t since; /* UTC seconds; 0: not known */
};

static void print_one(const struct context *context, const struct subscriber_config *is,
	const struct standing *standing)
{
	bool dated = standing->since != 0, reasoned = standing->reason[0] != '\0';
	char since[DATE_TEXT_MAX] = "";
	char *state;

	if (dated)
		date_write_short(standing->since, context->config->timezone, since);
	state = memory_format("  %s%s%s%s%s", standing->state, dated ? " since " : "", since,
		reasoned && !dated ? ", " : "", dated ? "" : standing->reason);
	terminal_parts(
		(const struct terminal_part[]){{is->mail, TERMINAL_NAME}, {state, TERMINAL_WORDS}},
		2, 0, 3);
	if (dated && reasoned)
		terminal_wrap(standing->reason, 3);
	print_subscription(is);
	free(state);
}

static void show_one(const struct context *context, const struct subscriber_config *is,
	const struct standing *standing, struct value *list)
{
	struct value *map;
	struct buffer wanted = {0};
	char changed[DATE_TEXT_MAX] = "";

	if (list == NULL) {
		print_one(context, is, standing);
		return;
	}
	map = value_append(list, value_map());
	if (standing->since != 0)
		date_write(standing->since, changed);
	config_wanted_write(is->subscription.on, &wanted);
	value_put_text(map, "mail", is->mail);
	value_put_text(map, "second", is->second);
	value_put_text(map, "state", standing->state);
	value_put_text(map, "reason", standing->reason);
	value_put_text(map, "changed", changed);
	value_put_text(map, "on", buffer_string(&wanted));
	value_put(map, "pages", texts_value(&is->subscription.pages));
	value_put(map, "indicators", texts_value(&is->subscription.indicators));
	value_put_text(map, "floor", level_name((enum level)is->subscription.floor));
	buffer_release(&wanted);
}

/* A row in the database takes precedence over the configuration. */
static bool is_told(
	const struct config *config, const struct subscribers *subscribers, const char *mail)
{
	const struct subscriber *row = subscribers_find(subscribers, mail);

	return row != NULL ? row->state == SUBSCRIBER_ACTIVE
			   : config_subscriber(config, mail) != NULL;
}

/* Who has asked, and has not confirmed. */
static void show_questions(
	const struct context *context, const struct subscribers *subscribers, struct value *list)
{
	struct pending_subscriptions questions = {0};

	if (context->database != NULL)
		pending_subscriptions_load(context->database, &questions);
	for (size_t i = 0; i < questions.count; i++) {
		const struct pending_subscription *question = &questions.list[i];
		struct subscriber_config is = {
			.mail = question->mail, .subscription = question->wants};

		/* What is older can no longer be confirmed; who is told has links to change that.
		 */
		if (context->invocation->clock - question->asked > TOKEN_CONFIRM_SECONDS ||
			is_told(context->config, subscribers, question->mail))
			continue;
		show_one(context, &is,
			&(struct standing){"asked", "not confirmed yet", question->asked}, list);
	}
	pending_subscriptions_release(&questions);
}

int command_subscribers(struct context *context, const struct options *options, char **words)
{
	const struct config *config = context->config;
	struct subscribers subscribers = {0};
	struct value *root = value_map();
	struct value *list =
		context->invocation->json ? value_put(root, "subscribers", value_list()) : NULL;

	(void)options;
	(void)words;
	value_put_number(root, "format", 1);
	if (context->database != NULL)
		subscribers_load(context->database, &subscribers);
	for (size_t i = 0; i < config->subscriber_count; i++) {
		const struct subscriber *row =
			subscribers_find(&subscribers, config->subscribers[i].mail);

		if (row == NULL)
			show_one(context, &config->subscribers[i],
				&(struct standing){"active", "in the configuration", 0}, list);
	}
	for (size_t i = 0; i < subscribers.count; i++) {
		const struct subscriber *row = &subscribers.list[i];

		show_one(context, &row->is,
			&(struct standing){
				subscriber_state_name(row->state), row->reason, row->changed},
			list);
	}
	show_questions(context, &subscribers, list);
	if (list != NULL)
		terminal_json(root);
	value_free(root);
	subscribers_release(&subscribers);
	return EXIT_DONE;
}
