/* SPDX-License-Identifier: ISC */
#include "archive/packing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "archive/pack.h"
#include "archive/private_body.h"
#include "archive/snapshot_page.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

static char *mark_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/packing");
}

bool packing_left(const char *archive)
{
	char *path = mark_path(archive);
	bool left = !file_absent(path);

	free(path);
	return left;
}

bool packing_begin(const char *archive, struct error *error)
{
	char *path = mark_path(archive);
	bool done = file_presence(path, NULL) == FILE_PRESENT ||
		    file_write(path, "", 0, PRIVATE_FILE_MODE, error);

	free(path);
	return done;
}

void packing_end(const char *archive)
{
	char *path = mark_path(archive);

	unlink(path);
	free(path);
}

struct rows {
	struct snapshot_row *list; /* owned */
	size_t count;
	int64_t before;
	int64_t newest; /* sequence of the page's last */
};

/* The rows must not be read while others are written. */
static bool collect(void *context, const struct snapshot_row *row)
{
	struct rows *rows = context;
	struct snapshot_row *copy;

	rows->newest = row->sequence;
	if (row->time >= rows->before)
		return true; /* a clock that went back may have put older ones behind it */
	copy = memory_append(&rows->list, &rows->count, sizeof *copy);
	*copy = (struct snapshot_row){.sequence = row->sequence,
		.time = row->time,
		.folder = memory_string(row->folder),
		.sums = memory_string(row->sums)};
	return true;
}

static void rows_release(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		snapshot_row_release(&rows->list[i]);
	free(rows->list);
}

static char *month_of(const char *folder)
{
	const char *slash = strrchr(folder, '/');

	return slash != NULL ? memory_bytes(folder, (size_t)(slash - folder)) : memory_string("");
}

/* ---- packing ---- */

/* Months that a crash left half, though no folder is left to be packed. */
static bool mend_all(
	const char *archive, const char *page, const struct rows *rows, struct error *error)
{
	char *before = NULL;
	bool done = true;

	for (size_t i = 0; done && i < rows->count; i++) {
		char *month = month_of(rows->list[i].folder);

		done = text_equal(month, before) || pack_mend(archive, page, month, error);
		free(before);
		before = month;
	}
	free(before);
	return done;
}

bool packing_pack(const char *archive, struct database *database, const char *page, int64_t before,
	size_t *done, bool (*goes_on)(void *context, size_t done), void *context,
	struct error *error)
{
	struct rows rows = {.before = before};
	bool good = true, on = true, marked = packing_left(archive);
	char *mended = NULL; /* the month that the last one was added to */

	store_snapshots(database, page, collect, &rows);
	if (marked)
		good = mend_all(archive, page, &rows, error);
	for (size_t i = 0; good && on && i < rows.count; i++) {
		const struct snapshot_row *row = &rows.list[i];
		char *path = archive_path(archive, page, row->folder, NULL), *month;
		bool folder = !file_absent(path);

		free(path);
		if (row->sequence == rows.newest || !folder)
			continue; /* the next fetch is compared with the newest */
		month = month_of(row->folder);
		good = (marked || packing_begin(archive, error)) &&
		       (text_equal(month, mended) || pack_mend(archive, page, month, error)) &&
		       pack_snapshot(archive, page, row->folder, row->sums, error);
		free(mended);
		mended = month;
		marked = true;
		*done += good;
		on = good && goes_on(context, *done);
	}
	if (good && marked)
		packing_end(archive);
	rows_release(&rows);
	free(mended);
	return good;
}

/* ---- pruning ----
 *
 * Snapshots that are no longer kept leave their lines in the chain, and a line that says so.
 */

struct pruning {
	const char *archive, *page;
	struct database *database;
	struct text_list folders; /* of all that is pruned, now and before */
	int64_t first, last;      /* sequences to be pruned now; 0: none */
	size_t count;             /* of them */
};

/* ---- steps 1 to 3 ---- */

