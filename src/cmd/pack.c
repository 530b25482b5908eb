/* SPDX-License-Identifier: ISC
 *
 * lampwatch pack: compresses the snapshots that are older than `pack_after`.
 */
#include <stdio.h>
#include <unistd.h>

#include "archive/packing.h"
#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "store/store.h"

static void clear_progress(const struct invocation *invocation)
{
	if (invocation->verbosity >= 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

struct packing {
	struct context *context;
	int status;
};

static bool goes_on(void *context, size_t done)
{
	struct packing *packing = context;

	if (packing->context->invocation->verbosity >= 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu snapshots packed", done);
	packing->status = context_give_way(packing->context);
	return packing->status == EXIT_DONE;
}

/* One page that cannot be packed does not stop the others. */
int command_pack(struct context *context, const struct options *options, char **words)
{
	const struct invocation *invocation = context->invocation;
	int64_t before = invocation->clock - context->config->pack_after / 1000;
	struct page_states states = {0};
	struct database *database = context->database;
	struct packing packing = {context, EXIT_DONE};
	int result = EXIT_DONE;
	struct error error;
	size_t done = 0;

	(void)options;
	(void)words;
	if (context->database == NULL)
		return EXIT_DONE;
	store_pages(context->database, &states);
	for (size_t i = 0; i < states.count && packing.status == EXIT_DONE; i++) {
		const char *page = states.list[i].name;
		size_t packed = done;
		bool good = packing_pack(context->config->archive, database, page, before, &done,
			goes_on, &packing, &error);

		if (done > packed)
			store_rewrite_site(
				database, page); /* its pages do without the bodies now */
		if (good)
			continue;
		clear_progress(invocation);
		fprintf(stderr, "lampwatch: %s\n", error.text);
		result = EXIT_LOCAL;
	}
	clear_progress(invocation);
	if (invocation->verbosity > 0)
		printf("%zu snapshot%s packed\n", done, done == 1 ? "" : "s");
	page_states_release(&states);
	return exit_status_worse(result, packing.status);
}
