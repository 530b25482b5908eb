/* SPDX-License-Identifier: ISC
 *
 * One snapshot: its files against SHA256SUMS, and that against the chain.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/verify_p.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	SUMS_MAX = 1024 * 1024,
	DIGEST_END = DIGEST_TEXT - 1,
	NAME_AT = DIGEST_END + 2 /* of a line of SHA256SUMS: digest and two blanks before it */
};

/* Where a list of digests and its files are: a folder, or a snapshot, which may be packed. */
struct place {
	const char *path;     /* as it is named in errors */
	const char *snapshot; /* relative to the page; NULL: not one */
};

static bool read_file(
	const struct check *check, const struct place *place, const char *name, struct buffer *out)
{
	char *path;
	bool good;

	if (place->snapshot != NULL)
		return archive_read(check->with->archive, check->seen->page, place->snapshot, name,
			out, check->error);
	path = file_join(place->path, name);
	good = file_read(path, out, check->error);
	free(path);
	return good;
}

static bool file_wrong(
	const struct check *check, const struct place *place, const char *name, const char *what)
{
	char *path = file_join(place->path, name);

	verify_wrong(check, path, what);
	free(path);
	return false;
}

static bool check_file(const struct check *check, const struct place *place, const char *line,
	struct text_list *names)
{
	struct buffer bytes = {0};
	char digest[DIGEST_TEXT];
	const char *name = line + NAME_AT;
	bool good;

	if (strlen(line) <= NAME_AT || strchr(name, '/') != NULL ||
		strncmp(line + DIGEST_END, "  ", 2) != 0)
		return file_wrong(
			check, place, ARCHIVE_SUMS, "has a line that is none of lampwatch's");
	good = read_file(check, place, name, &bytes);
	if (good) {
		digest_sha256(buffer_string(&bytes), bytes.length, digest);
		good = strncmp(digest, line, DIGEST_END) == 0 ||
		       file_wrong(check, place, name, "has been altered: its SHA-256 is another");
	}
	text_list_add(names, name);
	check->verified->files++;
	buffer_release(&bytes);
	return good;
}

/* Nothing may be there that the list does not name. */
static bool check_additions(
	const struct check *check, const struct place *place, const struct text_list *names)
{
	struct text_list there = {0};
	bool good = place->snapshot != NULL ? archive_files(check->with->archive, check->seen->page,
						      place->snapshot, &there, check->error)
					    : folder_names(place->path, &there, check->error);

	for (size_t i = 0; good && i < there.count; i++)
		good = text_equal(there.list[i], ARCHIVE_SUMS) ||
		       text_list_has(names, there.list[i]) ||
		       file_wrong(check, place, there.list[i], "has been added");
	text_list_release(&there);
	return good;
}

static bool check_place(const struct check *check, const struct place *place, const char *sums)
{
	struct buffer list = {.maximum = SUMS_MAX};
	struct text_list names = {0};
	char digest[DIGEST_TEXT], *rest, *line;
	bool good = read_file(check, place, ARCHIVE_SUMS, &list);

	if (good && sums != NULL) {
		digest_sha256(buffer_string(&list), list.length, digest);
		good = text_equal(digest, sums) ||
		       file_wrong(check, place, ARCHIVE_SUMS,
			       "has been altered: its SHA-256 is not the one that was entered");
	}
	if (good && (list.length == 0 || list.data[list.length - 1] != '\n'))
		good = file_wrong(check, place, ARCHIVE_SUMS, "has been cut off");
	rest = list.data;
	while (good && (line = strsep(&rest, "\n")) != NULL && rest != NULL)
		good = check_file(check, place, line, &names);
	good = good && check_additions(check, place, &names);
	text_list_release(&names);
	buffer_release(&list);
	return good;
}

bool verify_folder(const struct check *check, const char *folder, const char *sums)
{
	struct place place = {folder, NULL};

	return check_place(check, &place, sums);
}

/* The history in the database must be what the snapshot's own list of changes says. */
static bool check_changes(const struct check *check, const struct chain_line *line)
{
	struct buffer kept = {0}, rows = {0};
	bool good;

	if (check->page == NULL)
		return true;
	good = archive_read(check->with->archive, check->seen->page, line->folder, "changes", &kept,
		check->error);
	store_changes_text(check->with->database, check->seen->page, line->sequence, &rows);
	good = good && (text_equal(buffer_string(&kept), buffer_string(&rows)) ||
			       error_set(check->error, REMEDY_LOCAL,
				       "%s: the changes that the database has of %s are not those "
				       "that were kept",
				       check->seen->page, line->folder));
	buffer_release(&kept);
	buffer_release(&rows);
	return good;
}

bool verify_snapshot(const struct check *check, const struct chain_line *line)
{
	char *folder = archive_path(check->with->archive, check->seen->page, line->folder, NULL);
	struct place place = {folder, line->folder};
	bool good = check_place(check, &place, line->sums) && check_changes(check, line);

	check->verified->snapshots++;
	if (good && check->progress != NULL)
		check->progress(check->verified);
	free(folder);
	return good;
}
