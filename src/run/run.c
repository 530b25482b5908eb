/* SPDX-License-Identifier: ISC
 *
 * One scheduled pass: the whole pipeline. Read pass() first, near the end of this file. collect.c
 * says which pages are due and what becomes of each.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/archive_owner.h"
#include "archive/packing.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/step.h"
#include "base/text.h"
#include "publish/site.h"
#include "run/agree.h"
#include "run/causes.h"
#include "run/digest_message.h"
#include "run/direct.h"
#include "run/form_intake.h"
#include "run/heartbeat.h"
#include "run/hosting_lookup.h"
#include "run/last_good.h"
#include "run/local_fault.h"
#include "run/mementos.h"
#include "run/metrics.h"
#include "run/mistake.h"
#include "run/people.h"
#include "run/print.h"
#include "run/remind.h"
#include "run/schema.h"
#include "run/standby.h"
#include "run/sign_heads.h"
#include "run/survey.h"
#include "store/crowd.h"
#include "tell/outbox.h"
#include "tell/saves.h"

enum {
	RUN_SECONDS = 300,              /* a run ends itself after that */
	RUN_LOCK_SECONDS = 600,         /* a lock held longer is worth a line */
	PACK_WAIT_MILLISECONDS = 15000, /* for a `pack` to give way (context_give_way()) */
	FALL_BACK_SECONDS = 5, /* for a courier that is at work on what cannot be written */
};

int64_t run_monotonic(void)
{
	return clock_milliseconds() / 1000;
}

void run_complain(const struct run *run, const char *text)
{
	if (run->context->invocation->verbosity >= 0)
		fprintf(stderr, "lampwatch: %s\n", text);
}

void run_progress(const struct run *run)
{
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu of %zu pages", run->done, run->watch_count);
}

/* ---- the beginning ---- */

/* Why something of the archive cannot be used: where it is another user's, that says more. */
static const struct error *cause(const struct run *run, const struct error *error)
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

static bool open_database(struct run *run, struct error *error)
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

/*
 * The archive cannot be written, or it is not the one that its database knows: what is known goes
 * to a standby, where that is not there yet, and the run goes on with it; where that cannot be
 * written either, in memory.
 */
static bool fall_back(struct run *run, const struct error *why, bool lost)
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
	return fall_back(context, why, false);
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
	if (!open_database(run, error))
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

/* Whatever goes wrong with the archive, the run goes on: EXIT_DONE, or the exit status after a
 * line.
 */
static int open_run(struct run *run, const struct error *unprepared)
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
		run_complain(run, cause(run, &error)->text);
	} else if (good || fall_back(run, cause(run, &error), lost)) {
		if (store_pages(run->database, &run->states))
			return EXIT_DONE;
		database_good(run->database, &error);
		run_complain(run, error.text);
	}
	problems_print(&context->mistakes);
	return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}

/* ---- the end ---- */

/* What has changed, for those who browse the archive. */
static void write_site(struct run *run)
{
	struct site site = {run->config->archive, run->context->templates, run->config,
		run->database, run->now, NULL};
	struct error error;

	if (run->config->site != SITE_OFF && !site_update(&site, &error))
		local_fault(&run->observer, &error);
}

static int exit_status(const struct run *run)
{
	const struct observer *observer = &run->observer;
	int mistake = problems_status(&run->context->mistakes);

	if (observer->local_trouble || mistake == EXIT_LOCAL)
		return EXIT_LOCAL;
	if (mistake == EXIT_USAGE || (observer->file_trouble && !run->dry))
		return EXIT_USAGE;
	if (observer->page_trouble ||
		(!run->dry &&
			(observer->evidence_trouble || outbox_count_waiting(run->database) > 0)))
		return EXIT_PENDING;
	return EXIT_DONE;
}

