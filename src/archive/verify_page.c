/* SPDX-License-Identifier: ISC
 *
 * One page: its chain, its snapshots, the database's rows of them, and what lies in its folder.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/capture.h"
#include "archive/pack.h"
#include "archive/private_body.h"
#include "archive/snapshot_reader.h"
#include "archive/verify_p.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

/* ---- a snapshot: its files against SHA256SUMS, and that against the chain ---- */

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

static bool check_private(
	const struct check *check, const struct chain_line *line, const struct snapshot_file *file)
{
	struct capture_text capture;
	bool good;

	capture_parse(file != NULL ? buffer_string(&file->bytes) : NULL, &capture);
	good = private_body_check(
		check->with->archive, check->seen->page, line->folder, &capture, check->error);
	capture_release(&capture);
	return good;
}

static bool check_snapshot(const struct check *check, const struct chain_line *line)
{
	const char *archive = check->with->archive, *page = check->seen->page;
	struct snapshot_files files;
	bool good = snapshot_read(archive, page, line->folder, line->sums, &files, check->error) &&
		    snapshot_nothing_added(archive, page, line->folder, &files, check->error) &&
		    check_changes(check, line, snapshot_files_find(&files, "changes")) &&
		    check_private(check, line, snapshot_files_find(&files, "capture"));

	check->verified->files += files.count > 0 ? files.count - 1 : 0;
	check->verified->snapshots++;
	if (good && check->progress != NULL)
		check->progress(check->verified);
	snapshot_files_release(&files);
	return good;
}

/* ---- a line of the chain ---- */

static bool line_wrong(struct error *error, const struct chain_line *line, const char *what)
{
	return error_set(error, REMEDY_LOCAL, "line %" PRId64 " %s", line->sequence + 1, what);
}

/* The row of the database that the line came from. */
static bool check_row(const struct check *check, const struct chain_line *line, const char *text,
	struct error *error)
{
	struct snapshot_row row = {0};
	int64_t time;
	bool good;

	if (check->page == NULL)
		return true;
	if (!store_snapshot(check->with->database, check->seen->page, line->sequence, &row))
		return line_wrong(error, line, "is not in the database");
	good = (text_equal(row.line, text) ||
		       line_wrong(error, line, "is not the one that the database holds")) &&
	       (text_equal(row.folder, line->folder) ||
		       line_wrong(error, line, "names another folder than the database")) &&
	       (text_equal(row.sums, line->sums) ||
		       line_wrong(error, line, "has another digest than the database")) &&
	       ((date_parse(line->time, &time) && row.time == time) ||
		       line_wrong(error, line, "has another time than the database"));
	snapshot_row_release(&row);
	return good;
}

/* A snapshot's folder is named after the time that its line says. */
static bool check_time(const struct chain_line *line, struct error *error)
{
	int64_t said, named;

	return (date_parse(line->time, &said) && archive_folder_time(line->folder, &named) &&
		       said == named) ||
	       line_wrong(error, line, "says another time than its folder's name");
}

/* ---- what was pruned ---- */

/* The sequences that a line of the type `pruned` names: "3-17". */
static bool parse_range(const struct chain_line *line, struct chain_range *range)
{
	char *end;

	range->first = strtoll(line->folder, &end, 10);
	if (*end != '-')
		return false;
	range->last = strtoll(end + 1, &end, 10);
	return *end == '\0' && range->first > 0 && range->first <= range->last &&
	       range->last < line->sequence;
}

/* Before anything else, for a snapshot's line stands before the one that says that it is gone. What
 * is wrong is said when the lines are checked, in their order. */
static bool collect_pruned(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	struct check *check = context;
	struct chain_range range;

	(void)text, (void)error;
	if (text_equal(line->type, "pruned") && parse_range(line, &range))
		*(struct chain_range *)memory_append(
			&check->seen->pruned, &check->seen->pruned_count, sizeof range) = range;
	return true;
}

static bool is_pruned(const struct check *check, int64_t sequence)
{
	for (size_t i = 0; i < check->seen->pruned_count; i++)
		if (sequence >= check->seen->pruned[i].first &&
			sequence <= check->seen->pruned[i].last)
			return true;
	return false;
}

/* It must be gone, and the database must know. */
static bool check_pruned(
	const struct check *check, const struct chain_line *line, struct error *error)
{
	char *path = archive_path(check->with->archive, check->seen->page, line->folder, NULL);
	enum file_presence folder = file_presence(path, check->error);
	bool there = folder == FILE_PRESENT ||
		     pack_has(check->with->archive, check->seen->page, line->folder);
	bool good =
		folder != FILE_UNKNOWN &&
		(!there || check->packing || verify_wrong(check, path, "is there, and was pruned"));

	if (good && folder == FILE_PRESENT) /* the next one removes it */
		text_list_add(&check->seen->folders, line->folder);
	free(path);
	check->verified->pruned++;
	return good &&
	       (check->page == NULL ||
		       store_is_pruned(check->with->database, check->seen->page, line->sequence) ||
		       line_wrong(error, line, "was pruned, of which the database knows nothing"));
}

