/* SPDX-License-Identifier: ISC
 *
 * lampwatch site: writes all pages to browse the archive anew. A run writes what changes.
 */
#include "publish/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/schema.h"
#include "store/store.h"

enum { RUN_WAIT_MILLISECONDS = 300000, PROGRESS_STEP = 100 };

static void progress(size_t done, size_t all)
{
	if (isatty(STDERR_FILENO) && (done % PROGRESS_STEP == 0 || done == all))
		fprintf(stderr, "\r\033[K%zu of %zu snapshots%s", done, all,
			done == all ? "\r\033[K" : "");
}

static int build(const struct context *context)
{
	struct site site = {context->config->archive, context->templates, context->config, NULL,
		context->invocation->clock, context->invocation->verbosity >= 0 ? progress : NULL};
	struct error error;
	bool done;

	site.database = database_open(context->database_path, schema, false, &error);
	done = site.database != NULL && site_build(&site, &error);
	database_close(site.database);
	if (!done) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	}
	if (context->invocation->verbosity >= 0)
		printf("%s/index.html\n", context->config->archive);
	return EXIT_DONE;
}

/* One writer at a time: waits for a run. */
static int build_locked(const struct context *context)
{
	char *path = file_join(context->config->archive, ARCHIVE_STATE "/run.lock");
	struct error error;
	int lock = lock_take(path, false, RUN_WAIT_MILLISECONDS, &error), result = EXIT_LOCAL;

	if (lock == LOCK_HELD)
		fprintf(stderr, "lampwatch: %s: held by a run for more than five minutes\n", path);
	else if (lock == LOCK_FAILED)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else
		result = build(context);
	if (lock >= 0)
		lock_release(lock);
	free(path);
	return result;
}

int command_site(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	int result = context_open(&context, invocation);

	(void)argv;
	if (result == EXIT_DONE && argc > 1)
		result = usage_error(invocation);
	if (result != EXIT_DONE)
		goto out;
	if (file_exists(context.database_path)) {
		result = build_locked(&context);
	} else {
		fprintf(stderr, "lampwatch: %s: there is no archive yet\n",
			context.config->archive);
		result = EXIT_LOCAL;
	}
out:
	context_close(&context);
	return result;
}