/* What this run says about itself: to Prometheus, and to whoever receives its heartbeats. */
static void report(const struct run *run, int status)
{
	struct metrics metrics = {run->config, run->database, run->now,
		(double)(clock_milliseconds() - run->began) / 1000, status};
	struct heartbeat alive = {.local = status == EXIT_LOCAL,
		.network = run->own_network,
		.overdue = run->overdue,
		.stuck = run->database != NULL && outbox_stuck(run->database),
		.mistake = run->context->mistakes.errors > 0};
	struct error error;

	if (!metrics_write(&metrics, &error))
		run_complain(run, error.text);
	heartbeat_send(run->context->config, &alive, run->context->user_agent);
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* What could not be read is no reason for a good end. */
static void settle_faults(struct run *run, bool over)
{
	struct error error;

	if (run->database == NULL || run->direct) /* where nothing remembers what was told */
		return;
	if (!database_good(run->database, &error))
		local_fault(&run->observer, &error);
	else if (run->alone.remedy != 0 && !run->observer.local_trouble)
		local_fault(&run->observer, &run->alone);
	if (local_faults_settle(&run->observer, over, run->now))
		courier_wake(run->observer.courier);
}

static void release_locks(struct run *run)
{
	if (run->lock >= 0)
		lock_release(run->lock);
	if (run->standby_lock >= 0)
		lock_release(run->standby_lock);
	run->lock = run->standby_lock = -1;
}

/* A database that is the run's alone is closed for as long as the courier is at work. */
static enum courier_end end_courier(struct run *run, int seconds, struct error *why)
{
	struct error error;
	enum courier_end end;

	if (run->alone.remedy != 0 && run->database != NULL) {
		bool due = outbox_count_due(run->database, run->now) > 0;

		database_close(run->database);
		if (due)
			courier_wake(run->courier);
	}
	end = courier_finish(run->courier, seconds, why);
	run->courier = run->observer.courier = NULL;
	if (run->alone.remedy != 0 && run->database != NULL) {
		if (!open_database(run, &error))
			local_fault(&run->observer, &error);
		run->observer.database = run->database;
	}
	return end;
}

/* What it could not record and so did not send goes by the standby. */
static void finish_courier(struct run *run, int seconds)
{
	struct error error;
	enum courier_end end = end_courier(run, seconds, &error);

	if (end == COURIER_UNWRITTEN && fall_back(run, &error, false)) {
		courier_wake(run->courier);
		end = end_courier(run, (int)(run->deadline - run_monotonic()), &error);
	}
	if (run->direct || end == COURIER_UNWRITTEN)
		direct_deliver(run->context, run->database, run->observer.dependences, run->now);
	if (end != COURIER_DONE)
		local_fault(&run->observer, cause(run, &error));
}

/* Ends the children and gives the run's exit status; the courier has so many seconds. */
static int finish(struct run *run, int status, int seconds)
{
	struct hosting_lookup_input lookup = {run->context->config, run->context->providers,
		&run->observer.receivers, run->now, false};
	bool passed = status == EXIT_DONE;
	struct text_list lines = {0};

	readers_free(run->context->readers);
	run->context->readers = NULL;
	if (passed && !run->dry)
		hosting_lookup(run->database, &lookup);
	if (passed)
		settle_faults(run, false);
	if (!run->dry)
		finish_courier(run, seconds);
	passed = passed && run->database != NULL;
	if (passed && !run->dry)
		delay_warnings_find(run->database, run->config->timezone, run->now, &lines);
	for (size_t i = 0; i < lines.count; i++)
		run_complain(run, lines.list[i]);
	if (passed) {
		settle_faults(run, true);
		status = exit_status(run);
	} else if (run->observer.local_trouble) {
		status = EXIT_LOCAL;
	}
	if (status != EXIT_LOCAL && status != EXIT_USAGE && !run->dry)
		standby_forget(run->context);
	if (!run->dry)
		report(run, status);
	fetches_free(run->fetches);
	http_client_free(run->client);
	for (size_t i = 0; i < run->watch_count; i++)
		watch_release(&run->watches[i]);
	free(run->watches);
	free(run->failed);
	free(run->unheard);
	free(run->touched);
	text_list_release(&lines);
	page_states_release(&run->states);
	observer_close(&run->observer);
	database_close(run->database);
	release_locks(run);
	return status;
}

/* ---- the whole ---- */

static const struct kind *kind_for(void *context, const struct page_config *page)
{
	return kind_set_of(context, page);
}

/* The first thing that a run writes shows whether it can. */
static bool begin(struct run *run)
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
	if (error.remedy != 0 && fall_back(run, &error, false))
		missed = heartbeat_begin(
			run->database, run->config, run->context->templates, run->now, &error);
	page_states_release(&run->states);
	if (run->database != NULL)
		store_pages(run->database, &run->states);
	return missed;
}

