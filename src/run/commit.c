/* SPDX-License-Identifier: ISC
 *
 * Archive before notify: the folder, the transaction, the chain, in this order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/validator.h"
#include "run/work.h"

/* ---- the folder ---- */

static bool keep_folder(struct work *work, struct error *error)
{
	const struct observation *seen = work->seen;
	const char *names[PAGE_DOCUMENTS_MAX];
	struct buffer changes = {0};
	struct snapshot snapshot = {
		.page = seen->page->name,
		.time = seen->now,
		.simulated = work->observer->simulated,
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
	good = archive_keep(
		work->observer->config->archive, &snapshot, &work->folder, work->sums, error);
	buffer_release(&changes);
	return good;
}

/* The folder of a snapshot, unless it stands there already from the try before. */
static bool have_folder(struct work *work, struct error *error)
{
	if (!work->keep || work->folder != NULL)
		return true;
	if (text_list_has(&work->observer->unfinished, work->seen->page->name))
		return error_set(error, REMEDY_LOCAL,
			"nothing can be kept while its unfinished snapshot cannot be read");
	if (work->seen->kept == NULL)
		return keep_folder(work, error);
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
	work->line = chain_line_write(&line);
	chain_line_digest(work->line, head);
	memory_set(&state->head, head);
	memory_set(&state->folder, work->folder);
	memory_set(&state->sums, work->sums);
	state->snapshot = line.sequence;
	state->confirmed = 1;
	state->last_confirmed = work->seen->now;
}

/* ---- the commit ---- */

static bool transaction(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name;
	const struct snapshot_row row = {
		work->state->snapshot, work->seen->now, work->folder, work->sums, work->line};

	database_begin(database);
	if (work->keep) {
		store_add_snapshot(database, page, &row);
		store_set_fact(database, "heads", ""); /* until they are written anew */
	}
	for (size_t i = 0; i < work->reread.count; i++)
		store_add_change(database, page, work->seen->now, 0, &work->reread.list[i], true);
	for (size_t i = 0; i < work->changes.count; i++)
		store_add_change(database, page, work->seen->now, work->keep ? row.sequence : 0,
			&work->changes.list[i], work->seen->silent);
	store_save(database, work->state);
	work->pending = work_enqueue(work);
	return database_commit(database, error);
}

static bool try_commit(struct work *work, struct error *error)
{
	if (!have_folder(work, error))
		return false;
	if (work->keep && work->line == NULL)
		chain_on(work);
	if (!transaction(work, error))
		return false;
	STEP("transaction committed");
	return true;
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

void work_commit(struct work *work)
{
	struct error error = {0};
	bool good;

	if (work->observer->dry)
		work->keep = false;
	good = try_commit(work, &error);
	if (!good && error.remedy == REMEDY_LOCAL && !work->observer->dry) {
		reserve_free(work->observer->config->archive);
		good = try_commit(work, &error);
	}
	if (!good) {
		work_emergency(work, &error);
		return;
	}
	indicator_states_settle(&work->state->indicators);
	if (work->pending)
		courier_wake(work->observer->courier);
	if (work->keep)
		commit_finish(work->observer, work->state);
}
