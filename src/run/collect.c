/* SPDX-License-Identifier: ISC
 *
 * Which pages are due, and how each is fetched; then all of them at once: fetched, read in
 * children, observed one by one as they come. What failed is judged together, at the end.
 */
#include "run/run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/private_body.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "model/schedule.h"
#include "model/validator.h"
#include "run/batch.h"
#include "run/local_fault.h"
#include "settings.h"
#include "watch/drift.h"

enum {
	RUN_WAIT_MILLISECONDS = 250,
	/* What readers have, or get next while others are committed; and what waits for them. The
	 * bytes bound the memory. */
	RUN_READS_QUEUED = 32,
	RUN_READS_BYTES = 4 * 1024 * 1024,
	RUN_SLOW_QUEUED = 8,
	RUN_TOUCH_SECONDS =
		1, /* unchanged pages wait so long for others, to be recorded in one transaction */
	OWN_NETWORK_HOSTS = 3,
	OWN_NETWORK_PROVIDERS = 2,
};

/* ---- which pages ---- */

void watch_release(struct watch *watch)
{
	fetch_release(&watch->fetch);
	if (watch->fresh != NULL)
		page_state_release(watch->fresh);
	free(watch->fresh);
}

/* Conditions are dropped when we would read the same bytes otherwise than last time. */
static void prepare_fetch(struct watch *watch)
{
	const struct page_settings *settings = &watch->page->settings;
	struct page_state *state = watch->state;
	struct fetch *fetch = &watch->fetch;

	watch->url_changed = state->known && !text_equal(state->url, watch->page->url);
	watch->kind_changed =
		state->known && !text_equal(state->kind_digest, kind_digest(watch->kind));
	watch->way_changed = watch->kind_changed ||
			     (state->known && !text_equal(state->program, LAMPWATCH_VERSION));
	if (watch->url_changed) /* another page, seen for the first time */
		memory_set(&state->network, "");
	*fetch = (struct fetch){.url = watch->page->url,
		.kind = watch->kind,
		.guarded = text_equal(state->network, "public"),
		.probe = watch->page->check_count > 0 ? watch->page : NULL,
		.before = state->validators[0].etag,
		.networks = state->network,
		.context = watch,
		.connect_timeout = settings->timeout.connect,
		.total_timeout = settings->timeout.total,
		.body_maximum = settings->limits.body,
		.redirects = settings->limits.redirects};
	/* A window moves on, whether the feed says anything new or not. */
	watch->full = watch->full || watch->page->match != NULL || state->unkept ||
		      watch->url_changed || watch->way_changed || !state->known ||
		      state->unreadable;
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX && !watch->full; i++) {
		fetch->validators[i] = state->validators[i];
		state->validators[i] = (struct validator){0};
	}
}

static void add_watch(struct run *run, const struct page_config *page, bool asked_for)
{
	struct watch *watch = &run->watches[run->watch_count];
	struct page_state *state = page_states_find(&run->states, page->name);
	struct schedule schedule;

	*watch = (struct watch){.run = run,
		.page = page,
		.kind = kind_set_of(run->context->kinds, page),
		.asked_for = asked_for};
	if (state == NULL) {
		state = watch->fresh = memory_zero(1, sizeof *watch->fresh);
		state->name = memory_string(page->name);
		state->loaded = true;
	}
	watch->state = state;
	schedule = (struct schedule){page->settings.every, state->last_fetch, state->last_success,
		state->last_full, state->retry_at,
		state->red || state->unconfirmed || state->unkept ||
			(state->failures > 0 && !state->lost)};
	if (!asked_for && !schedule_due(&schedule, run->now)) {
		watch_release(watch);
		return;
	}
	watch->full = schedule_full(&schedule, run->now);
	prepare_fetch(watch);
	run->watch_count++;
}

static bool is_watched(const struct run *run, const struct page_config *page)
{
	for (size_t i = 0; i < run->watch_count; i++)
		if (run->watches[i].page == page)
			return true;
	return false;
}

