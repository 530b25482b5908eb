/* SPDX-License-Identifier: ISC */
#include "archive/packing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/pack.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

enum { MARK_MODE = 0600 };

static char *mark_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/packing");
}

bool packing_left(const char *archive)
{
	char *path = mark_path(archive);
	bool left = file_exists(path);

	free(path);
	return left;
}

bool packing_begin(const char *archive, struct error *error)
{
	char *path = mark_path(archive);
	bool done = file_exists(path) || file_write(path, "", 0, MARK_MODE, error);

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
	size_t *done, void (*progress)(size_t done), struct error *error)
{
	struct rows rows = {.before = before};
	bool good = true, marked = packing_left(archive);
	char *mended = NULL; /* the month that the last one was added to */

	store_snapshots(database, page, collect, &rows);
	if (marked)
		good = mend_all(archive, page, &rows, error);
	for (size_t i = 0; good && i < rows.count; i++) {
		const struct snapshot_row *row = &rows.list[i];
		char *path = archive_path(archive, page, row->folder, NULL), *month;
		bool folder = file_exists(path);

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
		if (good && progress != NULL)
			progress(*done);
	}
	if (good && marked)
		packing_end(archive);
	for (size_t i = 0; i < rows.count; i++)
		snapshot_row_release(&rows.list[i]);
	free(rows.list);
	free(mended);
	return good;
}
