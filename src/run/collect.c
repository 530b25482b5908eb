/* SPDX-License-Identifier: ISC
 *
 * All pages at once: fetched, read in children, observed one by one as they
 * come; what failed is judged together, at the end.
 */
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/snapshot_reader.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "run/run.h"
#include "watch/drift.h"

enum {
	RUN_WAIT_MILLISECONDS = 250,
	RUN_READS_QUEUED = 8, /* bodies waiting to be read: bounds the memory */
	RUN_TOUCH_SECONDS =
		1, /* unchanged pages wait so long for others, to be recorded in one transaction */
	OWN_NETWORK_HOSTS = 3,
	OWN_NETWORK_PROVIDERS = 2,
};

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
		run_complain(run, error.text);
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
	run_progress(watch->run);
}

static struct observation observation_of(struct watch *watch, enum observed what)
{
	return (struct observation){.page = watch->page,
		.kind = watch->kind,
		.state = watch->state,
		.what = what,
		.error = &watch->fetch.error,
		.validators = watch->fetch.validators,
		.full = watch->full,
		.retry_after = watch->fetch.retry_after,
		.now = watch->run->now,
		.requested_url = watch->fetch.responses[0].requested_url,
		.final_url = watch->fetch.responses[0].final_url,
		.new_baseline = watch->url_changed,
		.accepted = watch->asked_for || watch->url_changed || watch->kind_changed};
}

/* The same as ever: only the times are worth writing down. */
static void take_unchanged(struct watch *watch)
{
	struct run *run = watch->run;
	struct page_state *state = watch->state;
	struct observation seen = observation_of(watch, OBSERVED_UNCHANGED);

	if (state->unconfirmed || state->failures > 0 || state->lost || state->retry_at != 0 ||
		watch->url_changed ||
		drift_moved(state->host, seen.requested_url, seen.final_url, NULL)) {
		observation_process(&run->observer, &seen);
		return;
	}
	page_state_seen(state, watch->page->settings.every, run->now);
	state->last_confirmed = run->now;
	state->confirmed++;
	if (watch->full)
		state->last_full = run->now;
	if (run->touched_count == 0)
		run->touched_since = run_monotonic();
	*(struct page_state **)memory_append(
		&run->touched, &run->touched_count, sizeof *run->touched) = state;
}

/* The folder of the last snapshot that has a reading: one that shows how the page became unreadable
 * has none. */
static char *last_read_folder(struct watch *watch)
{
	const struct page_state *state = watch->state;
	struct snapshot_row before = {0};
	char *path = archive_path(
		watch->run->config->archive, watch->page->name, state->folder, "reading");
	char *folder = memory_string(state->folder);

	if (!file_exists(path) && store_snapshot(watch->run->database, watch->page->name,
					  state->snapshot - 1, &before))
		memory_set(&folder, before.folder);
	snapshot_row_release(&before);
	free(path);
	return folder;
}

/* The last kept bodies as today's kind and program read them; NULL where that cannot be. */
static char *reread_text(struct watch *watch)
{
	struct buffer bodies[PAGE_DOCUMENTS_MAX] = {{0}};
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	size_t count = kind_document_count(watch->kind);
	char *folder = last_read_folder(watch), *text = NULL;
	struct error error;

	for (size_t i = 0; i < count; i++) {
		char *name = archive_document("body", i);

		if (archive_read(watch->run->config->archive, watch->page->name, folder, name,
			    &bodies[i], NULL))
			documents[i] =
				(struct document){buffer_string(&bodies[i]), bodies[i].length};
		free(name);
	}
	if (documents[0].bytes != NULL)
		text = readers_read(
			watch->run->readers, watch->kind, watch->page->url, documents, &error);
	for (size_t i = 0; i < count; i++)
		buffer_release(&bodies[i]);
	free(folder);
	return text;
}

static void take_reading(void *context, const char *text, size_t length, const struct error *error)
{
	struct watch *watch = context;
	struct observation seen =
		observation_of(watch, text != NULL ? OBSERVED_READING : OBSERVED_UNREADABLE);
	char *reread = NULL;

	(void)length;
	if (text != NULL && watch->way_changed && !watch->url_changed) {
		reread = reread_text(watch);
		/* A kind that was mended after the page stopped fitting cannot read what was there
		 * before: what the page says now is news all the same. */
		seen.silent = reread == NULL && !watch->state->unreadable;
	}
	seen.text = text;
	seen.error = error;
	seen.reread_text = reread;
	seen.responses = watch->fetch.responses;
	seen.response_count = kind_document_count(watch->kind);
	observation_process(&watch->run->observer, &seen);
	free(reread);
	watch_end(watch);
}

static void submit(struct watch *watch)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};

	for (size_t i = 0; i < kind_document_count(watch->kind); i++)
		if (watch->fetch.responses[i].status != 0)
			documents[i] =
				(struct document){buffer_string(&watch->fetch.responses[i].body),
					watch->fetch.responses[i].body.length};
	readers_submit(
		watch->run->readers, watch->kind, watch->page->url, documents, take_reading, watch);
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

void run_fetched(void *context, struct fetch *fetch)
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
		*(struct watch **)memory_append(
			&run->failed, &run->failed_count, sizeof *run->failed) = watch;
		run->done++;
		break;
	}
}

bool run_address(void *context, struct fetch *fetch, size_t i, const struct document *documents,
	char **address, struct error *error)
{
	struct run *run = context;

	return readers_address(run->readers, fetch->kind, i, fetch->url, documents, address, error);
}

/* ---- fetching ---- */

static void fetch_all(struct run *run)
{
	size_t busy = run->watch_count;

	for (size_t i = 0; i < run->watch_count; i++)
		fetcher_begin(run->fetcher, &run->watches[i].fetch);
	while (busy > 0 && run_monotonic() < run->deadline) {
		int descriptors[READERS_MAX];
		size_t count = readers_descriptors(run->readers, descriptors);

		busy = http_client_wait(run->client, descriptors, count, RUN_WAIT_MILLISECONDS);
		busy += read_fetched(run);
		if (run_monotonic() - run->touched_since >= RUN_TOUCH_SECONDS)
			flush_touched(run);
	}
	flush_touched(run);
	if (busy > 0) {
		run_complain(run, "the run took longer than five minutes and was ended; the next "
				  "one goes on");
		run->observer.page_trouble = true;
		run->overdue = true;
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
		run_complain(run, "no host answered at all: is this machine's own network down? No "
				  "page is counted as lost");
	run->own_network = ours;
	run->observer.page_trouble = run->observer.page_trouble || ours;
	for (size_t i = 0; i < run->failed_count; i++) {
		struct observation seen = observation_of(run->failed[i], OBSERVED_FAILED);

		if (!ours)
			observation_process(&run->observer, &seen);
		watch_settle(run->failed[i]);
	}
}

void run_fetch(struct run *run)
{
	fetch_all(run);
	judge_failures(run);
}
