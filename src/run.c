/* SPDX-License-Identifier: ISC
 *
 * One scheduled pass: the whole pipeline. Read command_run() first, from the
 * end of this file upward.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"
#include "base/http.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/context.h"
#include "keep/archive.h"
#include "keep/store.h"
#include "keep/reserve.h"
#include "observe.h"
#include "settings.h"
#include "tell/courier.h"
#include "tell/outbox.h"
#include "watch/fetch.h"
#include "watch/kind.h"
#include "watch/reader.h"
#include "watch/schedule.h"

enum {
	RUN_SECONDS = 300,       /* a run ends itself after that */
	RUN_LOCK_SECONDS = 600,  /* a lock held longer is worth a line */
	RUN_WAIT_MILLISECONDS = 250,
	RUN_READS_QUEUED = 8,    /* bodies waiting to be read: bounds the memory */
	RUN_TOUCH_SECONDS = 1,   /* unchanged pages wait so long for others, to be recorded in one transaction */
	OWN_NETWORK_HOSTS = 3, OWN_NETWORK_PROVIDERS = 2,
};

/* A page on its way through the run. */
struct watch {
	struct run *run;
	const struct page_config *page;
	const struct kind *kind;
	struct page_state *state;
	struct page_state *fresh; /* of a page that was never seen; owned */
	struct fetch fetch;
	bool full, url_changed, way_changed;
	struct watch *next;      /* of those that wait to be read */
};

struct run {
	struct context *context;
	const struct config *config;
	struct readers *readers;
	struct courier *courier;
	struct database *database;
	struct observer observer;
	struct page_states states;
	struct http_client *client;
	struct fetcher *fetcher;
	struct watch *watches;
	size_t watch_count, done;
	struct watch *first, *last; /* fetched, and not given to a reader yet */
	size_t waiting;
	struct watch **failed;   /* judged at the end: it may be our own network */
	size_t failed_count;
	struct page_state **touched;
	size_t touched_count;
	int64_t touched_since;   /* monotonic, seconds */
	bool answered;           /* some host did */
	int64_t now, deadline;   /* seconds: of the clock; of the monotonic one */
	int status;
};

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void complain(const struct run *run, const char *text)
{
	if (run->context->invocation->verbosity >= 0)
		fprintf(stderr, "lampwatch: %s\n", text);
}

static void progress(const struct run *run)
{
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu of %zu pages", run->done, run->watch_count);
}

/* ---- results ---- */

static void flush_touched(struct run *run)
{
	struct error error;

	if (run->touched_count == 0)
		return;
	database_begin(run->database);
	for (size_t i = 0; i < run->touched_count; i++)
		store_touch(run->database, run->touched[i]);
	if (!database_commit(run->database, &error)) {
		complain(run, error.text);
		run->observer.local_trouble = true;
	}
	run->touched_count = 0;
}

/* Frees what only its observation needed. */
static void watch_settle(struct watch *watch)
{
	fetch_release(&watch->fetch);
	store_unload(watch->state);
}

static void watch_end(struct watch *watch)
{
	watch_settle(watch);
	watch->run->done++;
	progress(watch->run);
}

static struct observation observation_of(struct watch *watch, enum observed what)
{
	return (struct observation){.page = watch->page, .kind = watch->kind, .state = watch->state, .what = what,
		.error = &watch->fetch.error, .validators = watch->fetch.validators, .full = watch->full,
		.retry_after = watch->fetch.retry_after, .now = watch->run->now,
		.new_baseline = watch->url_changed};
}

/* The same as ever: only the times are worth writing down. */
static void take_unchanged(struct watch *watch)
{
	struct run *run = watch->run;
	struct page_state *state = watch->state;
	struct observation seen = observation_of(watch, OBSERVED_UNCHANGED);

	if (state->unconfirmed || state->failures > 0 || state->lost || state->retry_at != 0 || watch->url_changed) {
		observe(&run->observer, &seen);
		return;
	}
	state->last_fetch = state->last_success = state->last_confirmed = run->now;
	state->confirmed++;
	if (watch->full)
		state->last_full = run->now;
	if (run->touched_count == 0)
		run->touched_since = monotonic();
	*(struct page_state **)memory_append(&run->touched, &run->touched_count, sizeof *run->touched) = state;
}

