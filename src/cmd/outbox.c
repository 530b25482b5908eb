/* SPDX-License-Identifier: ISC
 *
 * lampwatch outbox: lists the deliveries that are owed, to whom, and why they are not out yet;
 * retries or drops them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive_owner.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/webhooks.h"
#include "run/context.h"
#include "run/print.h"
#include "run/terminal.h"
#include "tell/disabled_webhook.h"
#include "tell/outbox.h"

/* What a delivery that is not tried now waits for. */
static void add_waiting(const struct delivery *delivery, const char *zone, struct buffer *line)
{
	char time[DATE_TEXT_MAX];

	if (!text_equal(delivery->state, "pending"))
		return;
	if (delivery->held_for != NULL) {
		buffer_format(line, ", held while %s is in trouble", delivery->held_for);
	} else if (delivery->held_until != 0) {
		date_write_short(delivery->held_until, zone, time);
		buffer_format(line, ", held until %s", time);
	} else if (delivery->for_digest) {
		buffer_text(line, ", to be joined with others");
	} else if (delivery->next_try > delivery->created) {
		date_write_short(delivery->next_try, zone, time);
		buffer_format(line, ", again at %s", time);
	}
}

static void print_delivery(const struct delivery *delivery, const char *zone)
{
	char *id = memory_format("%lld ", (long long)delivery->id);
	char *state = memory_format("  %s%s%s", delivery->state,
		delivery->perhaps ? " (perhaps delivered)" : "",
		delivery->page[0] != '\0' ? "  " : "");
	const struct terminal_part parts[] = {
		{id, TERMINAL_WORDS},
		{delivery->receiver, TERMINAL_NAME},
		{state, TERMINAL_WORDS},
		{delivery->page, TERMINAL_NAME},
	};
	char made[DATE_TEXT_MAX];
	struct buffer line = {0};

	terminal_parts(parts, sizeof parts / sizeof parts[0], 0, 3);
	date_write_short(delivery->created, zone, made);
	buffer_format(&line, "made %s, %lld attempt%s", made, (long long)delivery->tries,
		delivery->tries == 1 ? "" : "s");
	add_waiting(delivery, zone, &line);
	terminal_wrap(buffer_string(&line), 3);
	buffer_release(&line);
	if (delivery->reason[0] != '\0') {
		buffer_format(&line, "%s%s%s", delivery->route,
			delivery->route[0] != '\0' ? ": " : "", delivery->reason);
		terminal_wrap(buffer_string(&line), 3);
		buffer_release(&line);
	}
	free(id);
	free(state);
}

static struct value *delivery_value(const struct delivery *delivery)
{
	struct value *map = value_map();
	char created[DATE_TEXT_MAX], next[DATE_TEXT_MAX];

	date_write(delivery->created, created);
	date_write(delivery->next_try, next);
	value_put_number(map, "id", delivery->id);
	value_put_text(map, "receiver", delivery->receiver);
	value_put_text(map, "page", delivery->page);
	value_put_text(map, "state", delivery->state);
	value_put_boolean(map, "perhaps", delivery->perhaps);
	value_put_text(map, "message_id", delivery->message_id);
	value_put_text(map, "created", created);
	value_put_text(map, "next_try", next);
	date_write(delivery->held_until, next);
	value_put_text(map, "held_for", delivery->held_for != NULL ? delivery->held_for : "");
	value_put_text(map, "held_until", delivery->held_until != 0 ? next : "");
	value_put_number(map, "tries", delivery->tries);
	value_put_text(map, "route", delivery->route);
	value_put_number(map, "code", delivery->code);
	value_put_text(map, "reason", delivery->reason);
	return map;
}

static int list(const struct context *context)
{
	const struct invocation *invocation = context->invocation;
	struct deliveries deliveries = {0};
	struct value *root = value_map(), *members;

	outbox_list(context->database, invocation->verbosity > 0, &deliveries);
	value_put_number(root, "format", 1);
	members = value_put(root, "deliveries", value_list());
	for (size_t i = 0; i < deliveries.count; i++) {
		if (invocation->json)
			value_append(members, delivery_value(&deliveries.list[i]));
		else
			print_delivery(&deliveries.list[i], context->config->timezone);
	}
	if (invocation->json) {
		webhooks_disabled(context, value_put(root, "disabled", value_list()));
		terminal_json(root);
	} else {
		webhooks_disabled(context, NULL);
	}
	value_free(root);
	deliveries_release(&deliveries);
	return EXIT_DONE;
}

/* retry, for one or all; drop, for one. */
static bool action_known(const char *action, const char *which)
{
	char *end;

	if (strcmp(action, "retry") == 0 && which == NULL)
		return true;
	if (which == NULL || (strcmp(action, "retry") != 0 && strcmp(action, "drop") != 0))
		return false;
	return strtoll(which, &end, 10) > 0 && *end == '\0';
}

static int act(const struct context *context, const char *action, const char *which)
{
	struct database *database = context->database;
	bool drop = strcmp(action, "drop") == 0;
	int64_t id = which != NULL ? strtoll(which, NULL, 10) : 0, count, lifted = 0;
	struct error error;

	if (!archive_writable(context->config->archive, NULL, 0, &error))
		return error_print(&error);
	database_begin(database);
	if (!drop)
		lifted = disabled_lift(database, id);
	count = drop ? outbox_drop(database, id, context->invocation->clock)
		     : outbox_retry(database, id, context->invocation->clock);
	if (!database_commit(database, &error))
		return error_print(&error);
	if (count == 0 && id != 0) {
		fprintf(stderr, "lampwatch: outbox: no delivery with the number %lld is owed\n",
			(long long)id);
		return EXIT_PENDING;
	}
	if (!drop && context->invocation->verbosity >= 0)
		printf("%lld will go out with the next run\n", (long long)count);
	if (lifted > 0 && context->invocation->verbosity >= 0)
		printf("%lld webhook%s enabled again\n", (long long)lifted,
			lifted == 1 ? " is" : "s are");
	return EXIT_DONE;
}

int command_outbox(struct context *context, const struct options *options, char **words)
{
	(void)options;
	if (words[0] != NULL && !action_known(words[0], words[1]))
		return usage_error(context->invocation);
	if (context->database == NULL)
		return EXIT_DONE;
	return words[0] != NULL ? act(context, words[0], words[1]) : list(context);
}