static bool check_kept(struct check *check, const struct chain_line *line, struct error *error)
{
	if (check->page != NULL && !verify_intended(check, check->seen->page, NULL) &&
		store_is_pruned(check->with->database, check->seen->page, line->sequence))
		return line_wrong(
			error, line, "was pruned, as the database says, but not as the chain does");
	text_list_add(&check->seen->folders, line->folder);
	check->last = *line;
	if (check->packing && check->page != NULL &&
		store_is_pruned(check->with->database, check->seen->page, line->sequence))
		return true; /* the chain has still to say so */
	return check_snapshot(check, line);
}

/* What is no snapshot stands in the database as it is. */
static bool check_note(const struct check *check, const struct chain_line *line, const char *text,
	struct error *error)
{
	struct chain_range range;
	char *row;
	bool good;

	if (!text_equal(line->type, "pruned") && !text_equal(line->type, CHAIN_NOTE))
		return line_wrong(error, line, "is of a type that this version does not know");
	if (text_equal(line->type, "pruned") && !parse_range(line, &range))
		return line_wrong(error, line, "does not say what was pruned");
	if (check->page == NULL)
		return true;
	row = store_line(check->with->database, check->seen->page, line->sequence);
	good = text_equal(row, text) ||
	       line_wrong(error, line, "is not the one that the database holds");
	free(row);
	return good;
}

static bool check_line(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	struct check *check = context;
	bool good;

	if (!text_equal(line->type, "snapshot"))
		good = check_note(check, line, text, error);
	else
		good = check_row(check, line, text, error) && check_time(line, error) &&
		       (is_pruned(check, line->sequence) ? check_pruned(check, line, error)
							 : check_kept(check, line, error));
	if (good) {
		char(*digest)[DIGEST_TEXT] =
			memory_append(&check->seen->digests, &check->seen->count, sizeof *digest);

		chain_line_digest(text, *digest);
		verify_seen(check, *digest);
		verify_seen(check, line->sums);
	}
	return good;
}

/* ---- the chain's end ---- */

/* What the database says of the page as a whole. */
static bool check_state(const struct check *check, const char *path)
{
	const struct page_state *page = check->page;
	const struct chain_seen *seen = check->seen;

	if (page == NULL || verify_intended(check, seen->page, NULL))
		return true;
	if (seen->count == 0)
		return page->snapshot == 0 || verify_wrong(check, path, "has lost its lines");
	if (page->snapshot != (int64_t)seen->count ||
		!text_equal(page->head, seen->digests[seen->count - 1]))
		return verify_wrong(
			check, path, "does not end with the line that the database holds");
	return (text_equal(page->folder, check->last.folder) &&
		       text_equal(page->sums, check->last.sums)) ||
	       verify_wrong(check, path, "has another last snapshot than the database");
}

/* Rows behind the chain's end, which no line led to. */
static bool check_row_count(const struct check *check, const char *path)
{
	struct snapshot_row row = {0};
	char *next;
	bool more;

	if (check->page == NULL || verify_intended(check, check->seen->page, NULL))
		return true;
	more = store_snapshot_beyond(
		check->with->database, check->seen->page, (int64_t)check->seen->count, &row);
	snapshot_row_release(&row);
	next = store_line(
		check->with->database, check->seen->page, (int64_t)check->seen->count + 1);
	more = more || next != NULL;
	free(next);
	return !more || verify_wrong(check, path, "lacks a line that the database holds");
}

/* The last reading is what the next fetch is compared with. */
static bool check_reading(const struct check *check)
{
	return check->page == NULL || !check->page->known ||
	       store_reading_whole(check->with->database, check->seen->page) ||
	       error_set(check->error, REMEDY_LOCAL,
		       "%s: the last reading in the database has been altered", check->seen->page);
}

static bool walk(struct check *check, const char *path, bool unfinished)
{
	struct buffer chain = {0};
	bool good = file_read(path, &chain, check->error);

	if (good && unfinished) { /* a crash in the middle of an append leaves half a line */
		const char *last = memrchr(buffer_string(&chain), '\n', chain.length);

		chain.length = last != NULL ? (size_t)(last + 1 - chain.data) : 0;
	}
	if (good)
		chain_walk(buffer_string(&chain), chain.length, collect_pruned, check, NULL);
	if (good && !(unfinished && chain.length == 0) &&
		!chain_walk(buffer_string(&chain), chain.length, check_line, check, check->error)) {
		good = false;
		if (!text_starts(check->error->text, check->with->archive))
			error_prefix(check->error, "%s", path);
	}
	buffer_release(&chain);
	text_list_sort(&check->seen->folders);
	return good;
}