/* The folder of the last snapshot that has a reading: one that shows how the page became unreadable has none. */
static char *last_read_folder(struct watch *watch)
{
	const struct page_state *state = watch->state;
	struct snapshot_row before = {0};
	char *path = archive_path(watch->run->config->archive, watch->page->name, state->folder, "reading");
	char *folder = memory_string(state->folder);

	if (!file_exists(path) &&
		store_snapshot(watch->run->database, watch->page->name, state->snapshot - 1, &before))
		memory_set(&folder, before.folder);
	snapshot_row_release(&before);
	free(path);
	return folder;
}

/* The last kept bodies as today's kind and program read them; NULL where that cannot be. */
static char *read_anew(struct watch *watch)
{
	struct buffer bodies[KIND_DOCUMENTS_MAX] = {{0}};
	struct document documents[KIND_DOCUMENTS_MAX] = {{0}};
	size_t count = kind_document_count(watch->kind);
	char *folder = last_read_folder(watch), *text = NULL;
	struct error error;

	for (size_t i = 0; i < count; i++) {
		char name[32] = "body";

		if (i > 0)
			snprintf(name, sizeof name, "body-%zu", i + 1);
		if (archive_read(watch->run->config->archive, watch->page->name, folder, name, &bodies[i], NULL))
			documents[i] = (struct document){buffer_string(&bodies[i]), bodies[i].length};
	}
	if (documents[0].bytes != NULL)
		text = readers_read(watch->run->readers, watch->kind, watch->page->url, documents, &error);
	for (size_t i = 0; i < count; i++)
		buffer_release(&bodies[i]);
	free(folder);
	return text;
}

static void take_reading(void *context, const char *text, size_t length, const struct error *error)
{
	struct watch *watch = context;
	struct observation seen = observation_of(watch, text != NULL ? OBSERVED_READING : OBSERVED_UNREADABLE);
	char *anew = NULL;

	(void)length;
	if (text != NULL && watch->way_changed && !watch->url_changed) {
		anew = read_anew(watch);
		/* A kind that was mended after the page stopped fitting cannot read what was there before:
		 * what the page says now is news all the same. */
		seen.silent = anew == NULL && !watch->state->unreadable;
	}
	seen.text = text;
	seen.error = error;
	seen.read_anew = anew;
	seen.responses = watch->fetch.responses;
	seen.response_count = kind_document_count(watch->kind);
	observe(&watch->run->observer, &seen);
	free(anew);
	watch_end(watch);
}

static void submit(struct watch *watch)
{
	struct document documents[KIND_DOCUMENTS_MAX] = {{0}};

	for (size_t i = 0; i < kind_document_count(watch->kind); i++)
		if (watch->fetch.responses[i].status != 0)
			documents[i] = (struct document){buffer_string(&watch->fetch.responses[i].body),
				watch->fetch.responses[i].body.length};
	readers_submit(watch->run->readers, watch->kind, watch->page->url, documents, take_reading, watch);
}

static void wait_to_be_read(struct watch *watch)
{
	struct run *run = watch->run;

	if (run->first == NULL)
		run->first = watch;
	else
		run->last->next = watch;
	run->last = watch;
	run->waiting++;
}

/*
 * Takes what was read and hands out more. Readers are never waited for here,
 * for the transfers under way would time out meanwhile; while bodies wait, no
 * new transfer begins. Returns how many pages are still to be read.
 */
static size_t read_fetched(struct run *run)
{
	size_t reading = readers_collect(run->readers);

	for (; run->first != NULL && reading <= RUN_READS_QUEUED; reading++) {
		struct watch *watch = run->first;

		run->first = watch->next;
		run->waiting--;
		submit(watch);
	}
	http_client_hold(run->client, run->first != NULL);
	return reading + run->waiting;
}

