/* SPDX-License-Identifier: ISC
 *
 * lampwatch unsubscribe: an address is told no more, whatever the configuration says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/subscribers.h"

static int unsubscribe(const struct context *context, const char *mail)
{
	struct subscribers subscribers = {0};
	struct error error;
	struct database *database = database_open(context->database_path, schema, false, &error);
	int result = EXIT_DONE;

	if (database == NULL) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return EXIT_LOCAL;
	}
	subscribers_load(database, &subscribers);
	if (subscribers_find(&subscribers, mail) == NULL &&
		config_subscriber(context->config, mail) == NULL) {
		fprintf(stderr,
			"lampwatch: nobody has subscribed as %s; `lampwatch subscribers` lists "
			"who has\n",
			mail);
		result = EXIT_USAGE;
	} else {
		database_begin(database);
		subscriber_unsubscribe(database, mail, context->config->operator, "by the command",
			context->invocation->clock);
		if (!database_commit(database, &error)) {
			fprintf(stderr, "lampwatch: %s\n", error.text);
			result = EXIT_LOCAL;
		}
	}
	subscribers_release(&subscribers);
	database_close(database);
	return result;
}

int command_unsubscribe(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	int result;

	if (argc != 2 || argv[1][0] == '-')
		return usage_error(invocation);
	result = context_open(&context, invocation);
	if (result == EXIT_DONE)
		result = context_prepare(&context);
	if (result == EXIT_DONE)
		result = unsubscribe(&context, argv[1]);
	context_close(&context);
	return result;
}
