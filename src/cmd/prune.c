/* SPDX-License-Identifier: ISC
 *
 * lampwatch prune: removes the snapshots that `keep_for` and `keep_count` do not keep.
 */
#include <stdio.h>

#include "archive/packing.h"
#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"
#include "run/sign_heads.h"
#include "store/store.h"

/* A page that is no longer configured keeps what it has. */
static bool prune_page(const struct context *context, const struct page_state *state, size_t *done,
	struct error *error)
{
	const struct page_config *page = config_page(context->config, state->name);
	int64_t now = context->invocation->clock;
	struct retention retention = {0};

	if (page != NULL) {
		retention.count = page->settings.keep_count;
		if (page->settings.keep_for > 0)
			retention.since = now - page->settings.keep_for / 1000;
	}
	return packing_prune(
		context->config->archive, context->database, state, &retention, now, done, error);
}

/* One page that cannot be pruned does not stop the others. */
int command_prune(struct context *context, const struct options *options, char **words)
{
	const struct invocation *invocation = context->invocation;
	struct observer observer = {.config = context->config,
		.templates = context->templates,
		.database = context->database,
		.simulated = invocation->simulated,
		.quiet = invocation->verbosity < 0};
	struct page_states states = {0};
	int result = EXIT_DONE;
	struct error error;
	size_t done = 0;

	(void)options;
	(void)words;
	if (context->database == NULL)
		return EXIT_DONE;
	store_pages(context->database, &states);
	for (size_t i = 0; i < states.count; i++)
		if (!prune_page(context, &states.list[i], &done, &error))
			result = error_print(&error);
	if (result == EXIT_DONE)
		packing_end(context->config->archive);
	observer.chained = done > 0;
	sign_heads(&observer, &states);
	result = exit_status_worse(result, observer.local_trouble ? EXIT_LOCAL : EXIT_DONE);
	if (invocation->verbosity > 0)
		printf("%zu snapshot%s pruned\n", done, done == 1 ? "" : "s");
	page_states_release(&states);
	observer_close(&observer);
	return result;
}