static void fetched(void *context, struct fetch *fetch)
{
	struct run *run = context;
	struct watch *watch = fetch->context;

	run->answered = run->answered || fetch->answered;
	switch (fetch->outcome) {
	case FETCH_UNCHANGED:
		take_unchanged(watch);
		watch_end(watch);
		break;
	case FETCH_CHANGED:
		wait_to_be_read(watch);
		break;
	case FETCH_FAILED:
		*(struct watch **)memory_append(&run->failed, &run->failed_count, sizeof *run->failed) = watch;
		run->done++;
		break;
	}
}

static bool address_of(void *context, struct fetch *fetch, size_t i, const struct document *documents,
	char **address, struct error *error)
{
	struct run *run = context;

	return readers_address(run->readers, fetch->kind, i, fetch->url, documents, address, error);
}

/* ---- what is due ---- */

static struct page_state *fresh_state(struct watch *watch)
{
	watch->fresh = memory_zero(1, sizeof *watch->fresh);
	watch->fresh->name = memory_string(watch->page->name);
	watch->fresh->loaded = true;
	return watch->fresh;
}

static void watch_release(struct watch *watch)
{
	fetch_release(&watch->fetch);
	if (watch->fresh != NULL)
		page_state_release(watch->fresh);
	free(watch->fresh);
}

static struct schedule schedule_of(const struct page_config *page, const struct page_state *state)
{
	return (struct schedule){page->settings.every, state->last_fetch, state->last_success, state->last_full,
		state->retry_at, state->red || state->unconfirmed || (state->failures > 0 && !state->lost)};
}

/* Conditions are dropped when we would read the same bytes otherwise than last time. */
static void prepare_fetch(struct watch *watch)
{
	const struct page_settings *settings = &watch->page->settings;
	struct page_state *state = watch->state;
	struct fetch *fetch = &watch->fetch;

	watch->url_changed = state->known && !text_equal(state->url, watch->page->url);
	watch->way_changed = state->known && (!text_equal(state->kind_digest, kind_digest(watch->kind)) ||
					     !text_equal(state->program, LAMPWATCH_VERSION));
	*fetch = (struct fetch){.url = watch->page->url, .kind = watch->kind, .context = watch,
		.connect_timeout = settings->timeout.connect, .total_timeout = settings->timeout.total,
		.body_maximum = settings->limits.body, .redirects = settings->limits.redirects};
	watch->full = watch->full || watch->url_changed || watch->way_changed || !state->known || state->unreadable;
	for (size_t i = 0; i < KIND_DOCUMENTS_MAX && !watch->full; i++) {
		fetch->validators[i] = state->validators[i];
		state->validators[i] = (struct validator){0};
	}
}

static void add_watch(struct run *run, const struct page_config *page, bool asked_for)
{
	struct watch *watch = &run->watches[run->watch_count];
	struct page_state *known = page_states_find(&run->states, page->name);
	struct schedule schedule;

	*watch = (struct watch){.run = run, .page = page, .kind = kind_set_of(run->context->kinds, page)};
	watch->state = known != NULL ? known : fresh_state(watch);
	schedule = schedule_of(page, watch->state);
	if (!asked_for && !schedule_due(&schedule, run->now)) {
		watch_release(watch);
		return;
	}
	watch->full = schedule_full(&schedule, run->now);
	prepare_fetch(watch);
	run->watch_count++;
}

static bool choose_pages(struct run *run, char **names)
{
	bool good = true;

	run->watches = memory_zero(run->config->page_count, sizeof *run->watches);
	for (size_t i = 0; names[0] == NULL && i < run->config->page_count; i++)
		add_watch(run, &run->config->pages[i], false);
	for (; *names != NULL; names++) {
		const struct page_config *page = config_page(run->config, *names);

		if (page != NULL)
			add_watch(run, page, true);
		else
			good = context_unknown_page(run->context, *names);
	}
	return good;
}

/* ---- fetching ---- */

