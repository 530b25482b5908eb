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
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/step.h"
#include "publish/site.h"
#include "run/digest_message.h"
#include "run/heartbeat.h"
#include "run/hosting_lookup.h"
#include "run/metrics.h"
#include "run/remind.h"
#include "run/schema.h"
#include "run/sign_heads.h"
#include "run/survey.h"
#include "tell/outbox.h"

enum {
	RUN_SECONDS = 300,      /* a run ends itself after that */
	RUN_LOCK_SECONDS = 600, /* a lock held longer is worth a line */
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

/* The lock's descriptor; else -1 and the exit status: another run is silent, unless it takes too
 * long. */
static int take_lock(const struct run *run, int *status)
{
	char *path = file_join(run->config->archive, ARCHIVE_STATE "/run.lock");
	struct error error;
	int lock = lock_take(path, false, 0, &error);

	*status = EXIT_DONE;
	if (lock >= 0) {
		lock_stamp(lock);
	} else if (lock == LOCK_FAILED) {
		run_complain(run, error.text);
		*status = EXIT_LOCAL;
	} else if (lock_age(path) > RUN_LOCK_SECONDS) {
		fprintf(stderr,
			"lampwatch: %s: held by another run for more than ten minutes; "
			"`fuser %s` names it\n",
			path, path);
		*status = EXIT_PENDING;
	}
	free(path);
	return lock;
}

static bool open_database(struct run *run, struct error *error)
{
	const char *path = run->context->database_path;

	run->database = run->dry ? database_copy(path, schema, error)
				 : database_open(path, schema, false, error);
	if (run->database == NULL && !run->dry) { /* also opening takes some space */
		reserve_free(run->config->archive);
		run->database = database_open(path, schema, false, error);
		if (run->database == NULL)
			run->database = database_open_alone(path, schema, false, error);
	}
	return run->database != NULL;
}

/* EXIT_DONE, or the exit status after a line. */
static int open_run(struct run *run)
{
	const struct context *context = run->context;
	struct courier_settings courier = {run->config, context->providers, context->templates,
		context->courier_lock, run->now, context_outbox, store_troubled, run->context};
	struct error error = {0};

	if (!run->dry) {
		reserve_fill(run->config->archive);
		STEP("reserve filled");
	}
	run->readers = readers_new(2);
	if (!run->dry)
		run->courier = courier_new(&courier);
	http_start();
	if (open_database(run, &error)) {
		STEP("database opened");
		run->observer = (struct observer){.config = run->config,
			.providers = context->providers,
			.templates = context->templates,
			.database = run->database,
			.courier = run->courier,
			.simulated = context->invocation->simulated,
			.dry = run->dry,
			.quiet = context->invocation->verbosity < 0};
		if (observer_open(&run->observer, &error)) {
			STEP("key written");
			store_pages(run->database, &run->states);
			return EXIT_DONE;
		}
	}
	run_complain(run, error.text);
	return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}

/* ---- the end ---- */

/* What has changed, for those who browse the archive. */
static void write_site(struct run *run)
{
	struct site site = {run->config->archive, run->context->templates, run->config,
		run->database, run->now, NULL};
	struct error error;

	if (run->config->site == SITE_OFF || site_update(&site, &error))
		return;
	run_complain(run, error.text);
	run->observer.local_trouble = true;
}

static int exit_status(const struct run *run)
{
	const struct observer *observer = &run->observer;

	if (observer->local_trouble)
		return EXIT_LOCAL;
	if (observer->template_trouble && !run->dry)
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
	struct heartbeat alive = {status == EXIT_LOCAL, run->own_network, run->overdue,
		run->database != NULL && outbox_stuck(run->database)};
	struct error error;

	if (!metrics_write(&metrics, &error))
		run_complain(run, error.text);
	heartbeat_send(run->config, &alive, run->context->user_agent);
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* Ends the children and gives the run's exit status; the courier has so many seconds. */
static int finish(struct run *run, int status, int seconds)
{
	struct hosting_lookup_input lookup = {
		run->config, run->context->providers, &run->observer.receivers, run->now, false};
	bool passed = status == EXIT_DONE;
	struct text_list lines = {0};

	readers_free(run->readers);
	if (passed && !run->dry)
		hosting_lookup(run->database, &lookup);
	if (!run->dry)
		courier_finish(run->courier, seconds);
	if (passed && !run->dry)
		delay_warnings_find(run->database, run->config->timezone, run->now, &lines);
	for (size_t i = 0; i < lines.count; i++)
		run_complain(run, lines.list[i]);
	if (passed)
		status = exit_status(run);
	if (!run->dry)
		report(run, status);
	fetcher_free(run->fetcher);
	http_client_free(run->client);
	for (size_t i = 0; i < run->watch_count; i++)
		watch_release(&run->watches[i]);
	free(run->watches);
	free(run->failed);
	free(run->touched);
	text_list_release(&lines);
	page_states_release(&run->states);
	observer_close(&run->observer);
	database_close(run->database);
	return status;
}

/* ---- the whole ---- */

static const struct kind *kind_for(void *context, const struct page_config *page)
{
	return kind_set_of(context, page);
}

static int pass(struct run *run, char **names, int lock)
{
	int64_t last = outbox_last(run->database);
	bool missed =
		heartbeat_begin(run->database, run->config, run->context->templates, run->now);

	if (missed && run->config->admin == NULL && !run->dry)
		run_complain(run, "there was no run for much longer than usual");
	if (!run->dry)
		observer_recover(&run->observer, kind_for, run->context->kinds, &run->states);
	digest_messages_enqueue(&run->observer, run->now);
	if (outbox_count_due(run->database, run->now) > 0)
		courier_wake(run->courier);
	if (!run_choose(run, names))
		return finish(run, EXIT_USAGE, 1);
	run_fetch(run);
	reminders_enqueue(&run->observer, run->now);
	survey_run(&run->observer, run->context->kinds, run->now);
	if (digest_messages_enqueue(&run->observer, run->now))
		courier_wake(run->courier);
	if (run->dry) {
		run_show(run, last);
	} else {
		sign_heads(&run->observer, &run->states);
		timestamp_heads(&run->observer, run->context->user_agent, run->now);
		write_site(run);
		lock_release(lock); /* the next run may fetch while the courier is at work */
	}
	return finish(run, EXIT_DONE, (int)(run->deadline - run_monotonic()));
}

int run_pages(struct context *context, bool dry, char **names)
{
	struct run run = {.context = context,
		.config = context->config,
		.now = context->invocation->clock,
		.dry = dry,
		.began = clock_milliseconds(),
		.deadline = run_monotonic() + RUN_SECONDS};
	int status = dry ? EXIT_DONE : context_prepare(context), lock = -1;

	if (status != EXIT_DONE)
		return status;
	if (!dry) {
		STEP("archive prepared");
		lock = take_lock(&run, &status);
		if (lock < 0)
			return status;
	}
	status = open_run(&run);
	return status == EXIT_DONE ? pass(&run, names, lock) : finish(&run, status, 1);
}
