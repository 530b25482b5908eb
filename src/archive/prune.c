/* SPDX-License-Identifier: ISC
 *
 * Retention: snapshots that are kept no longer leave their lines in the chain, and a line that
 * says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "archive/pack.h"
#include "archive/packing.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

struct pruning {
	const char *archive, *page;
	struct database *database;
	const struct retention *retention;
	struct text_list folders; /* of all that is pruned, now and before */
	int64_t first, last;      /* sequences to be pruned now; 0: none */
	size_t count;             /* of them */
	int64_t behind;           /* how many snapshots the oldest one that is left begins */
};

/* ---- which ---- */

static bool count_one(void *context, const struct snapshot_row *row)
{
	(void)row;
	++*(int64_t *)context;
	return true;
}

/* From the oldest on, without a gap, and never the last. */
static bool choose(void *context, const struct snapshot_row *row)
{
	struct pruning *pruning = context;
	const struct retention *retention = pruning->retention;
	bool old = retention->since != 0 && row->time < retention->since;
	bool beyond = retention->count != 0 && pruning->behind > retention->count;

	if (pruning->behind <= 1 || !(old || beyond))
		return false;
	if (pruning->first == 0)
		pruning->first = row->sequence;
	pruning->last = row->sequence;
	pruning->count++;
	pruning->behind--;
	return true;
}

/* ---- steps 1 to 3 ---- */

/* The next line of the chain, and the rows of what it names. */
static bool enter(const struct pruning *pruning, const struct page_state *state, int64_t now,
	struct error *error)
{
	struct chain_line line = {.type = "pruned", .sequence = state->snapshot + 1, .sums = "-"};
	char *intent =
		memory_format("%s/" ARCHIVE_STATE "/intent/%s", pruning->archive, pruning->page);
	char *text, head[DIGEST_TEXT];
	bool done;

	date_write(now, line.time);
	snprintf(line.folder, sizeof line.folder, "%" PRId64 "-%" PRId64, pruning->first,
		pruning->last);
	snprintf(line.before, sizeof line.before, "%s", state->head);
	done = file_write(intent, state->folder, strlen(state->folder), 0600, error);
	if (done) {
		STEP("prune intent written");
		text = chain_line_write(&line);
		chain_line_digest(text, head);
		database_begin(pruning->database);
		store_prune(pruning->database, pruning->page, pruning->first, pruning->last);
		store_add_note(pruning->database, pruning->page, line.sequence, text, head);
		store_set_fact(pruning->database, "heads", "");
		done = database_commit(pruning->database, error);
		free(text);
	}
	if (done)
		STEP("prune committed");
	free(intent);
	return done;
}

/* ---- step 4 ---- */

static bool is_pruned(void *context, const char *folder)
{
	return text_list_search(context, folder);
}

/* The folder, and the page of the site about it. */
static bool remove_one(const struct pruning *pruning, const char *folder, struct error *error)
{
	char *path = archive_path(pruning->archive, pruning->page, folder, NULL);
	char *about = memory_format("%s.html", path);
	char *aside = file_join(pruning->archive, ARCHIVE_STATE "/incoming/.packed");
	char *above = file_folder(path);
	bool done = file_remove_tree(aside, error);

	if (done && rename(path, aside) == 0) {
		STEP("pruned folder moved away");
		done = file_sync_folder(above, error) && file_remove_tree(aside, error);
	}
	unlink(about);
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
		const char *folder = folders->list[i], *slash = strrchr(folder, '/');
		char *month = memory_bytes(folder, slash != NULL ? (size_t)(slash - folder) : 0);

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
	struct pruning pruning = {.archive = archive,
		.page = state->name,
		.database = database,
		.retention = retention};
	bool left = packing_left(archive), good;

	if (state->snapshot == 0)
		return true;
	store_snapshots(database, state->name, count_one, &pruning.behind);
	store_snapshots(database, state->name, choose, &pruning);
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