static void fetch_all(struct run *run)
{
	size_t busy = run->watch_count;

	for (size_t i = 0; i < run->watch_count; i++)
		fetcher_begin(run->fetcher, &run->watches[i].fetch);
	while (busy > 0 && monotonic() < run->deadline) {
		int descriptors[READERS_MAX];
		size_t count = readers_descriptors(run->readers, descriptors);

		busy = http_client_wait(run->client, descriptors, count, RUN_WAIT_MILLISECONDS);
		busy += read_fetched(run);
		if (monotonic() - run->touched_since >= RUN_TOUCH_SECONDS)
			flush_touched(run);
	}
	flush_touched(run);
	if (busy > 0) {
		complain(run, "the run took longer than five minutes and was ended; the next one goes on");
		run->observer.page_trouble = true;
	}
}

static size_t count_distinct(const struct run *run, char *(*key)(const struct watch *watch))
{
	struct text_list seen = {0};
	size_t count;

	for (size_t i = 0; i < run->failed_count; i++) {
		char *text = key(run->failed[i]);

		if (text != NULL && !text_list_has(&seen, text))
			text_list_add(&seen, text);
		free(text);
	}
	count = seen.count;
	text_list_release(&seen);
	return count;
}

static char *host_of(const struct watch *watch)
{
	return http_url_host(watch->page->url);
}

static char *provider_of(const struct watch *watch)
{
	return memory_string(watch->page->provider);
}

/* When no host at all answers, it is not they who are down. */
static bool own_network(const struct run *run)
{
	return !run->answered && run->failed_count == run->watch_count &&
	       count_distinct(run, host_of) >= OWN_NETWORK_HOSTS &&
	       count_distinct(run, provider_of) >= OWN_NETWORK_PROVIDERS;
}

/* True when it begins: what lasts is told by the exit status alone. */
static bool own_network_begins(struct run *run, bool ours)
{
	char *mark = store_fact(run->database, "own network down");
	bool changed = (mark[0] != '\0') != ours;

	free(mark);
	if (!changed || run->watch_count == 0)
		return false;
	database_begin(run->database);
	store_set_fact(run->database, "own network down", ours ? "yes" : "");
	database_commit(run->database, NULL);
	return ours;
}

static void judge_failures(struct run *run)
{
	bool ours = own_network(run);

	if (own_network_begins(run, ours))
		complain(run, "no host answered at all: is this machine's own network down? No page is counted as lost");
	run->observer.page_trouble = run->observer.page_trouble || ours;
	for (size_t i = 0; i < run->failed_count; i++) {
		struct observation seen = observation_of(run->failed[i], OBSERVED_FAILED);

		if (!ours)
			observe(&run->observer, &seen);
		watch_settle(run->failed[i]);
	}
}

/* ---- the end ---- */

static void ignore_answer(void *context, struct http_response *response, const struct error *error)
{
	(void)context, (void)response, (void)error;
}

/* Says that the watch itself is alive; never after a run that could not keep what it saw. */
static void heartbeat(struct run *run)
{
	const struct config *config = run->config;
	struct http_request request = {.url = config->heartbeat, .connect_timeout = 5000, .total_timeout = 10000,
		.body_maximum = 65536, .redirects = 3, .done = ignore_answer};

	if (run->observer.local_trouble || config->heartbeat == NULL)
		return;
	http_client_get(run->client, &request);
	while (http_client_wait(run->client, NULL, 0, RUN_WAIT_MILLISECONDS) > 0 && monotonic() < run->deadline + 15)
		;
}

static int exit_status(struct run *run)
{
	if (run->observer.local_trouble)
		return EXIT_LOCAL;
	if (run->observer.page_trouble || outbox_count_waiting(run->database) > 0)
		return EXIT_OWED;
	return EXIT_DONE;
}

/* ---- the beginning ---- */

static struct database *open_outbox(void *context)
{
	const struct context *self = context;
	struct error error;

	return store_open(self->database_path, false, &error);
}

