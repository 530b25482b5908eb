/* SPDX-License-Identifier: ISC
 *
 * lampwatch verify: nothing, and exit status 0, where the archive is whole; else
 * the first thing that is wrong, and 3.
 */
#include "keep/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "cmd/context.h"
#include "keep/archive.h"

enum { RUN_WAIT_MILLISECONDS = 300000 };

static void progress(const struct verified *verified)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu snapshots", verified->snapshots);
}

/* A run in the middle of a commit is no damage: waits for it. Returns a descriptor, or less than 0.
 */
static int wait_for_run(const struct context *context)
{
	char *path = file_join(context->config->archive, ARCHIVE_STATE "/run.lock");
	int descriptor = file_exists(path) ? lock_take(path, true, RUN_WAIT_MILLISECONDS, NULL)
					   : LOCK_FAILED;

	free(path);
	return descriptor;
}

static int examine(const struct context *context, struct database *database)
{
	struct verified verified = {0};
	struct error error;
	bool loud = context->invocation->verbosity > 0;
	bool good = verify(
		context->config->archive, database, &verified, loud ? progress : NULL, &error);

	if (loud && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (!good)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else if (loud)
		printf("whole: %zu page%s, %zu snapshot%s, %zu files\n", verified.pages,
			verified.pages == 1 ? "" : "s", verified.snapshots,
			verified.snapshots == 1 ? "" : "s", verified.files);
	return good ? EXIT_DONE : EXIT_LOCAL;
}

int command_verify(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	struct database *database = NULL;
	bool missing = false;
	int lock = -1, result = context_open(&context, invocation);

	(void)argv;
	if (result == EXIT_DONE && argc > 1)
		result = usage_error(invocation);
	if (result != EXIT_DONE)
		goto out;
	lock = wait_for_run(&context);
	database = context_database(&context, &missing);
	if (database != NULL)
		result = examine(&context, database);
	else if (missing)
		fprintf(stderr, "lampwatch: %s: there is no archive yet\n",
			context.config->archive);
	if (database == NULL)
		result = EXIT_LOCAL;
out:
	if (lock >= 0)
		lock_release(lock);
	database_close(database);
	context_close(&context);
	return result;
}
