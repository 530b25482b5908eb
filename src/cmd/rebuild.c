/* SPDX-License-Identifier: ISC
 *
 * lampwatch rebuild: makes the database from the archive's folders, where it is lost, damaged, or
 * older than they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/database.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"
#include "run/rebuild.h"
#include "run/schema.h"

enum { PROGRESS_EACH = 100 };

static void show_progress(size_t done)
{
	if (done % PROGRESS_EACH == 0)
		fprintf(stderr, "\r\033[K%zu lines of chains", done);
}

/* What is there stays beside it, under a name with the time. */
static bool move_away(const struct context *context, struct error *error)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char date[DATE_TEXT_MAX];
	bool done = true;

	date_write_compact(context->invocation->clock, date);
	for (size_t i = 0; done && i < sizeof endings / sizeof endings[0]; i++) {
		char *from = memory_format("%s%s", context->database_path, endings[i]);
		char *to = memory_format("%s.%s%s", context->database_path, date, endings[i]);

		done = rename(from, to) == 0 || errno == ENOENT ||
		       error_set(error, REMEDY_LOCAL, "%s: cannot be renamed: %s", from,
			       strerror(errno));
		if (done && i == 0 && !file_absent(to) && context->invocation->verbosity >= 0)
			printf("what was there is now %s\n", to);
		free(to);
		free(from);
	}
	return done;
}

static int make(const struct context *context, struct error *error)
{
	const struct invocation *invocation = context->invocation;
	char *new = memory_format("%s.new", context->database_path);
	char *folder = file_folder(context->database_path);
	bool terminal = isatty(STDERR_FILENO) && invocation->verbosity >= 0, done;
	struct rebuilt rebuilt = {0};
	struct database *database;

	unlink(new);
	database = database_open(new, schema, false, error);
	done = database != NULL &&
	       rebuild_all(context, database, terminal ? show_progress : NULL, &rebuilt, error);
	database_close(database);
	if (terminal)
		fputs("\r\033[K", stderr);
	done = done && move_away(context, error);
	if (done && rename(new, context->database_path) != 0)
		done = error_set(
			error, REMEDY_LOCAL, "%s: cannot be renamed: %s", new, strerror(errno));
	done = done && file_sync_folder(folder, error);
	if (done && invocation->verbosity >= 0) {
		printf("rebuilt from %zu lines of chains; %zu alarm%s open%s\n", rebuilt.lines,
			rebuilt.alarms, rebuilt.alarms == 1 ? " is" : "s are",
			rebuilt.alarms > 0 ? ", and the next run tells everybody who wants to know"
					   : "");
		if (rebuilt.unread > 0)
			printf("%zu snapshot%s pruned or cannot be read; `lampwatch verify` says "
			       "which\n",
				rebuilt.unread, rebuilt.unread == 1 ? " is" : "s are");
		if (!rebuilt.people)
			printf("who subscribed by mail or by command, and who left, is not known: "
			       "%s/" ARCHIVE_STATE "/people is not there\n",
				context->config->archive);
	}
	free(folder);
	free(new);
	return done ? EXIT_DONE : EXIT_LOCAL;
}

int command_rebuild(struct context *context, const struct options *options, char **words)
{
	char *path = file_join(context->config->archive, ARCHIVE_STATE "/run.lock");
	int courier = LOCK_FAILED, run = LOCK_FAILED, result;
	struct error error;

	(void)options;
	(void)words;
	result = context_prepare(context);
	if (result == EXIT_DONE) {
		run = lock_take(path, false, 0, &error);
		courier = run >= 0 ? lock_take(context->courier_lock, false, 0, &error) : run;
		if (run == LOCK_HELD || courier == LOCK_HELD)
			error_set(&error, REMEDY_LATER,
				"a run is at work; try again when it is done");
		result = run == LOCK_HELD || courier == LOCK_HELD ? EXIT_PENDING
			 : run < 0 || courier < 0                 ? EXIT_LOCAL
								  : make(context, &error);
		if (result != EXIT_DONE)
			error_print(&error);
	}
	if (courier >= 0)
		lock_release(courier);
	if (run >= 0)
		lock_release(run);
	free(path);
	return result;
}
