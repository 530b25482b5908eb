/* SPDX-License-Identifier: ISC
 *
 * One scheduled pass: the whole pipeline. Read pass() first, near the end of this file. run_begin.c
 * opens what a run works with, collect.c says which pages are due and what becomes of each, and
 * run_end.c ends it.
 */
#include "run/run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "publish/site.h"
#include "run/agree.h"
#include "run/causes.h"
#include "run/digest_message.h"
#include "run/direct.h"
#include "run/form_intake.h"
#include "run/last_good.h"
#include "run/local_fault.h"
#include "run/mementos.h"
#include "run/mistake.h"
#include "run/print.h"
#include "run/remind.h"
#include "run/sign_heads.h"
#include "run/survey.h"
#include "store/crowd.h"
#include "tell/outbox.h"
#include "tell/saves.h"

enum { RUN_SECONDS = 300 /* a run ends itself after that */ };

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

/* What has changed, for those who browse the archive. */
static void write_site(struct run *run)
{
	struct site site = {run->config->archive, run->context->templates, run->config,
		run->database, run->now, NULL};
	struct error error;

	if (run->config->site != SITE_OFF && !site_update(&site, &error))
		local_fault(&run->observer, &error);
}

static const struct kind *kind_for(void *context, const struct page_config *page)
{
	return kind_set_of(context, page);
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

/* What the run before has left, and what others have done since. */
static void take_up(struct run *run, bool missed)
{
	bool keeps = !run->dry && !run->observer.aside;

	if (run->denied.remedy != 0 && !run->observer.aside)
		local_fault(&run->observer, &run->denied);
	if (!run->dry)
		keep_configuration(run);
	if (keeps)
		last_good_note_archive(run->config);
	if (missed && run->config->admin == NULL && !run->dry)
		run_complain(run, "there was no run for much longer than usual");
	if (keeps) {
		observer_recover(&run->observer, kind_for, run->context->kinds, &run->states);
		mementos_note(&run->observer, &run->states, run->now);
	}
	digest_messages_enqueue(&run->observer, run->now);
	if (outbox_count_due(run->database, run->now) > 0)
		courier_wake(run->courier);
}

/* What follows from all that was observed together. */
static void settle(struct run *run)
{
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
}

/* What proves it, and what readers see. */
static void publish(struct run *run)
{
	sign_heads(&run->observer, &run->states);
	timestamp_heads(&run->observer, run->context->attempts, run->context->config,
		run->context->user_agent, run->now);
	write_site(run);
	if (run->alone.remedy == 0 && saves_due(run->database, run->now))
		courier_wake(run->courier);
}

static int pass(struct run *run, char **names)
{
	int64_t last = outbox_last(run->database);
	bool missed = run_begin(run);

	if (run->database == NULL)
		return run_finish(run, EXIT_LOCAL, 1);
	take_up(run, missed);
	if (!run_choose(run, names))
		return run_finish(run, EXIT_USAGE, 1);
	run_fetch(run);
	settle(run);
	if (run->dry)
		run_show(run, last);
	else if (!run->observer.aside)
		publish(run);
	run_release_locks(run); /* the next run may fetch while the courier is at work */
	return run_finish(run, EXIT_DONE, (int)(run->deadline - run_monotonic()));
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
	int status;

	if (context->invocation->verbosity > 0)
		confinement_print(run.config, stderr);
	if (!run_prepare(&run, &status, &error))
		return run_end_early(
			&run, status == EXIT_DONE ? problems_status(&context->mistakes) : status);
	status = run_open(&run, &error);
	return status == EXIT_DONE ? pass(&run, names) : run_finish(&run, status, 1);
}
