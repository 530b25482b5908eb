/* SPDX-License-Identifier: ISC
 *
 * lampwatch unsubscribe: stops sending to an address, whatever the configuration says.
 */
#include <stdio.h>

#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/people.h"
#include "run/print.h"
#include "tell/subscribers.h"

int command_unsubscribe(struct context *context, const struct options *options, char **words)
{
	const char *mail = words[0];
	struct subscribers subscribers = {0};
	struct error error;
	bool configured = config_subscriber(context->config, mail) != NULL;
	int result = context_open_to_write(context, configured);

	(void)options;
	if (result != EXIT_DONE)
		return result;
	if (context->database != NULL)
		subscribers_load(context->database, &subscribers);
	if (subscribers_find(&subscribers, mail) == NULL && !configured) {
		fprintf(stderr,
			"lampwatch: nobody has subscribed as %s; `lampwatch subscribers` lists "
			"who has\n",
			mail);
		result = EXIT_USAGE;
	} else {
		database_begin(context->database);
		subscriber_unsubscribe(context->database, mail, context->config->admin,
			"by the command", context->invocation->clock);
		if (!database_commit(context->database, &error) ||
			!people_write(context->config->archive, context->database, &error))
			result = error_print(&error);
	}
	subscribers_release(&subscribers);
	return result;
}