bool run_choose(struct run *run, char **names)
{
	bool good = true;

	run->watches = memory_zero(run->config->page_count, sizeof *run->watches);
	for (size_t i = 0; names[0] == NULL && i < run->config->page_count; i++)
		add_watch(run, &run->config->pages[i], false);
	for (; *names != NULL; names++) {
		const struct page_config *page = context_page(run->context, *names);

		good = good && page != NULL;
		if (page != NULL && !is_watched(run, page)) /* named twice it is read once */
			add_watch(run, page, true);
	}
	return good;
}

/* ---- what came of them ---- */

static bool commit_touched(struct run *run, struct error *error)
{
	database_begin(run->database);
	for (size_t i = 0; i < run->touched_count; i++)
		store_touch(run->database, run->touched[i]);
	return database_commit(run->database, error);
}

static void flush_touched(struct run *run)
{
	struct observer *observer = &run->observer;
	struct error error;

	if (run->touched_count == 0)
		return;
	if (!commit_touched(run, &error) &&
		!(observer->fall_back(observer->context, &error) && commit_touched(run, &error)))
		local_fault(observer, &error);
	run->touched_count = 0;
}

static void watch_end(void *context)
{
	struct watch *watch = context;

	watch->judged = true;
	fetch_release(&watch->fetch); /* what only its observation needed */
	store_unload(watch->state);
	watch->run->done++;
	run_progress(watch->run);
}

static struct observation observation_of(struct watch *watch, enum observed what)
{
	watch->judged = true;
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
		.accepted = watch->asked_for || watch->url_changed || watch->kind_changed,
		.end = watch_end,
		.context = watch};
}

/* Nothing new: only the times are written down. */
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
	watch_end(watch);
}

/* The last kept bodies as today's kind and program read them; NULL where that cannot be. They are
 * those of the last snapshot that has a reading: one that shows how the page became unreadable has
 * none. fault is set where this machine keeps them from being read. */
static char *reread_text(struct watch *watch, struct error *fault)
{
	const char *archive = watch->run->config->archive, *page = watch->page->name;
	const struct page_state *state = watch->state;
	struct buffer bodies[PAGE_DOCUMENTS_MAX] = {{0}};
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct snapshot_row before = {0};
	char *path = archive_path(archive, page, state->folder, "reading"), *bytes = NULL, *text;
	struct page_answer answer = {0};
	const char *folder = state->folder;
	struct error error;

	if (file_absent(path) &&
		store_snapshot(watch->run->database, page, state->snapshot - 1, &before))
		folder = before.folder;
	for (size_t i = 0; i < kind_document_count(watch->kind); i++) {
		if (private_body_read(archive, page, folder, i, &bodies[i], &error))
			documents[i] =
				(struct document){buffer_string(&bodies[i]), bodies[i].length};
		else if (error.remedy == REMEDY_LATER)
			*fault = error;
	}
	if (documents[0].bytes != NULL && fault->remedy == 0)
		page_read(watch->run->context->readers, watch->kind, watch->page->url, documents,
			READER_MILLISECONDS, &bytes, &answer, &error);
	if (documents[0].bytes != NULL && bytes == NULL && error.remedy == REMEDY_LOCAL)
		*fault = error;
	if (!database_good(watch->run->database, &error))
		*fault = error;
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		buffer_release(&bodies[i]);
	text = memory_string(answer.text);
	snapshot_row_release(&before);
	free(bytes);
	free(path);
	return text;
}

static bool ran_out(const char *failure)
{
	return failure != NULL && strstr(failure, READER_RAN_OUT) != NULL;
}

static void queue_add(struct watch_queue *queue, struct watch *watch)
{
	watch->next = NULL;
	if (queue->first == NULL)
		queue->first = watch;
	else
		queue->last->next = watch;
	queue->last = watch;
	queue->count++;
}

static size_t documents_length(const struct document documents[static PAGE_DOCUMENTS_MAX])
{
	size_t length = 0;

	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		length += documents[i].length;
	return length;
}

