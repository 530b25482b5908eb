/* SPDX-License-Identifier: ISC
 *
 * lampwatch subscribe: somebody is told from now on, without the configuration being touched.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/pattern.h"
#include "run/context.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/subscribers.h"

/* What the words of the command ask for. */
struct wish {
	const struct context *context;
	struct subscriber subscriber;
	bool again;
};

static bool complain(const char *text, const char *word)
{
	fprintf(stderr, "lampwatch: subscribe: %s, not \"%s\"\n", text, word);
	return false;
}

static bool take_second(struct wish *wish, const char *word)
{
	const char *name = text_starts(word, "webhook:") ? word + 8 : NULL;

	if (name != NULL ? config_webhook(wish->context->config, name) == NULL
			 : !config_address_valid(word))
		return complain("--second takes an address, or webhook:NAME of a webhook in the "
				"configuration",
			word);
	memory_set(&wish->subscriber.is.second, word);
	return true;
}

static bool take_page(struct wish *wish, const char *word)
{
	text_list_add(&wish->subscriber.is.subscription.pages, word);
	return pattern_is_wild(word) || config_page(wish->context->config, word) != NULL ||
	       context_unknown_page(wish->context, word);
}

static bool take_indicator(struct wish *wish, const char *word)
{
	text_list_add(&wish->subscriber.is.subscription.indicators, word);
	return true;
}

static bool take_floor(struct wish *wish, const char *word)
{
	enum level level;

	if (!level_parse(word, &level) || level < LEVEL_DEGRADED)
		return complain("--floor takes degraded, partial_outage or major_outage", word);
	wish->subscriber.is.subscription.floor = (int)level;
	return true;
}

static bool take_on(struct wish *wish, const char *word)
{
	int wanted = config_wanted_parse(word);

	if (wanted == 0)
		return complain("--on takes red, green, update, flapping or lost, once each", word);
	wish->subscriber.is.subscription.on |= wanted;
	return true;
}

static bool take_again(struct wish *wish, const char *word)
{
	(void)word;
	wish->again = true;
	return true;
}

static const struct option options[] = {{"second", required_argument, NULL, 0},
	{"page", required_argument, NULL, 0}, {"indicator", required_argument, NULL, 0},
	{"floor", required_argument, NULL, 0}, {"on", required_argument, NULL, 0},
	{"again", no_argument, NULL, 0}, {0}};
static bool (*const takers[])(struct wish *wish, const char *word) = {
	take_second, take_page, take_indicator, take_floor, take_on, take_again};

/* EXIT_USAGE after a complaint. */
static int read_words(struct wish *wish, int argc, char **argv)
{
	int option, which = 0;

	wish->subscriber.is.subscription = subscription_default;
	wish->subscriber.is.subscription.on = 0;
	while ((option = getopt_long(argc, argv, "", options, &which)) != -1) {
		if (option != 0)
			return usage_error(wish->context->invocation);
		if (!takers[which](wish, optarg))
			return EXIT_USAGE;
	}
	if (optind != argc - 1)
		return usage_error(wish->context->invocation);
	if (wish->subscriber.is.subscription.on == 0)
		wish->subscriber.is.subscription.on = subscription_default.on;
	if (!config_address_valid(argv[optind])) {
		complain("needs an address such as ops@example.org", argv[optind]);
		return EXIT_USAGE;
	}
	memory_set(&wish->subscriber.is.mail, argv[optind]);
	if (wish->subscriber.is.second != NULL &&
		strcasecmp(wish->subscriber.is.second, argv[optind]) == 0) {
		complain("--second takes another address", argv[optind]);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Whoever has unsubscribed is not told again by mistake. */
static bool may_subscribe(const struct wish *wish, const struct subscribers *subscribers)
{
	const char *mail = wish->subscriber.is.mail;
	const struct subscriber *known = subscribers_find(subscribers, mail);

	if (known == NULL || wish->again || known->state == SUBSCRIBER_ACTIVE)
		return true;
	fprintf(stderr, "lampwatch: %s is %s%s%s; --again subscribes it all the same\n", mail,
		subscriber_state_name(known->state), known->reason[0] != '\0' ? ": " : "",
		known->reason);
	return false;
}

static int save(struct wish *wish)
{
	struct subscribers subscribers = {0};
	struct error error;
	struct database *database =
		database_open(wish->context->database_path, schema, false, &error);
	int result = EXIT_LOCAL;

	if (database == NULL)
		goto out;
	subscribers_load(database, &subscribers);
	result = may_subscribe(wish, &subscribers) ? EXIT_DONE : EXIT_USAGE;
	if (result == EXIT_DONE) {
		wish->subscriber.state = SUBSCRIBER_ACTIVE;
		wish->subscriber.created = wish->context->invocation->clock;
		wish->subscriber.changed = wish->subscriber.created;
		wish->subscriber.reason = memory_string("by the command");
		database_begin(database);
		subscriber_save(database, &wish->subscriber);
		if (!database_commit(database, &error))
			result = EXIT_LOCAL;
	}
	database_close(database);
	subscribers_release(&subscribers);
out:
	if (result == EXIT_LOCAL)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	return result;
}

int command_subscribe(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	struct wish wish = {.context = &context};
	int result = context_open(&context, invocation);

	if (result == EXIT_DONE)
		result = read_words(&wish, argc, argv);
	if (result == EXIT_DONE)
		result = context_prepare(&context);
	if (result == EXIT_DONE)
		result = save(&wish);
	subscriber_release(&wish.subscriber);
	context_close(&context);
	return result;
}
