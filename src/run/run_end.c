/* SPDX-License-Identifier: ISC
 *
 * The end of a run: what is still to be delivered, what it says about itself, its exit status.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/lock.h"
#include "run/direct.h"
#include "run/heartbeat.h"
#include "run/hosting_lookup.h"
#include "run/local_fault.h"
#include "run/metrics.h"
#include "run/print.h"
#include "run/standby.h"
#include "tell/outbox.h"

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
	heartbeat_send(
		run->context->attempts, run->context->config, &alive, run->context->user_agent);
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

void run_release_locks(struct run *run)
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
		if (!run_open_database(run, &error))
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

	if (end == COURIER_UNWRITTEN && run_fall_back(run, &error, false)) {
		courier_wake(run->courier);
		end = end_courier(run, (int)(run->deadline - run_monotonic()), &error);
	}
	if (run->direct || end == COURIER_UNWRITTEN)
		direct_deliver(run->context, run->database, run->observer.dependences, run->now);
	if (end != COURIER_DONE)
		local_fault(&run->observer, run_cause(run, &error));
}

int run_finish(struct run *run, int status, int seconds)
{
	struct hosting_lookup_input lookup = {run->context->attempts, run->context->config,
		run->context->providers, &run->observer.receivers, run->now, false};
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
	run_release_locks(run);
	return status;
}

int run_end_early(const struct run *run, int status)
{
	struct heartbeat alive = {.local = true};

	if (status == EXIT_LOCAL && !run->dry)
		heartbeat_send(run->context->attempts, run->context->config, &alive,
			run->context->user_agent);
	return status;
}