static void take_reading(
	void *context, const char *answer, size_t length, const struct error *error)
{
	struct watch *watch = context;
	struct page_answer page = {0};
	const char *text;
	struct observation seen =
		observation_of(watch, answer != NULL ? OBSERVED_READING : OBSERVED_UNREADABLE);
	struct error fault = {0};
	char *reread = NULL;

	if (answer != NULL)
		page = page_answer_of(answer, length);
	text = page.text;
	watch->run->reading_bytes -= watch->reading_bytes;
	if (watch->run->reading_slow == watch)
		watch->run->reading_slow = NULL;
	if (text == NULL && !watch->slow && ran_out(error->text)) {
		watch->slow = true;
		queue_add(&watch->run->slow, watch);
		return;
	}
	if (text == NULL && error->remedy == REMEDY_LOCAL) /* nobody has read it */
		fault = *error;
	if (text != NULL && watch->way_changed && !watch->url_changed)
		reread = reread_text(watch, &fault);
	if (fault.remedy != 0) {
		local_fault(&watch->run->observer, &fault);
		watch_end(watch);
		free(reread);
		return;
	}
	if (text != NULL && watch->way_changed && !watch->url_changed) {
		/* A kind that was mended after the page stopped fitting cannot read what was there
		 * before: what the page says now is still news. */
		seen.silent = reread == NULL && !watch->state->unreadable;
	}
	seen.text = text;
	seen.notes = page.notes;
	seen.error = error;
	seen.reread_text = reread;
	seen.responses = watch->fetch.responses;
	seen.response_count = kind_document_count(watch->kind);
	observation_process(&watch->run->observer, &seen);
	free(reread);
}

/* NULL: none that may be read now. */
static struct watch *queue_next(struct run *run)
{
	struct watch_queue *queue = run->queue.first != NULL ? &run->queue : &run->slow;
	struct watch *watch = queue->first;

	if (watch == NULL || (queue == &run->slow && run->reading_slow != NULL))
		return NULL;
	if (queue == &run->slow)
		run->reading_slow = watch;
	queue->first = watch->next;
	queue->count--;
	return watch;
}

/*
 * Takes what was read and hands out more. It never waits for readers, or the
 * transfers under way would time out; while bodies wait, no new transfer begins. Returns how many
 * pages are still to be read.
 */
static size_t read_fetched(struct run *run)
{
	size_t reading = readers_collect(run->context->readers);
	struct watch *watch;

	for (; reading <= RUN_READS_QUEUED && run->reading_bytes <= RUN_READS_BYTES &&
		(watch = queue_next(run)) != NULL;
		reading++) {
		struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};

		documents_of(watch->kind, watch->fetch.responses, documents);
		watch->reading_bytes = documents_length(documents);
		run->reading_bytes += watch->reading_bytes;
		page_submit(run->context->readers, watch->kind, watch->page->url, documents,
			watch->slow ? READER_MILLISECONDS : PAGE_SLICE_MILLISECONDS, take_reading,
			watch);
	}
	http_client_hold(run->client, run->queue.count > 0 || run->slow.count > RUN_SLOW_QUEUED);
	return reading + run->queue.count + run->slow.count;
}

/* What its host leads to counts from the first answer on: nobody who gains the name or its server
 * later leads us elsewhere. */
static void note_network(struct watch *watch)
{
	static const char *const words[] = {
		[HTTP_NETWORK_PUBLIC] = "public", [HTTP_NETWORK_PRIVATE] = "private"};
	enum http_network network = watch->fetch.responses[0].network;

	if (watch->fetch.networks_now != NULL)
		memory_set(&watch->state->network, watch->fetch.networks_now);
	if (network != HTTP_NETWORK_UNKNOWN && text_empty(watch->state->network))
		memory_set(&watch->state->network, words[network]);
}

