/* SPDX-License-Identifier: ISC
 *
 * lampwatch try TARGET: sends a test message by a route or to a webhook at once, and prints what
 * became of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/webhooks.h"
#include "run/context.h"
#include "run/terminal.h"
#include "tell/attempt.h"
#include "tell/courier.h"
#include "tell/message.h"
#include "tell/outbox.h"
#include "tell/plan.h"

struct trial {
	const struct context *context;
	const struct route_config *route;
	const struct webhook_config *webhook;
	const char *to;
};

static struct value *test_data(const struct trial *trial)
{
	struct plan_input input = {.config = trial->context->config,
		.title = "",
		.now = trial->context->invocation->clock};
	struct value *data = plan_data(&input), *events = value_list(),
		     *event = value_append(events, value_map());

	value_put_text(event, "type", "test");
	value_put_boolean(event, "is_test", true);
	value_put_text(
		event, "label", trial->route != NULL ? trial->route->name : trial->webhook->name);
	plan_put_events(data, events, 0);
	value_put_boolean(data, "test", true);
	return data;
}

enum { TEST_ID_BYTES = 8 };

static char *test_id(const struct config *config)
{
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL;
	char *word = digest_random_word(TEST_ID_BYTES);
	char *id = memory_format("<t.%s@%s>", word, at != NULL ? at + 1 : "lampwatch.invalid");

	free(word);
	return id;
}

static int report(const struct trial *trial, const struct attempt *attempt)
{
	bool delivered = attempt->outcome == OUTCOME_DELIVERED;
	const char *name = trial->route != NULL ? trial->route->name : trial->webhook->name;
	FILE *out = delivered ? stdout : stderr;

	if (trial->context->invocation->json) {
		struct value *root = value_map();

		value_put_number(root, "format", 1);
		value_put_text(root, "target", name);
		value_put_text(root, "outcome", outcome_name(attempt->outcome));
		value_put_number(root, "code", attempt->code);
		value_put_text(root, "text", attempt->text);
		terminal_json(root);
		value_free(root);
	} else if (!delivered || trial->context->invocation->verbosity >= 0) {
		fprintf(out, "%s%s: %s%s%s\n", delivered ? "" : "lampwatch: ", name,
			delivered ? "delivered" : outcome_name(attempt->outcome),
			attempt->text[0] != '\0' ? ": " : "", attempt->text);
	}
	return delivered ? EXIT_DONE : EXIT_PENDING;
}

static int send(const struct trial *trial)
{
	struct config *config = trial->context->config;
	char *receiver = trial->route != NULL ? receiver_mail(trial->to)
					      : receiver_webhook(trial->webhook->name);
	char *id = test_id(config), none[] = "";
	struct value *data = test_data(trial);
	struct delivery delivery = {.receiver = receiver, .message_id = id, .page = none};
	struct content_copy copy = delivery_copy(config, &delivery);
	struct content content = {0};
	struct attempt attempt;
	struct error error;
	int result = EXIT_USAGE;

	if (!content_render(config, trial->context->templates, &copy, data,
		    trial->context->invocation->clock, &content, &error)) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
	} else if (content.length == 0) {
		fprintf(stderr, "lampwatch: %s: its template renders nothing for a test\n",
			receiver_shown(receiver));
	} else {
		struct courier_means means;

		courier_means_open(&means, config);
		courier_attempt(config, &delivery, &content,
			trial->route != NULL ? (size_t)(trial->route - config->routes) : 0,
			trial->context->invocation->clock, &means, &attempt);
		courier_means_close(&means);
		result = report(trial, &attempt);
	}
	content_release(&content);
	value_free(data);
	free(id);
	free(receiver);
	return result;
}

static int choose(struct trial *trial, const char *name)
{
	const struct config *config = trial->context->config;

	trial->route = config_route(config, name);
	trial->webhook = trial->route == NULL ? config_webhook(config, name) : NULL;
	if (trial->route == NULL && trial->webhook == NULL) {
		fprintf(stderr,
			"lampwatch: %s: no route and no webhook \"%s\"; `lampwatch routes` lists "
			"routes\n",
			config->path, name);
		return EXIT_USAGE;
	}
	if (trial->to == NULL)
		trial->to = config->admin;
	if (trial->route != NULL && trial->to == NULL) {
		fprintf(stderr,
			"lampwatch: %s: no \"operator\" to send the test to; --to ADDRESS names "
			"one\n",
			config->path);
		return EXIT_USAGE;
	}
	if (trial->route != NULL && !config_address_valid(trial->to)) {
		fputs("lampwatch: --to takes an address such as admin@example.org\n", stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

int command_try(struct context *context, const struct options *options, char **words)
{
	struct trial trial = {.context = context, .to = options->to};
	int result = choose(&trial, words[0]);

	if (result != EXIT_DONE)
		return result;
	result = send(&trial);
	/* A test message is sent to a disabled webhook too, which gets no alerts: say so. */
	if (trial.webhook != NULL && !context->invocation->json) {
		result = exit_status_worse(result, context_open_database(context));
		webhooks_disabled(context, NULL);
	}
	return result;
}
