/* SPDX-License-Identifier: ISC
 *
 * lampwatch prune: what `keep_for` and `keep_count` do not keep goes.
 */
#include <stdio.h>

#include "archive/packing.h"
#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/sign_heads.h"
#include "store/store.h"

/* A page that is configured no longer keeps what it has. */
static bool prune_page(const struct context *context, struct database *database,
	const struct page_state *state, size_t *done, struct error *error)
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
		context->config->archive, database, state, &retention, now, done, error);
}

/* One page that cannot be pruned does not stop the others. */
static int prune_pages(const struct context *context, struct database *database)
{
	const struct invocation *invocation = context->invocation;
	struct observer observer = {.config = context->config,
		.templates = context->templates,
		.database = database,
		.simulated = invocation->simulated,
		.quiet = invocation->verbosity < 0};
	struct page_states states = {0};
	int result = EXIT_DONE;
	struct error error;
	size_t done = 0;

	store_pages(database, &states);
	for (size_t i = 0; i < states.count; i++)
		if (!prune_page(context, database, &states.list[i], &done, &error)) {
			fprintf(stderr, "lampwatch: %s\n", error.text);
			result = EXIT_LOCAL;
		}
	if (result == EXIT_DONE)
		packing_end(context->config->archive);
	observer.chained = done > 0;
	evidence_heads(&observer, &states);
	if (invocation->verbosity > 0)
		printf("%zu snapshot%s pruned\n", done, done == 1 ? "" : "s");
	page_states_release(&states);
	return observer.local_trouble ? EXIT_LOCAL : result;
}

int command_prune(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	int result = argc == 1 ? context_open(&context, invocation) : usage_error(invocation);

	(void)argv;
	if (result == EXIT_DONE)
		result = context_alone(&context, prune_pages);
	context_close(&context);
	return result;
}
