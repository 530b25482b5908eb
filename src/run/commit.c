/* SPDX-License-Identifier: ISC
 *
 * Archive before notify: the folder, the transaction, the chain, in this order, for one
 * observation. Read commit_alone() first, at the end of this file.
 */
#include "run/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "run/agree.h"
#include "run/crowd.h"
#include "run/findings.h"
#include "run/observe.h"
#include "tell/admin_notice.h"
#include "watch/probe.h"

static bool is_private(const struct work *work)
{
	const struct page_config *page = work->seen->page;

	return page->publish == PUBLISH_NO ||
	       (page->publish == PUBLISH_UNSAID && page->check_count > 0 &&
		       probe_led_inside(work->state->network));
}

/* Step 1 of a commit without its syncs. */
bool commit_folder(struct work *work, struct error *error)
{
	const struct observation *seen = work->seen;
	const char *names[PAGE_DOCUMENTS_MAX];
	struct buffer changes = {0};
	struct snapshot snapshot = {
		.page = seen->page->name,
		.time = seen->now,
		.simulated = work->observer->simulated,
		.private = is_private(work),
		.responses = seen->responses,
		.count = seen->response_count,
		.documents = names,
		.sources = seen->sources,
		.url = seen->page->url,
		.kind = seen->page->kind,
		.kind_digest = kind_digest(seen->kind),
		.reason = work->reason,
		.reading = work->text,
		.previous = work->state->folder,
		.previous_confirmed = work->state->last_confirmed,
		.previous_fetches = work->state->confirmed,
	};
	bool good;

	for (size_t i = 0; i < seen->response_count; i++)
		names[i] = kind_document_name(seen->kind, i);
	changes_write(&work->changes, &changes);
	snapshot.changes = buffer_string(&changes);
	good = archive_write(work->observer->config->archive, &snapshot, &work->placing, error);
	buffer_release(&changes);
	return good;
}

/* It stands in its place, or has failed, with the reason in placing. */
bool commit_place(struct work *work)
{
	struct placing *placing = &work->placing;

	if (placing->failed)
		return false;
	work->folder = memory_string(placing->folder);
	memcpy(work->sums, placing->sums, sizeof work->sums);
	placing_release(placing);
	return true;
}

/* Steps 1 to 3. */
static bool keep_folder(struct work *work, struct error *error)
{
	struct placing *placing = &work->placing;
	bool done;

	if (!commit_folder(work, error))
		return false;
	archive_place_all(work->observer->config->archive, &placing, 1, true);
	done = commit_place(work);
	if (!done) {
		*error = placing->error;
		placing_release(placing);
	}
	return done;
}

/* A snapshot whose commit failed waits for its own: another one's intent would hide it. */
static bool is_unfinished(const struct work *work)
{
	const char *page = work->seen->page->name;
	char *folder = archive_unfinished(work->observer->config->archive, page);
	bool unfinished =
		text_list_has(&work->observer->unfinished, page) ||
		(folder != NULL && !store_has_folder(work->observer->database, page, folder));

	free(folder);
	return unfinished;
}

bool commit_allowed(const struct work *work, struct error *error)
{
	return !is_unfinished(work) ||
	       error_set(error, REMEDY_LOCAL,
		       "nothing can be kept while its unfinished snapshot cannot be finished");
}

/* The folder of a snapshot, unless it stands there already from the try before. */
static bool have_folder(struct work *work, struct error *error)
{
	if (!work->keep || work->folder != NULL)
		return true;
	if (work->seen->kept == NULL)
		return commit_allowed(work, error) && keep_folder(work, error);
	work->folder = memory_string(work->seen->kept);
	snprintf(work->sums, sizeof work->sums, "%s", work->seen->kept_sums);
	return true;
}

/* The chain goes on by one line; state carries its new head. */
static void chain_on(struct work *work)
{
	struct page_state *state = work->state;
	struct chain_line line = {.sequence = state->snapshot + 1};
	char head[DIGEST_TEXT];

	if (text_empty(state->head)) {
		chain_line_digest(CHAIN_HEAD, head);
		memory_set(&state->head, head);
	}
	snprintf(line.type, sizeof line.type, "snapshot");
	date_write(work->seen->now, line.time);
	snprintf(line.folder, sizeof line.folder, "%s", work->folder);
	snprintf(line.sums, sizeof line.sums, "%s", work->sums);
	snprintf(line.before, sizeof line.before, "%s", state->head);
	work->line = work->seen->kept_line != NULL ? memory_string(work->seen->kept_line)
						   : chain_line_write(&line);
	chain_line_digest(work->line, head);
	memory_set(&state->head, head);
	memory_set(&state->folder, work->folder);
	memory_set(&state->sums, work->sums);
	state->snapshot = line.sequence;
	state->confirmed = 1;
	state->last_confirmed = work->seen->now;
}

/* Within a transaction. */
void commit_rows(struct work *work)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name;
	const struct changes *changes =
		work->seen->kept_changes != NULL ? work->seen->kept_changes : &work->changes;
	struct snapshot_row row;

	if (work->keep && work->line == NULL)
		chain_on(work);
	row = (struct snapshot_row){
		work->state->snapshot, work->seen->now, work->folder, work->sums, work->line};
	if (work->keep) {
		store_add_snapshot(database, page, &row);
		store_set_fact(database, "heads", ""); /* until they are written again */
	}
	for (size_t i = 0; i < work->reread.count; i++)
		store_add_change(database, page, work->seen->now, 0, &work->reread.list[i], true);
	for (size_t i = 0; i < changes->count; i++)
		store_add_change(database, page, work->seen->now, work->keep ? row.sequence : 0,
			&changes->list[i], work->seen->silent);
	store_save(database, work->state);
	crowd_save(work);
	work->pending = work_enqueue(work);
	findings_enqueue(work);
}