/* 0: this run holds it; else the exit status. */
static int take_lock(struct run *run, int *descriptor)
{
	char *path = file_join(run->config->archive, ARCHIVE_STATE "/run.lock");
	struct stat status;
	int result = EXIT_DONE;

	*descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*descriptor < 0) {
		fprintf(stderr, "lampwatch: %s: cannot be opened: %s\n", path, strerror(errno));
		result = EXIT_LOCAL;
	} else if (flock(*descriptor, LOCK_EX | LOCK_NB) == 0) {
		futimens(*descriptor, NULL);
		free(path);
		return -1;
	} else if (fstat(*descriptor, &status) == 0 && time(NULL) - status.st_mtime > RUN_LOCK_SECONDS) {
		fprintf(stderr, "lampwatch: %s: held by another run for more than ten minutes; "
			"`fuser %s` names it\n", path, path);
		result = EXIT_OWED;
	}
	free(path);
	return result;
}

/* EXIT_DONE, or the exit status after a line. */
static int open_all(struct run *run, int lock)
{
	const struct limits_config *limits = &run->config->settings.limits;
	struct http_settings settings = {limits->in_flight, limits->per_host, run->context->user_agent, NULL};
	struct courier_settings courier = {run->config, run->context->templates, run->context->courier_lock,
		lock, run->now, open_outbox, store_troubled, run->context};
	struct error error;

	reserve_fill(run->config->archive);
	STEP("reserve filled");
	run->readers = readers_new(2);
	run->courier = courier_new(&courier);
	run->database = store_open(run->context->database_path, false, &error);
	if (run->database == NULL) { /* also opening takes some space */
		reserve_free(run->config->archive);
		run->database = store_open(run->context->database_path, false, &error);
	}
	if (run->database == NULL) {
		complain(run, error.text);
		return EXIT_LOCAL;
	}
	STEP("database opened");
	run->observer = (struct observer){.config = run->config, .templates = run->context->templates,
		.database = run->database, .courier = run->courier,
		.simulated = run->context->invocation->simulated,
		.quiet = run->context->invocation->verbosity < 0};
	if (!observer_open(&run->observer, &error)) {
		complain(run, error.text);
		return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	}
	STEP("key written");
	http_start();
	run->client = http_client_new(&settings);
	run->fetcher = fetcher_new(run->client, address_of, fetched, run);
	store_pages(run->database, &run->states);
	return EXIT_DONE;
}

static void close_all(struct run *run)
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

static int pass(struct run *run, char **names, int lock)
{
	int opened = open_all(run, lock);

	if (opened != EXIT_DONE) {
		readers_free(run->readers);
		courier_finish(run->courier, 1);
		close_all(run);
		return opened;
	}
	observe_recover(&run->observer, kind_for, run->context->kinds, &run->states);
	if (outbox_count_due(run->database, run->now) > 0)
		courier_wake(run->courier);
	if (!choose_pages(run, names)) {
		readers_free(run->readers);
		courier_finish(run->courier, 1);
		close_all(run);
		return EXIT_USAGE;
	}
	fetch_all(run);
	judge_failures(run);
	observe_heads(&run->observer, &run->states);
	flock(lock, LOCK_UN); /* the next run may fetch while the courier is still on its way */
	close(lock);
	readers_free(run->readers);
	heartbeat(run);
	courier_finish(run->courier, (int)(run->deadline - monotonic()));
	run->status = exit_status(run);
	if (run->context->invocation->verbosity > 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	close_all(run);
	return run->status;
}

int command_run(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	struct run run = {.context = &context, .now = invocation->clock, .deadline = monotonic() + RUN_SECONDS};
	int lock = -1, status;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-')
			return usage_error(invocation);
	status = context_open(&context, invocation);
	if (status != EXIT_DONE)
		goto out;
	run.config = context.config;
	status = context_prepare(&context);
	if (status != EXIT_DONE)
		goto out;
	STEP("archive prepared");
	status = take_lock(&run, &lock);
	if (lock >= 0 && status == -1)
		status = pass(&run, argv + 1, lock);
out:
	context_close(&context);
	return status;
}