/* A body that is not in the coding that its header names is taken all the same: said once. */
static void say_mislabelled(struct watch *watch)
{
	struct page_state *state = watch->state;
	const char *label = NULL;
	bool whole = true; /* no document is one of which only the last fetch knows */
	char *text;

	for (size_t i = 0; i < watch->fetch.count; i++) {
		const struct http_response *response = &watch->fetch.responses[i];

		label = label != NULL ? label : response->mislabelled;
		whole = whole && response->status != 304;
	}
	if (text_equal(label, state->mislabelled) || (label == NULL && !whole))
		return;
	memory_set(&state->mislabelled, label);
	if (label == NULL)
		return;
	text = memory_format("the body is labelled \"Content-Encoding: %s\", which is not how it "
			     "is encoded; it is taken as it is",
		label);
	observer_say(&watch->run->observer, watch->page->name, text);
	free(text);
}

static void take_answer(struct watch *watch)
{
	struct run *run = watch->run;

	if (watch->fetch.outcome == FETCH_UNCHANGED) {
		take_unchanged(watch);
		return;
	}
	watch->slow = ran_out(watch->state->failure);
	queue_add(watch->slow ? &run->slow : &run->queue, watch);
}

/* They have failed, and not we. */
static void take_unheard(struct run *run)
{
	for (size_t i = 0; i < run->unheard_count; i++)
		take_answer(run->unheard[i]);
	run->unheard_count = 0;
}

static void add_watch_to(struct watch ***list, size_t *count, struct watch *watch)
{
	*(struct watch **)memory_append(list, count, sizeof **list) = watch;
}

/* What the configuration's own mistakes say is said. */
static bool is_said(const struct problems *mistakes, const char *text)
{
	for (size_t i = 0; i < mistakes->count; i++)
		if (strstr(mistakes->list[i].text, text) != NULL)
			return true;
	return false;
}

/* Why nobody could ask a page, or some checks of a probe; nothing where there is no such error. */
static void note_own(struct watch *watch, const struct error *error)
{
	struct run *run = watch->run;

	if (error->remedy != 0 && !is_said(&run->context->mistakes, error->text))
		observer_own_fault(&run->observer, watch->page->name, error);
}

/* Of checks it may be a password's file. */
static bool is_own(const struct fetch *fetch)
{
	return fetch->error.remedy == REMEDY_LOCAL ||
	       (fetch->probe != NULL && fetch->error.remedy == REMEDY_CONFIGURATION);
}

static void take_fetched(void *context, struct fetch *fetch)
{
	struct run *run = context;
	struct watch *watch = fetch->context;

	run->answered = run->answered || fetch->answered;
	if (run->answered)
		take_unheard(run);
	note_network(watch);
	note_own(watch, &fetch->lack);
	if (fetch->outcome != FETCH_FAILED)
		say_mislabelled(watch);
	if (fetch->outcome == FETCH_FAILED && is_own(fetch)) {
		note_own(watch, &fetch->error);
		watch_end(watch); /* nobody has asked the page */
	} else if (fetch->outcome == FETCH_FAILED) {
		watch->judged = true; /* at the end of the run: it is not red now */
		add_watch_to(&run->failed, &run->failed_count, watch);
	} else if (fetch->probe != NULL && !run->answered) {
		add_watch_to(&run->unheard, &run->unheard_count, watch);
	} else {
		take_answer(watch);
	}
}

static bool address_of(void *context, struct fetch *fetch, size_t i,
	const struct document *documents, char **address, struct error *error)
{
	struct run *run = context;

	return page_address(
		run->context->readers, fetch->kind, i, fetch->url, documents, address, error);
}

static void add_host(struct text_list *hosts, char *host)
{
	if (!text_empty(host) && !text_list_has(hosts, host))
		text_list_add(hosts, host);
	free(host);
}

/* Those that a page, or a probe, asked. */
static void add_hosts(struct text_list *hosts, const struct page_config *page)
{
	if (page->check_count == 0)
		add_host(hosts, http_url_host(page->url));
	for (size_t i = 0; i < page->check_count; i++)
		add_host(hosts, config_host_part(page->checks[i].target));
	for (size_t i = 0; i < page->references.count; i++)
		add_host(hosts, http_url_host(page->references.list[i]));
}