/* The next line of the chain, and the rows of what it names. */
static bool enter(const struct pruning *pruning, const struct page_state *state, int64_t now,
	struct error *error)
{
	struct chain_line line = {.type = "pruned", .sums = "-"};
	char *text, head[DIGEST_TEXT];
	bool done;

	date_write(now, line.time);
	snprintf(line.folder, sizeof line.folder, "%" PRId64 "-%" PRId64, pruning->first,
		pruning->last);
	text = archive_chain_note(pruning->archive, state, &line, head, error);
	done = text != NULL;
	if (done) {
		STEP("prune intent written");
		database_begin(pruning->database);
		store_prune(pruning->database, pruning->page, pruning->first, pruning->last);
		store_add_note(pruning->database, pruning->page, line.sequence, text, head);
		store_set_fact(pruning->database, "heads", "");
		done = database_commit(pruning->database, error);
	}
	if (done)
		STEP("prune committed");
	free(text);
	return done;
}

/* ---- step 4 ---- */

static bool is_pruned(void *context, const char *folder)
{
	return text_list_search(context, folder);
}

/* The folder, what is private of it, and the page of the site about it. */
static bool remove_one(const struct pruning *pruning, const char *folder, struct error *error)
{
	char *path = archive_path(pruning->archive, pruning->page, folder, NULL);
	char *page = snapshot_page_path(pruning->page, folder);
	char *about = file_join(pruning->archive, page);
	char *aside = file_join(pruning->archive, ARCHIVE_STATE "/incoming/.packed");
	char *above = file_folder(path);
	bool done = file_remove_tree(aside, error) &&
		    private_body_remove(pruning->archive, pruning->page, folder, error);

	if (done && rename(path, aside) == 0) {
		STEP("pruned folder moved away");
		done = file_sync_folder(above, error) && file_remove_tree(aside, error);
	}
	unlink(about);
	free(page);
	free(above);
	free(aside);
	free(about);
	free(path);
	return done;
}

static bool remove_all(struct pruning *pruning, struct error *error)
{
	struct text_list *folders = &pruning->folders;
	char *before = NULL;
	bool done = true;

	text_list_sort(folders);
	for (size_t i = 0; done && i < folders->count; i++) {
		const char *folder = folders->list[i];
		char *month = month_of(folder);

		done = remove_one(pruning, folder, error);
		if (done && !text_equal(month, before))
			done = pack_mend(pruning->archive, pruning->page, month, error) &&
			       pack_rewrite(pruning->archive, pruning->page, month, is_pruned,
				       folders, error);
		free(before);
		before = month;
	}
	free(before);
	return done;
}

/* ---- the whole ---- */

bool packing_prune(const char *archive, struct database *database, const struct page_state *state,
	const struct retention *retention, int64_t now, size_t *done, struct error *error)
{
	struct pruning pruning = {.archive = archive, .page = state->name, .database = database};
	struct rows rows = {.before = INT64_MAX};
	bool left = packing_left(archive), good;

	if (state->snapshot == 0)
		return true;
	store_snapshots(database, state->name, collect, &rows);
	/* From the oldest on, without a gap, and never the last. */
	for (size_t i = 0; i + 1 < rows.count; i++) {
		bool old = retention->since != 0 && rows.list[i].time < retention->since;
		bool beyond = retention->count != 0 && (int64_t)(rows.count - i) > retention->count;

		if (!old && !beyond)
			break;
		pruning.first = pruning.count == 0 ? rows.list[i].sequence : pruning.first;
		pruning.last = rows.list[i].sequence;
		pruning.count++;
	}
	rows_release(&rows);
	*done += pruning.count;
	if (pruning.count == 0 && !left)
		return true;
	good = packing_begin(archive, error) &&
	       (pruning.count == 0 || enter(&pruning, state, now, error));
	store_pruned(database, state->name, left ? 1 : pruning.first, &pruning.folders);
	good = good && archive_chain_up_to(archive, database, state->name,
			       state->snapshot + (pruning.count > 0), error);
	if (good)
		STEP("prune line appended");
	good = good && remove_all(&pruning, error);
	if (good)
		archive_settle(archive, state->name);
	text_list_release(&pruning.folders);
	return good;
}
