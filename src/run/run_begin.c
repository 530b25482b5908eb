/* SPDX-License-Identifier: ISC
 *
 * What a run works with: the lock, the archive with its database, and what takes their place
 * where they cannot be used.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/archive_owner.h"
#include "archive/packing.h"
#include "base/file.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/step.h"
#include "run/direct.h"
#include "run/heartbeat.h"
#include "run/last_good.h"
#include "run/people.h"
#include "run/print.h"
#include "run/schema.h"
#include "run/standby.h"

enum {
	RUN_LOCK_SECONDS = 600,         /* a lock held longer is worth a line */
	PACK_WAIT_MILLISECONDS = 15000, /* for a `pack` to give way (context_give_way()) */
	FALL_BACK_SECONDS = 5, /* for a courier that is at work on what cannot be written */
};

const struct error *run_cause(const struct run *run, const struct error *error)
{
	return error->remedy == REMEDY_LOCAL && run->denied.remedy != 0 ? &run->denied : error;
}

/* Another run has the lock: silent, unless it takes too long. */
static int held(const struct run *run, const char *path)
{
	struct error error;
	int64_t age = lock_age(path, &error);

	if (age < 0) {
		run_complain(run, error.text);
		return EXIT_LOCAL;
	}
	if (age <= RUN_LOCK_SECONDS)
		return EXIT_DONE;
	fprintf(stderr,
		"lampwatch: %s: held by another run for more than ten minutes; `fuser %s` names "
		"it\n",
		path, path);
	return EXIT_PENDING;
}

/* False where another run holds it, with the exit status; and where it cannot be taken, with error.
 */
static bool take_lock(struct run *run, int *status, struct error *error)
{
	char *path = file_join(run->config->archive, ARCHIVE_STATE "/run.lock");

	run->lock = lock_take(path, false,
		packing_left(run->config->archive) ? PACK_WAIT_MILLISECONDS : 0, error);
	*status = run->lock == LOCK_FAILED ? EXIT_LOCAL : EXIT_DONE;
	if (run->lock >= 0)
		lock_stamp(run->lock);
	else if (run->lock == LOCK_HELD)
		*status = held(run, path);
	free(path);
	return run->lock >= 0;
}

bool run_prepare(struct run *run, int *status, struct error *error)
{
	const struct config *config = run->config;

	*status = EXIT_DONE;
	if (run->dry)
		return true;
	run->unmounted = last_good_unmounted(config, error);
	if (run->unmounted || (archive_writable(config->archive, config, run->now, &run->denied) &&
				      !context_make(run->context, error)))
		return true;
	STEP("archive prepared");
	return take_lock(run, status, error) || run->lock != LOCK_HELD;
}

bool run_open_database(struct run *run, struct error *error)
{
	const char *path = run->context->database_path;

	run->database = run->dry ? database_copy(path, schema, error)
				 : database_open(path, schema, false, error);
	if (run->database == NULL && !run->dry) { /* also opening takes some space */
		reserve_free(run->config->archive);
		run->database = database_open(path, schema, false, error);
		if (run->database == NULL) {
			run->database = database_open_alone(path, schema, false, NULL);
			run->alone = *error;
		}
	}
	return run->database != NULL;
}

static void remember(void *context, const struct text_list *message_ids)
{
	standby_remember(context, message_ids);
}

static void add_folders(void *context, struct text_list *folders)
{
	standby_folders(context, folders);
}

static struct courier *start_courier(const struct run *run)
{
	const struct context *context = run->context;
	struct courier_settings courier = {context->config, context->providers, context->templates,
		context->courier_lock, run->now, context_outbox, store_troubled, add_folders,
		remember, run->context};

	return courier_new(&courier);
}

static bool open_observer(struct run *run, struct error *error)
{
	run->observer.database = run->database;
	run->observer.courier = run->alone.remedy != 0 ? NULL : run->courier;
	return observer_open(&run->observer, error);
}

/* From here on the run works elsewhere. Its faults go along. */
static void leave_archive(struct run *run)
{
	struct text_list faults = run->observer.faults;

	run->observer.faults = (struct text_list){0};
	observer_close(&run->observer);
	run->observer.faults = faults;
	run->observer.aside = true;
	database_close(run->database);
	run->database = NULL;
	run->alone = (struct error){0};
}

/* In memory, as long as this run lasts. */
static bool go_direct(struct run *run, const struct error *why, bool lost, struct error *error)
{
	struct database *database = direct_open(run->context, lost);

	if (database == NULL)
		return false;
	leave_archive(run);
	run->database = database;
	run->direct = run->observer.forgetful = true;
	if (direct_hourly(run->context, "operator", run->now))
		standby_tell_operator(run->context, database, why,
			"No other folder can be written either: what is told is repeated hourly.");
	return open_observer(run, error);
}

