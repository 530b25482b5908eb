/* SPDX-License-Identifier: ISC
 *
 * What a crash left between two steps of a commit is rolled forward.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/private_body.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/change.h"
#include "model/validator.h"
#include "run/commit.h"
#include "run/observe.h"
#include "settings.h"

/* Why the page could not be read, as the folder itself says: the last field of its change. */
static void reason_of(const struct snapshot_file *changes, struct error *error)
{
	struct buffer reason = {.maximum = ERROR_TEXT_MAX};
	const char *last = changes != NULL ? strrchr(buffer_string(&changes->bytes), '\t') : NULL;

	for (const char *at = last != NULL ? last + 1 : ""; *at != '\0' && *at != '\n'; at++) {
		at += *at == '\\' && at[1] == '\\'; /* the one thing that is escaped in an error */
		buffer_byte(&reason, *at);
	}
	error_set(error, REMEDY_PAGE, "%s",
		last != NULL ? buffer_string(&reason) : "could not be read before a crash");
	buffer_release(&reason);
}

void observation_adopt(struct observer *observer, const struct page_config *page,
	const struct kind *kind, struct page_state *state, const char *folder, const char *line,
	const struct snapshot_files *files)
{
	const struct snapshot_file *reading = snapshot_files_find(files, "reading"),
				   *lines = snapshot_files_find(files, "changes");
	struct changes changes = {0};
	/* Those of the fetch before it know nothing of it: the next fetch asks for the whole. */
	struct validator validators[PAGE_DOCUMENTS_MAX] = {{0}};
	struct error error;
	struct observation seen = {.page = page,
		.validators = validators,
		.kind = kind,
		.state = state,
		.kept = folder,
		.kept_line = line,
		.kept_changes = &changes,
		.kept_sums = snapshot_files_find(files, ARCHIVE_SUMS)->sha256,
		.error = &error,
		.text = reading != NULL ? buffer_string(&reading->bytes) : NULL,
		.what = reading != NULL ? OBSERVED_READING : OBSERVED_UNREADABLE,
		.accepted = true}; /* as it was when it was kept */

	changes_parse(lines != NULL ? buffer_string(&lines->bytes) : "", &changes);
	reason_of(lines, &error);
	archive_folder_time(folder, &seen.now);
	observation_process(observer, &seen);
	changes_release(&changes);
}

/* It stays where it is, for the next run: it may be the only evidence. */
static void postpone(
	struct observer *observer, const struct archive_intent *intent, const char *reason)
{
	char *text = memory_format("an unfinished snapshot is left for the next run: %s", reason);

	observer_say(observer, intent->page, text);
	observer->local_trouble = true;
	text_list_add(&observer->unfinished, intent->page);
	free(text);
}

static void discard(struct observer *observer, const struct archive_intent *intent)
{
	char *path = archive_path(observer->config->archive, intent->page, intent->folder, NULL);
	struct error error;
	int64_t time;

	/* A torn intent must not name a whole page. */
	if (archive_folder_time(intent->folder, &time) &&
		!(file_remove_tree(path, &error) && private_body_remove(observer->config->archive,
							    intent->page, intent->folder, &error)))
		postpone(observer, intent, error.text);
	else
		archive_settle(observer->config->archive, intent->page);
	free(path);
}

/* Of an import that a crash has ended: history, which is imported again, and told to nobody. */
static bool imported(const struct snapshot_files *files)
{
	const struct snapshot_file *file = snapshot_files_find(files, "capture");
	struct capture_text capture;
	bool found = false;

	capture_parse(file != NULL ? buffer_string(&file->bytes) : NULL, &capture);
	for (size_t i = 1; i < capture.count; i++)
		found = found || capture_value(&capture, i, CAPTURE_IMPORTED) != NULL;
	capture_release(&capture);
	return found;
}

/* True where what was kept would be read in the same way now: not by another kind, or for another
 * address. */
static bool fits(const struct archive_intent *intent, const struct page_config *page,
	const struct kind *kind, const struct page_state *state)
{
	int64_t time;

	return archive_folder_time(intent->folder, &time) && page != NULL && state != NULL &&
	       (!state->known || (text_equal(state->url, page->url) &&
					 text_equal(state->kind_digest, kind_digest(kind)) &&
					 text_equal(state->program, LAMPWATCH_VERSION)));
}

static void recover_page(struct observer *observer, const struct archive_intent *intent,
	const struct page_config *page, const struct kind *kind, struct page_state *state)
{
	struct snapshot_files files = {0};
	struct error error;
	bool committed =
		state != NULL && store_has_folder(observer->database, intent->page, intent->folder);

	if (!database_good(observer->database, &error))
		postpone(observer, intent, error.text);
	else if (committed)
		commit_finish(observer, state);
	else if (!fits(intent, page, kind, state))
		discard(observer, intent);
	else if (snapshot_read(observer->config->archive, intent->page, intent->folder, NULL,
			 &files, &error) &&
		 !imported(&files))
		observation_adopt(observer, page, kind, state, intent->folder, NULL, &files);
	else if (files.count == 0 && error.remedy == REMEDY_LATER)
		postpone(observer, intent, error.text);
	else
		discard(observer, intent);
	snapshot_files_release(&files);
}

/* What an intent is about; page NULL: it is not watched any more. */
struct unfinished {
	const struct archive_intent *intent;
	const struct page_config *page;
};

static int by_causes(const void *a, const void *b)
{
	const struct unfinished *left = a, *right = b;

	if (left->page == NULL || right->page == NULL)
		return (left->page == NULL) - (right->page == NULL);
	return config_cause_order(left->page, right->page);
}

/* Causes before what follows from them, as they would have been committed. */
static struct unfinished *in_order(
	const struct observer *observer, const struct archive_intents *intents)
{
	struct unfinished *list = memory_zero(intents->count, sizeof *list);

	for (size_t i = 0; i < intents->count; i++)
		list[i] = (struct unfinished){
			&intents->list[i], config_page(observer->config, intents->list[i].page)};
	if (intents->count > 0)
		qsort(list, intents->count, sizeof *list, by_causes);
	return list;
}

void observer_recover(struct observer *observer,
	const struct kind *(*kind_of)(void *context, const struct page_config *page), void *context,
	struct page_states *states)
{
	struct archive_intents intents = {0};
	struct unfinished *list;
	struct error error;
	bool listed = archive_intents(observer->config->archive, &intents, &error);

	if (!listed) {
		observer_say(observer, "archive", error.text);
		observer->local_trouble = true;
	}
	for (size_t i = 0; !listed && intents.count == 0 && i < states->count; i++)
		text_list_add(&observer->unfinished, states->list[i].name);
	list = in_order(observer, &intents);
	for (size_t i = 0; i < intents.count; i++) {
		const struct archive_intent *intent = list[i].intent;
		const struct page_config *page = list[i].page;

		if (intent->folder == NULL)
			text_list_add(&observer->unfinished, intent->page);
		else
			recover_page(observer, intent, page,
				page != NULL ? kind_of(context, page) : NULL,
				page_states_find(states, intent->page));
	}
	if (observer->local_trouble) { /* what could not be committed has not happened */
		page_states_release(states);
		store_pages(observer->database, states);
	}
	free(list);
	archive_intents_release(&intents);
}
