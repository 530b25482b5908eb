/* SPDX-License-Identifier: ISC
 *
 * One snapshot: its files against SHA256SUMS, and that against the chain.
 */
#include <stdlib.h>

#include "archive/snapshot_reader.h"
#include "archive/verify_p.h"
#include "base/error.h"
#include "base/text.h"

bool verify_folder(const struct check *check, const char *folder, const char *sums)
{
	struct snapshot_files files;
	bool good = snapshot_read(NULL, NULL, folder, sums, &files, check->error) &&
		    snapshot_nothing_added(NULL, NULL, folder, &files, check->error);

	check->verified->files += files.count > 0 ? files.count - 1 : 0; /* without SHA256SUMS */
	snapshot_files_release(&files);
	return good;
}

/* The history in the database must be what the snapshot's own list of changes says. */
static bool check_changes(const struct check *check, const struct chain_line *line,
	const struct snapshot_file *changes)
{
	struct buffer rows = {0};
	bool good;

	if (check->page == NULL)
		return true;
	store_changes_text(check->with->database, check->seen->page, line->sequence, &rows);
	good = (changes != NULL &&
		       text_equal(buffer_string(&changes->bytes), buffer_string(&rows))) ||
	       error_set(check->error, REMEDY_LOCAL,
		       "%s: the changes that the database has of %s are not those that were kept",
		       check->seen->page, line->folder);
	buffer_release(&rows);
	return good;
}

bool verify_snapshot(const struct check *check, const struct chain_line *line)
{
	const char *archive = check->with->archive, *page = check->seen->page;
	struct snapshot_files files;
	bool good = snapshot_read(archive, page, line->folder, line->sums, &files, check->error) &&
		    snapshot_nothing_added(archive, page, line->folder, &files, check->error) &&
		    check_changes(check, line, snapshot_files_find(&files, "changes"));

	check->verified->files += files.count > 0 ? files.count - 1 : 0;
	check->verified->snapshots++;
	if (good && check->progress != NULL)
		check->progress(check->verified);
	snapshot_files_release(&files);
	return good;
}