/* What the run works with is kept for the time when the file has a mistake; which is told. A
 * configuration that is changed just now is the next run's. */
static void keep_configuration(struct run *run)
{
	const struct context *context = run->context;
	struct error error = {0};

	if (context->mistakes.errors == 0 &&
		!last_good_keep(run->config, context->templates, run->now, &error) &&
		error.remedy != REMEDY_CONFIGURATION)
		local_fault(&run->observer, &error);
	if (run->direct && !direct_hourly(context, "configuration", run->now))
		return;
	if (!mistake_tell(run->database, context, run->now, &error))
		local_fault(&run->observer, &error);
}

/* What a crash has left, and what others have done since the last run. */
static void recover(struct run *run)
{
	observer_recover(&run->observer, kind_for, run->context->kinds, &run->states);
	mementos_note(&run->observer, &run->states, run->now);
}

static int pass(struct run *run, char **names)
{
	int64_t last = outbox_last(run->database);
	bool missed = begin(run);

	if (run->database == NULL)
		return finish(run, EXIT_LOCAL, 1);
	if (run->denied.remedy != 0 && !run->observer.aside)
		local_fault(&run->observer, &run->denied);
	if (!run->dry)
		keep_configuration(run);
	if (!run->dry && !run->observer.aside)
		last_good_note_archive(run->config);
	if (missed && run->config->admin == NULL && !run->dry)
		run_complain(run, "there was no run for much longer than usual");
	if (!run->dry && !run->observer.aside)
		recover(run);
	digest_messages_enqueue(&run->observer, run->now);
	if (outbox_count_due(run->database, run->now) > 0)
		courier_wake(run->courier);
	if (!run_choose(run, names))
		return finish(run, EXIT_USAGE, 1);
	run_fetch(run);
	agreements_settle(&run->observer, run->now);
	causes_settle(&run->observer, run->now);
	reminders_enqueue(&run->observer, run->now);
	survey_run(&run->observer, run->context->kinds, run->now);
	crowd_windows_forget(run->database, run->now);
	if (digest_messages_enqueue(&run->observer, run->now))
		courier_wake(run->courier);
	if (run->config->subscribe && !run->dry && !run->observer.aside &&
		forms_take_in(&run->observer, run->now))
		courier_wake(run->courier);
	if (run->dry) {
		run_show(run, last);
	} else if (!run->observer.aside) {
		sign_heads(&run->observer, &run->states);
		timestamp_heads(
			&run->observer, run->context->config, run->context->user_agent, run->now);
		write_site(run);
		if (run->alone.remedy == 0 && saves_due(run->database, run->now))
			courier_wake(run->courier);
	}
	release_locks(run); /* the next run may fetch while the courier is at work */
	return finish(run, EXIT_DONE, (int)(run->deadline - run_monotonic()));
}

/* Without the lock there is nothing to do; where nobody knows for how long, to say so. */
static int end_early(const struct run *run, int status)
{
	struct heartbeat alive = {.local = true};

	if (status == EXIT_LOCAL && !run->dry)
		heartbeat_send(run->context->config, &alive, run->context->user_agent);
	return status;
}

int run_pages(struct context *context, bool dry, char **names)
{
	struct run run = {.context = context,
		.config = context->config,
		.now = context->invocation->clock,
		.dry = dry,
		.lock = -1,
		.standby_lock = -1,
		.began = clock_milliseconds(),
		.deadline = run_monotonic() + RUN_SECONDS};
	struct error error = {0};
	int status = EXIT_DONE;

	if (context->invocation->verbosity > 0)
		confinement_print(run.config, stderr);
	if (!dry && last_good_unmounted(run.config, &error)) {
		run.unmounted = true;
	} else if (!dry &&
		   (!archive_writable(run.config->archive, run.config, run.now, &run.denied) ||
			   context_make(context, &error))) {
		STEP("archive prepared");
		if (!take_lock(&run, &status, &error) && run.lock == LOCK_HELD)
			return end_early(&run,
				status == EXIT_DONE ? problems_status(&context->mistakes) : status);
	}
	status = open_run(&run, &error);
	return status == EXIT_DONE ? pass(&run, names) : finish(&run, status, 1);
}