static bool check_chain(struct check *check)
{
	char *path = archive_path(check->with->archive, check->seen->page, "chain", NULL);
	bool unfinished = verify_intended(check, check->seen->page, NULL);
	bool none = check->page != NULL && check->page->snapshot == 0;
	enum file_presence chain = file_presence(path, check->error);
	bool good = chain != FILE_UNKNOWN;

	if (none && !unfinished && chain == FILE_PRESENT)
		good = verify_wrong(check, path, "has been added: the page has no snapshot");
	else if (good && !none && !(unfinished && chain == FILE_ABSENT))
		good = walk(check, path, unfinished);
	good = good && check_state(check, path) && check_row_count(check, path) &&
	       check_reading(check);
	free(path);
	return good;
}

/* ---- what lies there beside it ---- */

static bool is_numbers(const char *name, size_t length)
{
	return strlen(name) == length && strspn(name, "0123456789") == length;
}

static bool known_folder(const struct check *check, const char *folder)
{
	return text_list_search(&check->seen->folders, folder) ||
	       verify_intended(check, check->seen->page, folder);
}

/* The index of a packed month: only snapshots of the chain are in it, and nothing lies behind the
 * last of them. */
static bool check_index(const struct check *check, const char *month, const char *path)
{
	struct pack_index index;
	bool good = pack_index_read(
		check->with->archive, check->seen->page, month, &index, check->error);
	char *frames;
	struct stat status;

	if (!good)
		return false;
	frames = archive_path(check->with->archive, check->seen->page, month, index.file);
	for (size_t i = 0; good && i < index.count; i++) {
		char *folder = memory_format("%s/%s", month, index.list[i].name);

		good = known_folder(check, folder) || check->packing ||
		       verify_wrong(check, path, "names what no snapshot is recorded of");
		free(folder);
	}
	if (good && stat(frames, &status) != 0)
		good = verify_wrong(check, frames,
			system_error_absent(errno) ? "is gone" : system_error_text(errno));
	else if (good && status.st_size < pack_index_end(&index))
		good = verify_wrong(check, frames, "has been cut off");
	else if (good && status.st_size > pack_index_end(&index) && !check->packing)
		good = verify_wrong(check, frames, "holds more than its index says");
	if (good && index.torn && !check->packing)
		good = verify_wrong(check, path, "has been cut off");
	free(frames);
	pack_index_release(&index);
	return good;
}

/* What lies beside the folders of a month, and is not the site's. */
static bool check_pack_file(
	const struct check *check, const char *month, const char *name, const char *path)
{
	struct pack_index index;
	bool good;

	if (!text_starts(name, PACK_FILE))
		return true;
	if (text_equal(name, PACK_INDEX))
		return check_index(check, month, path);
	good = pack_index_read(
		check->with->archive, check->seen->page, month, &index, check->error);
	if (good && (index.count == 0 || !text_equal(name, index.file)) && !check->packing)
		good = verify_wrong(check, path, "has been added: no index names it");
	pack_index_release(&index);
	return good;
}

/* depth 0: the page's folder, 1: a year, 2: a month. Other files beside the folders are the
 * site's. */
static bool check_tree(const struct check *check, const char *relative, int depth)
{
	char *path = archive_path(check->with->archive, check->seen->page, relative, NULL);
	DIR *stream = opendir(path);
	struct dirent *entry;
	bool good = stream != NULL || system_error_absent(errno) ||
		    verify_wrong(check, path, system_error_text(errno));

	while (good && stream != NULL && (errno = 0, entry = readdir(stream)) != NULL) {
		char *below = depth == 0 ? memory_string(entry->d_name)
					 : memory_format("%s/%s", relative, entry->d_name);
		char *full = archive_path(check->with->archive, check->seen->page, below, NULL);
		struct stat status;
		bool folder = false;

		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
			;
		else if (lstat(full, &status) == 0)
			folder = S_ISDIR(status.st_mode);
		else
			good = verify_wrong(check, full, system_error_text(errno));
		if (!good)
			;
		else if (folder && depth < 2)
			good = is_numbers(entry->d_name, depth == 0 ? 4 : 2)
				       ? check_tree(check, below, depth + 1)
				       : verify_wrong(check, full, "has been added");
		else if (folder && !known_folder(check, below))
			good = verify_wrong(
				check, full, "has been added: no snapshot is recorded there");
		else if (!folder && depth == 2)
			good = check_pack_file(check, relative, entry->d_name, full);
		free(full);
		free(below);
	}
	if (good && stream != NULL && errno != 0)
		good = verify_wrong(check, path, system_error_text(errno));
	if (stream != NULL)
		closedir(stream);
	free(path);
	return good;
}

bool verify_page(struct check *check, const char *name)
{
	struct chain_seen *seen = memory_append(&check->chains, &check->chain_count, sizeof *seen);

	seen->page = memory_string(name);
	check->seen = seen;
	check->page = check->with->database != NULL ? page_states_find(&check->states, name) : NULL;
	check->last = (struct chain_line){0};
	return check_chain(check) && check_tree(check, ".", 0);
}
