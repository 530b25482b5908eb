/* SPDX-License-Identifier: ISC
 *
 * The steps of commit.c for all observations that arrive together. Read observer_commit_due()
 * first, at the end of this file.
 */
#include "run/batch.h"

#include <stdlib.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/step.h"
#include "run/commit.h"
#include "run/digest_message.h"
#include "run/observe.h"

enum {
	GATHERED_MILLISECONDS = 50,
	RELATED_MILLISECONDS = 5000,
	GATHERED_PAGES = 200,
	GATHERED_BYTES = 4 * 1024 * 1024,
	SYNCED_ONE_BY_ONE = 4 /* so few that the whole file system is no gain */
};

static bool owes(const struct work *work)
{
	return work->events.count > 0;
}

static size_t bytes_of(const struct work *work)
{
	size_t bytes = 0;

	for (size_t i = 0; i < work->seen->response_count && work->seen->responses != NULL; i++)
		bytes += work->seen->responses[i].body.length;
	return bytes;
}

/* Takes it up among those that are committed together; false where it is to be committed alone. */
bool batch_add(struct work *work)
{
	struct observer *observer = work->observer;
	struct gathered *gathered =
		owes(work) && work->seen->page->tree > 0 ? &observer->related : &observer->gathered;
	struct error error;

	if (work->seen->end == NULL || observer->rebuilding || observer->dry || observer->aside)
		return false;
	if (work->keep && !(commit_allowed(work, &error) && commit_folder(work, &error)))
		return false;
	if (gathered->count == 0)
		gathered->since = clock_milliseconds();
	*(struct work **)memory_append(&gathered->list, &gathered->count, sizeof *gathered->list) =
		work;
	gathered->bytes += bytes_of(work);
	gathered->owing += owes(work);
	return true;
}

/* Of the milliseconds that others are waited for. */
static int64_t remaining(int64_t since)
{
	return since + GATHERED_MILLISECONDS - clock_milliseconds();
}

/* True once all that depends on what is gathered is there, or has been waited for long enough. */
static bool related_complete(const struct observer *observer)
{
	const struct gathered *related = &observer->related;
	bool underway = false;

	for (size_t i = 0; i < related->count && !underway; i++)
		underway =
			observer->underway != NULL &&
			observer->underway(observer->context, related->list[i]->seen->page->tree);
	return !underway || clock_milliseconds() - related->since >= RELATED_MILLISECONDS;
}

int observer_waits(const struct observer *observer)
{
	const struct gathered *gathered = &observer->gathered;
	int64_t left = remaining(gathered->since), owing = remaining(observer->told);

	if (observer->related.count > 0)
		return related_complete(observer) ? 0 : GATHERED_MILLISECONDS;
	if (gathered->count == 0)
		return -1;
	if (gathered->owing > 0 && owing < left)
		left = owing;
	return left > 0 ? (int)left : 0;
}

/* Steps 1 to 3. Whose folder cannot be placed goes on alone. */
static void place_gathered(struct observer *observer, const struct gathered *gathered)
{
	struct placing **list = memory_zero(gathered->count, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < gathered->count; i++) {
		if (!gathered->list[i]->keep)
			continue;
		list[count] = &gathered->list[i]->placing;
		list[count++]->failed = observer->aside; /* by now */
	}
	archive_place_all(observer->config->archive, list, count,
		gathered->owing > 0 || count <= SYNCED_ONE_BY_ONE);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->alone = observer->aside || (work->keep && !commit_place(work));
		placing_release(&work->placing);
	}
	free(list);
}

/* Step 4. Where it fails, each goes on alone. */
static void commit_gathered(struct observer *observer, const struct gathered *gathered)
{
	bool done;

	database_begin(observer->database);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		if (work->alone)
			continue;
		if (work->keep)
			work->state->unkept = false;
		commit_rows(work);
		if (observer->readers != NULL) /* not idle meanwhile */
			readers_go_on(observer->readers);
	}
	done = database_commit(observer->database, NULL);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->alone = work->alone || !done;
		if (work->alone)
			continue;
		commit_settle(work);
	}
}

