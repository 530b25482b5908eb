/* SPDX-License-Identifier: ISC
 *
 * lampwatch subscribe: adds a subscriber without changing the configuration.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/pattern.h"
#include "run/context.h"
#include "run/people.h"
#include "run/print.h"
#include "store/store.h"
#include "tell/subscribers.h"

static int complain(const char *text, const char *word)
{
	fprintf(stderr, "lampwatch: subscribe: %s, not \"%s\"%s\n", text, word,
		config_host_advice(word));
	return EXIT_USAGE;
}

static int complain_of_event(const char *word)
{
	struct buffer text = {0};

	buffer_format(&text, "--on takes ");
	config_wanted_words(&text);
	complain(buffer_string(&text), word);
	buffer_release(&text);
	return EXIT_USAGE;
}

/* Reads the options; EXIT_USAGE after a complaint. */
static int read_options(
	const struct context *context, const struct options *options, struct subscriber_config *is)
{
	struct subscription *subscription = &is->subscription;
	enum level floor;
	int words = 0;

	*subscription = subscription_default;
	for (size_t i = 0; i < options->pages.count; i++) {
		const char *page = options->pages.list[i];

		if (!pattern_is_wild(page) && context_page(context, page) == NULL)
			return EXIT_USAGE;
		text_list_add(&subscription->pages, page);
	}
	for (size_t i = 0; i < options->indicators.count; i++)
		text_list_add(&subscription->indicators, options->indicators.list[i]);
	if (options->floor != NULL) {
		if (!level_parse(options->floor, &floor) || floor < LEVEL_DEGRADED)
			return complain("--floor takes degraded, partial_outage or major_outage",
				options->floor);
		subscription->floor = (int)floor;
	}
	for (size_t i = 0; i < options->on.count; i++) {
		int word = config_wanted_parse(options->on.list[i]);

		if (word == 0)
			return complain_of_event(options->on.list[i]);
		words |= word;
	}
	if (options->on.count > 0)
		subscription->on = config_wanted_settle(words);
	if (options->second != NULL) {
		const char *second = options->second;
		const char *webhook = text_starts(second, "webhook:") ? second + 8 : NULL;

		if (webhook != NULL ? config_webhook(context->config, webhook) == NULL
				    : !config_address_valid(second))
			return complain("--second takes an address, or webhook:NAME of a webhook "
					"in the configuration",
				second);
		if (strcasecmp(second, is->mail) == 0)
			return complain("--second takes a different address", is->mail);
		is->second = memory_string(second);
	}
	return EXIT_DONE;
}

/* An address that has unsubscribed is not subscribed again by mistake. */
static bool may_subscribe(struct database *database, const char *mail)
{
	struct subscribers subscribers = {0};
	const struct subscriber *known;
	bool may;

	subscribers_load(database, &subscribers);
	known = subscribers_find(&subscribers, mail);
	may = known == NULL || known->state == SUBSCRIBER_ACTIVE;
	if (!may)
		fprintf(stderr, "lampwatch: %s is %s%s%s; --again subscribes it anyway\n", mail,
			subscriber_state_name(known->state), known->reason[0] != '\0' ? ": " : "",
			known->reason);
	subscribers_release(&subscribers);
	return may;
}

int command_subscribe(struct context *context, const struct options *options, char **words)
{
	struct subscriber subscriber = {.state = SUBSCRIBER_ACTIVE,
		.created = context->invocation->clock,
		.changed = context->invocation->clock};
	struct error error;
	int result;

	if (!config_address_valid(words[0]))
		return complain("needs an address such as ops@example.org", words[0]);
	subscriber.is.mail = memory_string(words[0]);
	subscriber.reason = memory_string("by the command");
	result = read_options(context, options, &subscriber.is);
	if (result == EXIT_DONE)
		result = context_open_to_write(context, true);
	if (result == EXIT_DONE && !options->again && !may_subscribe(context->database, words[0]))
		result = EXIT_USAGE;
	if (result == EXIT_DONE) {
		database_begin(context->database);
		subscriber_save(context->database, &subscriber);
		if (!database_commit(context->database, &error) ||
			!people_write(context->config->archive, context->database, &error))
			result = error_print(&error);
	}
	subscriber_release(&subscriber);
	return result;
}
