/* SPDX-License-Identifier: ISC
 *
 * One scheduled pass: the whole pipeline. Read pass() and run_pages() first,
 * at the end of this file. choose.c says which pages are due, collect.c
 * what becomes of each.
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
#include "run/delay_warning.h"
#include "run/digest_message.h"
#include "run/heartbeat.h"
#include "run/hosting_lookup.h"
#include "run/metrics.h"
#include "run/remind.h"
#include "run/schema.h"
#include "run/sign_heads.h"
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

/* ---- the end ---- */

/* What Prometheus is to know; a file that cannot be written is a line, and changes nothing else. */
static void write_metrics(const struct run *run, int status)
{
	struct metrics metrics = {run->config, run->database, run->now,
		(double)(clock_milliseconds() - run->began) / 1000, status};
	struct error error;

	if (!metrics_write(&metrics, &error))
		run_complain(run, error.text);
}

/* Whether the run itself was a good one, whatever the pages say. */
static void heartbeat(const struct run *run, int status)
{
	struct heartbeat alive = {status == EXIT_LOCAL, run->own_network, run->overdue,
		run->database != NULL && outbox_stuck(run->database)};

	heartbeat_send(run->config, &alive, run->context->user_agent);
}

static int exit_status(struct run *run)
{
	if (run->observer.local_trouble)
		return EXIT_LOCAL;
	if (run->observer.template_trouble)
		return EXIT_USAGE;
	if (run->observer.page_trouble || run->observer.evidence_trouble ||
		outbox_count_waiting(run->database) > 0)
		return EXIT_PENDING;
	return EXIT_DONE;
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

int run_open(struct run *run)
{
	const struct limits_config *limits = &run->config->settings.limits;
	struct http_settings settings = {
		limits->in_flight, limits->per_host, run->context->user_agent, NULL};
	struct error error;

	run->observer = (struct observer){.config = run->config,
		.providers = run->context->providers,
		.templates = run->context->templates,
		.database = run->database,
		.courier = run->courier,
		.simulated = run->context->invocation->simulated,
		.dry = run->dry,
		.quiet = run->context->invocation->verbosity < 0};
	if (!observer_open(&run->observer, &error)) {
		run_complain(run, error.text);
		return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	}
	STEP("key written");
	run->client = http_client_new(&settings);
	run->fetcher = fetcher_new(run->client, run_address, run_fetched, run);
	store_pages(run->database, &run->states);
	return EXIT_DONE;
}

/* EXIT_DONE, or the exit status after a line. */
static int open_all(struct run *run)
{
	struct courier_settings courier = {run->config, run->context->providers,
		run->context->templates, run->context->courier_lock, run->now, context_outbox,
		store_troubled, run->context};
	struct error error;

	reserve_fill(run->config->archive);
	STEP("reserve filled");
	run->readers = readers_new(2);
	run->courier = courier_new(&courier);
	http_start();
	run->database = database_open(run->context->database_path, schema, false, &error);
	if (run->database == NULL) { /* also opening takes some space */
		reserve_free(run->config->archive);
		run->database = database_open(run->context->database_path, schema, false, &error);
	}
	if (run->database == NULL)
		run->database =
			database_open_alone(run->context->database_path, schema, false, &error);
	if (run->database == NULL) {
		run_complain(run, error.text);
		return EXIT_LOCAL;
	}
	STEP("database opened");
	return run_open(run);
}

void run_close(struct run *run)
{
	fetcher_free(run->fetcher);
	http_client_free(run->client);
	for (size_t i = 0; i < run->watch_count; i++)
		watch_release(&run->watches[i]);
	free(run->watches);
	free(run->failed);
	free(run->touched);
	page_states_release(&run->states);
	observer_close(&run->observer);
	database_close(run->database);
}

static const struct kind *kind_for(void *context, const struct page_config *page)
{
	return kind_set_of(context, page);
}

/* What has waited too long by some way, once for each. */
static void say_delay_warnings(const struct run *run)
{
	struct text_list lines = {0};

	delay_warnings_find(run->database, run->config->timezone, run->now, &lines);
	for (size_t i = 0; i < lines.count; i++)
		run_complain(run, lines.list[i]);
	text_list_release(&lines);
}

/* Ends the children and gives the run's exit status. */
static int finish(struct run *run, int status, int seconds)
{
	readers_free(run->readers);
	if (status == EXIT_DONE) {
		hosting_lookup(run->database,
			&(struct hosting_lookup_input){run->config, run->context->providers,
				&run->observer.receivers, run->now, false});
	}
	courier_finish(run->courier, seconds);
	if (status == EXIT_DONE) {
		say_delay_warnings(run);
		status = exit_status(run);
	}
	write_metrics(run, status);
	heartbeat(run, status);
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	run_close(run);
	return status;
}

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

static int pass(struct run *run, char **names, int lock)
{
	int status = open_all(run);

	if (status != EXIT_DONE)
		return finish(run, status, 1);
	if (heartbeat_begin(run->database, run->config, run->context->templates, run->now) &&
		run->config->admin == NULL)
		run_complain(run, "there was no run for much longer than usual");
	observer_recover(&run->observer, kind_for, run->context->kinds, &run->states);
	digest_messages_make(&run->observer, run->now);
	if (outbox_count_due(run->database, run->now) > 0)
		courier_wake(run->courier);
	if (!run_choose(run, names))
		return finish(run, EXIT_USAGE, 1);
	run_fetch(run);
	reminders_enqueue(&run->observer, run->now);
	if (digest_messages_make(&run->observer, run->now))
		courier_wake(run->courier);
	sign_heads(&run->observer, &run->states);
	timestamp_heads(&run->observer, run->context->user_agent, run->now);
	write_site(run);
	lock_release(lock); /* the next run may fetch while the courier is still on its way */
	return finish(run, EXIT_DONE, (int)(run->deadline - run_monotonic()));
}

/* Under the lock; another run that holds it does what this one would. */
static int run_locked(struct run *run, char **names)
{
	int status = context_prepare(run->context), lock;

	if (status != EXIT_DONE)
		return status;
	STEP("archive prepared");
	lock = take_lock(run, &status);
	return lock >= 0 ? pass(run, names, lock) : status;
}

int run_pages(struct context *context, bool dry, char **names)
{
	struct run run = {.context = context,
		.config = context->config,
		.now = context->invocation->clock,
		.dry = dry,
		.began = clock_milliseconds(),
		.deadline = run_monotonic() + RUN_SECONDS};

	return dry ? run_dry(&run, names) : run_locked(&run, names);
}