/* Steps 5 and 6. What fails here, the next run does again. */
static void chain_gathered(struct observer *observer, const struct gathered *gathered)
{
	const char *archive = observer->config->archive;
	struct text_list paths = {0};
	size_t count = 0;
	bool synced;
	struct error error;

	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->chained = false;
		if (work->alone)
			continue;
		STEP("transaction committed");
		if (!work->keep)
			continue;
		work->chained = archive_chain_extend(archive, observer->database, work->state->name,
			work->state->snapshot, &paths, &error);
		if (work->chained) {
			STEP("chain appended");
			count++;
		} else {
			work_say(work, error.text);
			observer->local_trouble = true;
		}
	}
	synced = (gathered->owing == 0 && count > SYNCED_ONE_BY_ONE &&
			 file_sync_system(archive, NULL)) ||
		 archive_sync(&paths, &error);
	if (!synced) {
		observer_say(observer, NULL, error.text);
		observer->local_trouble = true;
	}
	for (size_t i = 0; i < gathered->count; i++) {
		if (!synced || !gathered->list[i]->chained)
			continue;
		archive_settle(archive, gathered->list[i]->state->name);
		STEP("intent removed");
		observer->chained = true;
	}
	text_list_release(&paths);
}

/* Takes them out of what is gathered. */
static struct gathered take(struct observer *observer, bool owing)
{
	struct gathered *all = &observer->gathered, taken = {0}, left = {.since = all->since};

	for (size_t i = 0; i < all->count; i++) {
		struct work *work = all->list[i];
		struct gathered *to = owes(work) == owing ? &taken : &left;

		*(struct work **)memory_append(&to->list, &to->count, sizeof *to->list) = work;
		to->owing += owes(work);
		to->bytes += bytes_of(work);
	}
	free(all->list);
	*all = left;
	return taken;
}

static void commit_all(struct observer *observer, const struct gathered *gathered)
{
	place_gathered(observer, gathered);
	commit_gathered(observer, gathered);
	chain_gathered(observer, gathered);
	for (size_t i = 0; i < gathered->count; i++) {
		if (gathered->list[i]->alone)
			commit_alone(gathered->list[i]);
		work_end(gathered->list[i]);
	}
	if (gathered->owing > 0)
		observer->told = clock_milliseconds();
}

static void commit_together(struct observer *observer, bool owing)
{
	struct gathered gathered = take(observer, owing);

	if (gathered.count > 0)
		commit_all(observer, &gathered);
	free(gathered.list);
}

/* ---- what depends on each other ---- */

static int by_order(const void *a, const void *b)
{
	return config_cause_order(
		(*(struct work *const *)a)->seen->page, (*(struct work *const *)b)->seen->page);
}

/* How many of them can be committed together, from the first on: all, unless some of them are
 * probes. What these see of a page is settled after their transaction, and may be a cause. */
static size_t part_of(const struct gathered *related, size_t first)
{
	size_t count = 1;
	bool measured = false;

	for (size_t i = first; i < related->count; i++)
		measured = measured || related->list[i]->seen->page->check_count > 0;
	while (first + count < related->count &&
		(!measured || related->list[first]->seen->page->depth ==
				      related->list[first + count]->seen->page->depth))
		count++;
	return count;
}

/* Causes before what follows from them; then all that they owe, as one message: of a receiver who
 * was told of others in this run, that of the end of the run. */
static void commit_related(struct observer *observer)
{
	struct gathered related = observer->related;
	int64_t now;

	observer->related = (struct gathered){0};
	if (related.count == 0)
		return;
	now = related.list[0]->seen->now;
	qsort(related.list, related.count, sizeof *related.list, by_order);
	observer->joining = related.count > 1;
	for (size_t first = 0; first < related.count;) {
		struct gathered part = {
			.list = related.list + first, .count = part_of(&related, first)};

		part.owing = part.count;
		commit_all(observer, &part);
		first += part.count;
	}
	if (observer->joining && digest_messages_enqueue_first(observer, now))
		courier_wake(observer->courier);
	observer->joining = false;
	free(related.list);
}

/* Those that owe first. */
static void commit_unrelated(struct observer *observer)
{
	commit_together(observer, true);
	commit_together(observer, false);
}

void observer_commit(struct observer *observer)
{
	commit_related(observer);
	commit_unrelated(observer);
}

void observer_commit_due(struct observer *observer, bool idle)
{
	const struct gathered *gathered = &observer->gathered;

	if (observer->related.count > 0 &&
		(observer->related.count >= GATHERED_PAGES ||
			observer->related.bytes >= GATHERED_BYTES || related_complete(observer)))
		commit_related(observer);
	if (gathered->count == 0)
		return;
	if (gathered->count >= GATHERED_PAGES || gathered->bytes >= GATHERED_BYTES ||
		remaining(gathered->since) <= 0)
		commit_unrelated(observer);
	else if (gathered->owing > 0 && (idle || remaining(observer->told) <= 0))
		commit_together(observer, true);
}