static bool try_commit(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;

	if (!have_folder(work, error))
		return false;
	database_begin(database);
	commit_rows(work);
	if (!database_commit(database, error))
		return false;
	STEP("transaction committed");
	return true;
}

static bool commit_entry(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;
	const struct observation *seen = work->seen;

	chain_on(work);
	database_begin(database);
	store_add_snapshot(database, seen->page->name,
		&(struct snapshot_row){
			work->state->snapshot, seen->now, work->folder, work->sums, work->line});
	for (size_t i = 0; i < seen->kept_changes->count; i++)
		store_add_change(database, seen->page->name, seen->now, work->state->snapshot,
			&seen->kept_changes->list[i], true);
	store_set_chain(database, work->state);
	store_set_fact(database, "heads", "");
	return database_commit(database, error);
}

/* A snapshot that is older than what is known of its page by now is evidence all the same. */
void commit_older(struct observer *observer, struct observation *seen)
{
	struct work work = {.observer = observer,
		.seen = seen,
		.state = seen->state,
		.folder = memory_string(seen->kept)};
	struct error error;

	snprintf(work.sums, sizeof work.sums, "%s", seen->kept_sums);
	if (commit_entry(&work, &error)) {
		commit_finish(observer, seen->state);
	} else {
		store_load_chain(observer->database, seen->state);
		work_say(&work, error.text);
		observer->local_trouble = true;
	}
	work_release(&work);
}

/* After the transaction nothing more can be lost: what fails here, the next run does again. */
void commit_finish(struct observer *observer, const struct page_state *state)
{
	struct error error;

	if (!archive_chain_up_to(observer->config->archive, observer->database, state->name,
		    state->snapshot, &error)) {
		observer_say(observer, state->name, error.text);
		observer->local_trouble = true;
		return;
	}
	STEP("chain appended");
	archive_settle(observer->config->archive, state->name);
	STEP("intent removed");
	observer->chained = true;
}

/* What is known of the page goes on without its snapshot, which is kept once that is possible. */
static void leave_unkept(struct work *work)
{
	work->keep = false;
	work->state->unkept = true;
	if (work->line == NULL) /* the chain has not gone on */
		return;
	free(work->line);
	work->line = NULL;
	store_load_chain(work->observer->database, work->state);
}

static bool commit_unkept(struct work *work, struct error *error)
{
	leave_unkept(work);
	return try_commit(work, error);
}

/* The operator hears of it once, whatever the page is told of later. */
static void tell_unkept(const struct work *work, const struct error *why)
{
	const struct observer *observer = work->observer;
	char *id = memory_format("u.%s.%lld", work->seen->page->name, (long long)work->seen->now);
	struct admin_notice note = {.type = EVENT_UNKEPT,
		.page = work->seen->page->name,
		.label = observer->config->archive,
		.reason = why->text,
		.seen = work->seen->now,
		.id = id};

	work_say(work, why->text);
	database_begin(observer->database);
	admin_notice_send(
		observer->database, observer->config, observer->templates, &note, work->seen->now);
	database_commit(observer->database, NULL);
	free(id);
}

static bool commit_somehow(struct work *work, struct error *error)
{
	struct observer *observer = work->observer;
	bool keep = work->keep;
	struct error why;

	if (keep)
		work->state->unkept = false;
	if (try_commit(work, error))
		return true;
	if (observer->dry || error->remedy != REMEDY_LOCAL)
		return false;
	reserve_free(observer->config->archive);
	if (try_commit(work, error))
		return true;
	observer->local_trouble = true;
	why = *error;
	if (keep && commit_unkept(work, error)) {
		if (!work->unkept_before)
			tell_unkept(work, &why);
		return true;
	}
	return observer->fall_back != NULL && observer->fall_back(observer->context, error) &&
	       (keep ? commit_unkept(work, error) : try_commit(work, error));
}

/* What follows the transaction, except the chain. */
void commit_settle(struct work *work)
{
	indicator_states_settle(&work->state->indicators);
	for (size_t i = 0; i < work->fresh.count; i++)
		work_say(work, work->fresh.list[i].text);
	if (work->pending)
		courier_wake(work->observer->courier);
	if (work->events.count > 0 || work->changes.count > 0)
		agreements_follow(work->observer, work->seen->page->name, work->seen->now);
}

/* Steps 1 to 6 of a commit (archive/archive.h), all or nothing. */
void commit_alone(struct work *work)
{
	struct observer *observer = work->observer;
	struct error error = {0};

	if (observer->rebuilding) {
		work->folder = memory_string(work->seen->kept);
		snprintf(work->sums, sizeof work->sums, "%s",
			work->seen->kept_sums != NULL ? work->seen->kept_sums : "");
		commit_rows(work);
		indicator_states_settle(&work->state->indicators);
		return;
	}
	if (observer->aside && work->keep)
		leave_unkept(work);
	if (observer->dry)
		work->keep = false;
	if (!commit_somehow(work, &error)) {
		work_say(work, error.text);
		observer->local_trouble = true;
		return;
	}
	commit_settle(work);
	if (work->keep)
		commit_finish(observer, work->state);
}
