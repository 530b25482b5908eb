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
	struct text_list folders; /* of all that is pruned, now and before */
	int64_t first, last;      /* sequences to be pruned now; 0: none */
	size_t count;             /* of them */
};

/* ---- which ---- */

struct choice {
	const struct retention *retention;
	struct pruning *pruning;
	int64_t behind; /* how many snapshots are left behind this one, itself included */
	bool over;      /* one that stays was found: so do all that are newer */
};

static bool count_one(void *context, const struct snapshot_row *row)
{
	(void)row;
	++*(int64_t *)context;
	return true;
}

/* From the oldest on, without a gap, and never the last. */
static bool choose(void *context, const struct snapshot_row *row)
{
	struct choice *choice = context;
	struct pruning *pruning = choice->pruning;
	bool old = choice->retention->since != 0 && row->time < choice->retention->since;
	bool beyond = choice->retention->count != 0 && choice->behind > choice->retention->count;

	if (choice->behind <= 1 || !(old || beyond))
		return false;
	if (pruning->first == 0)
		pruning->first = row->sequence;
	pruning->last = row->sequence;
	pruning->count++;
	choice->behind--;
	return true;
}

/* ---- steps 1 to 3 ---- */

static void mark_rows(const struct pruning *pruning, const struct chain_line *line)
{
	char *text = chain_line_write(line), head[DIGEST_TEXT];

	chain_line_digest(text, head);
	database_begin(pruning->database);
	store_prune(pruning->database, pruning->page, pruning->first, pruning->last);
	store_add_note(pruning->database, pruning->page, line->sequence, text, head);
	store_set_fact(pruning->database, "heads", "");
	free(text);
}

/* The next line of the chain, and the rows of what it names. */
static bool enter(const struct pruning *pruning, const struct page_state *state, int64_t now,
	struct error *error)
{
	struct chain_line line = {.type = "pruned", .sequence = state->snapshot + 1, .sums = "-"};
	char *intent =
		memory_format("%s/" ARCHIVE_STATE "/intent/%s", pruning->archive, pruning->page);
	bool done;

	date_write(now, line.time);
	snprintf(line.folder, sizeof line.folder, "%" PRId64 "-%" PRId64, pruning->first,
		pruning->last);
	snprintf(line.before, sizeof line.before, "%s", state->head);
	done = file_write(intent, state->folder, strlen(state->folder), 0600, error);
	if (done) {
		STEP("prune intent written");
		mark_rows(pruning, &line);
		done = database_commit(pruning->database, error);
	}
	if (done)
		STEP("prune committed");
	free(intent);
	return done;
}

static bool append_lines(const struct pruning *pruning, int64_t last, struct error *error)
{
	bool done = true;

	for (int64_t i = archive_chain_end(pruning->archive, pruning->page) + 1; done && i <= last;
		i++) {
		char *line = store_line(pruning->database, pruning->page, i);

		done = line != NULL ? archive_chain(pruning->archive, pruning->page, line, error)
				    : error_set(error, REMEDY_LOCAL,
					      "the database has lost line %" PRId64, i);
		free(line);
	}
	if (done)
		STEP("prune line appended");
	return done;
}

/* ---- step 4 ---- */

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_pruned(void *context, const char *folder)
{
	const struct text_list *folders = context;

	return folders->count > 0 && bsearch(&folder, folders->list, folders->count,
					     sizeof *folders->list, by_text) != NULL;
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

	if (folders->count > 0)
		qsort(folders->list, folders->count, sizeof *folders->list, by_text);
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

static bool prune_page(struct pruning *pruning, const struct page_state *state,
	const struct retention *retention, int64_t now, struct error *error)
{
	struct choice choice = {.retention = retention, .pruning = pruning};
	bool left = packing_left(pruning->archive), done = true;

	store_snapshots(pruning->database, pruning->page, count_one, &choice.behind);
	store_snapshots(pruning->database, pruning->page, choose, &choice);
	if (pruning->count == 0 && !left)
		return true;
	done = packing_begin(pruning->archive, error);
	if (done && pruning->count > 0)
		done = enter(pruning, state, now, error);
	store_pruned(
		pruning->database, pruning->page, left ? 1 : pruning->first, &pruning->folders);
	done = done && append_lines(pruning, state->snapshot + (pruning->count > 0), error) &&
	       remove_all(pruning, error);
	if (done)
		archive_settle(pruning->archive, pruning->page);
	return done;
}

bool packing_prune(const char *archive, struct database *database, const struct page_state *state,
	const struct retention *retention, int64_t now, size_t *done, struct error *error)
{
	struct pruning pruning = {.archive = archive, .page = state->name, .database = database};
	bool good = state->snapshot == 0 || prune_page(&pruning, state, retention, now, error);

	*done += pruning.count;
	text_list_release(&pruning.folders);
	return good;
}