/* When no host at all answers, it is our own network that is down. */
static bool own_network(const struct run *run)
{
	struct text_list hosts = {0}, providers = {0};
	const size_t count = run->failed_count + run->unheard_count;
	bool ours;

	for (size_t i = 0; i < count; i++) {
		const struct page_config *page =
			i < run->failed_count ? run->failed[i]->page
					      : run->unheard[i - run->failed_count]->page;

		add_hosts(&hosts, page);
		if (page->provider != NULL && !text_list_has(&providers, page->provider))
			text_list_add(&providers, page->provider);
	}
	ours = !run->answered && count == run->watch_count && hosts.count >= OWN_NETWORK_HOSTS &&
	       providers.count >= OWN_NETWORK_PROVIDERS;
	text_list_release(&hosts);
	text_list_release(&providers);
	return ours;
}

/* ---- fetching ---- */

static bool is_underway(void *context, int tree)
{
	const struct run *run = context;

	for (size_t i = 0; i < run->watch_count; i++)
		if (run->watches[i].page->tree == tree && !run->watches[i].judged)
			return true;
	return false;
}

/* What depends on each other is looked up, also what was read in this run and has not changed. */
static void commit_due(struct run *run, bool idle)
{
	if (run->observer.related.count > 0 && observer_waits(&run->observer) == 0)
		flush_touched(run);
	observer_commit_due(&run->observer, idle);
}

static void fetch_all(struct run *run)
{
	const struct limits_config *limits = &run->config->settings.limits;
	char *ca_files = config_check_ca_files(run->config);
	struct http_settings settings = {.in_flight = limits->in_flight,
		.per_host = limits->per_host,
		.user_agent = run->context->user_agent,
		.fork_server = run->context->fork_server,
		.check_ca_files = ca_files};
	size_t busy = run->watch_count;
	struct error error;

	run->observer.underway = is_underway;
	run->client = http_client_new(&settings);
	free(ca_files);
	run->fetches = fetches_new(run->client, run->context->attempts, run->context->config,
		address_of, take_fetched, run);
	for (size_t i = 0; i < run->watch_count; i++)
		fetches_begin(run->fetches, &run->watches[i].fetch);
	while (busy > 0 && run_monotonic() < run->deadline) {
		struct pollfd polls[READERS_POLLS_MAX + FETCHES_POLLS_MAX];
		size_t count = readers_polls(run->context->readers, polls), reading;
		int wait = readers_answered(run->context->readers) ? 0
								   : observer_waits(&run->observer);

		count += fetches_polls(run->fetches, polls + count);
		busy = http_client_wait(
			run->client, polls, count, wait < 0 ? RUN_WAIT_MILLISECONDS : wait);
		busy += fetches_take(run->fetches);
		if (busy == 0 && run->unheard_count > 0 && !own_network(run))
			take_unheard(run);
		reading = read_fetched(run);
		busy += reading;
		commit_due(run, reading == 0);
		if (run_monotonic() - run->touched_since >= RUN_TOUCH_SECONDS)
			flush_touched(run);
	}
	flush_touched(run);
	observer_commit(&run->observer);
	if (!http_client_unrefused(run->client, &error))
		local_fault(&run->observer, &error);
	if (busy > 0) {
		run_complain(run, "the run took longer than five minutes and was ended; the next "
				  "one goes on");
		run->observer.page_trouble = true;
		run->overdue = true;
	}
}

/* True when it begins; while it lasts, only the exit status says so. */
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

void run_fetch(struct run *run)
{
	bool ours;

	fetch_all(run);
	ours = own_network(run);
	if (own_network_begins(run, ours))
		run_complain(run, "no host answered at all: is this machine's own network down? No "
				  "page is counted as lost");
	run->own_network = ours;
	run->observer.page_trouble = run->observer.page_trouble || ours;
	for (size_t i = 0; i < run->unheard_count; i++)
		watch_end(run->unheard[i]);
	for (size_t i = 0; i < run->failed_count; i++) {
		struct observation seen = observation_of(run->failed[i], OBSERVED_FAILED);

		if (ours)
			watch_end(run->failed[i]);
		else
			observation_process(&run->observer, &seen);
		observer_commit_due(&run->observer, false);
	}
	observer_commit(&run->observer);
}