bool run_fall_back(struct run *run, const struct error *why, bool lost)
{
	struct text_list lines = {0};
	struct error error;
	bool done;

	if (run->dry || run->direct)
		return false;
	courier_finish(run->courier, FALL_BACK_SECONDS, &error); /* what it has not sent goes along
								  */
	run->courier = run->observer.courier = NULL;
	run->observer.local_trouble = true;
	error = *why; /* of the standby's, where that is in use already */
	done = !run->observer.aside &&
	       standby_open(run->context, why, lost, &run->standby_lock, &lines, &error);
	if (done) {
		leave_archive(run);
		run->courier = start_courier(run);
		run->database = database_open(run->context->database_path, schema, false, &error);
		done = run->database != NULL && open_observer(run, &error);
	}
	for (size_t i = 0; i < lines.count; i++)
		run_complain(run, lines.list[i]);
	if (!done && error.remedy != REMEDY_LATER) {
		if (direct_hourly(run->context, why->text, run->now)) {
			run_complain(run, why->text);
			if (!run->observer.aside)
				run_complain(run, error.text);
		}
		done = go_direct(run, why, lost, &error);
	}
	text_list_release(&lines);
	return done;
}

static bool observer_fall_back(void *context, const struct error *why)
{
	return run_fall_back(context, why, false);
}

/* The courier waits for its lock in a process of its own, which could tell nobody that there is
 * none to be had. */
static bool courier_has_lock(const struct run *run, struct error *error)
{
	int lock = lock_take(run->context->courier_lock, false, 0, error);

	if (lock >= 0)
		lock_release(lock);
	return lock != LOCK_FAILED;
}

/* With the archive as it stands. lost: its database is not the one that it was written with. */
static bool open_archive(struct run *run, bool *lost, struct error *error)
{
	const struct context *context = run->context;

	if (!run->dry) {
		reserve_fill(run->config->archive);
		STEP("reserve filled");
		if (!courier_has_lock(run, error))
			return false;
		*lost = database_missing(context->database_path) &&
			!standby_needless(context, NULL, error);
		if (*lost)
			return false;
		run->courier = start_courier(run);
	}
	if (!run_open_database(run, error))
		return false;
	STEP("database opened");
	if (!open_observer(run, error))
		return false;
	STEP("key written");
	if (run->dry)
		return true;
	if (!standby_needless(context, run->database, error)) {
		*lost = error->number == 0; /* what cannot be read is not another one */
		return false;
	}
	return standby_return(context, run->database, error) &&
	       people_compare(run->config->archive, run->database, error);
}

int run_open(struct run *run, const struct error *unprepared)
{
	const struct context *context = run->context;
	struct error error = *unprepared;
	bool good, lost = run->unmounted;

	run->observer = (struct observer){.config = run->config,
		.providers = context->providers,
		.templates = context->templates,
		.readers = context->readers,
		.simulated = context->invocation->simulated,
		.dry = run->dry,
		.fall_back = observer_fall_back,
		.context = run,
		.quiet = context->invocation->verbosity < 0};
	good = error.remedy == 0 && open_archive(run, &lost, &error);
	run->observer.lost = lost || file_presence(context->database_path, NULL) == FILE_UNKNOWN;
	if (!good && (run->dry || error.remedy == REMEDY_CONFIGURATION)) {
		run_complain(run, run_cause(run, &error)->text);
	} else if (good || run_fall_back(run, run_cause(run, &error), lost)) {
		if (store_pages(run->database, &run->states))
			return EXIT_DONE;
		database_good(run->database, &error);
		run_complain(run, error.text);
	}
	problems_print(&context->mistakes);
	return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}

bool run_begin(struct run *run)
{
	struct error error = {0};
	bool missed = !run->direct && /* which does not know of the run before */
		      heartbeat_begin(run->database, run->config, run->context->templates, run->now,
			      &error);

	if (error.remedy == 0 || run->dry)
		return missed;
	reserve_free(run->config->archive);
	error = (struct error){0};
	missed = heartbeat_begin(
		run->database, run->config, run->context->templates, run->now, &error);
	if (error.remedy != 0 && run_fall_back(run, &error, false))
		missed = heartbeat_begin(
			run->database, run->config, run->context->templates, run->now, &error);
	page_states_release(&run->states);
	if (run->database != NULL)
		store_pages(run->database, &run->states);
	return missed;
}
