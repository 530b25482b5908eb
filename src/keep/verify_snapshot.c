/* SPDX-License-Identifier: ISC
 *
 * One snapshot: its files against SHA256SUMS, and that against the chain.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "keep/verify_p.h"

enum {
	SUMS_MAX = 1024 * 1024,
	DIGEST_END = DIGEST_TEXT - 1,
	NAME_AT = DIGEST_END + 2 /* of a line of SHA256SUMS: digest and two blanks before it */
};

static bool check_file(
	const struct check *check, const char *folder, const char *line, struct text_list *names)
{
	struct buffer bytes = {0};
	char digest[DIGEST_TEXT], *path;
	const char *name = line + NAME_AT;
	bool good;

	if (strlen(line) <= NAME_AT || strchr(name, '/') != NULL ||
		strncmp(line + DIGEST_END, "  ", 2) != 0) {
		path = file_join(folder, ARCHIVE_SUMS);
		good = verify_wrong(check, path, "has a line that is none of lampwatch's");
		free(path);
		return good;
	}
	path = file_join(folder, name);
	good = file_read(path, &bytes, check->error);
	if (good) {
		digest_sha256(buffer_string(&bytes), bytes.length, digest);
		good = strncmp(digest, line, DIGEST_END) == 0 ||
		       verify_wrong(check, path, "has been altered: its SHA-256 is another");
	}
	text_list_add(names, name);
	check->verified->files++;
	buffer_release(&bytes);
	free(path);
	return good;
}

/* Nothing may stand in the folder that the list does not name. */
static bool check_additions(
	const struct check *check, const char *folder, const struct text_list *names)
{
	DIR *stream = opendir(folder);
	struct dirent *entry;
	bool good = stream != NULL || verify_wrong(check, folder, strerror(errno));

	while (good && (entry = readdir(stream)) != NULL) {
		char *path;

		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
			text_equal(entry->d_name, ARCHIVE_SUMS) ||
			text_list_has(names, entry->d_name))
			continue;
		path = file_join(folder, entry->d_name);
		good = verify_wrong(check, path, "has been added");
		free(path);
	}
	if (stream != NULL)
		closedir(stream);
	return good;
}

bool verify_folder(const struct check *check, const char *folder, const char *sums)
{
	struct buffer list = {.maximum = SUMS_MAX};
	struct text_list names = {0};
	char *path = file_join(folder, ARCHIVE_SUMS), *rest, *line;
	char digest[DIGEST_TEXT];
	bool good = file_read(path, &list, check->error);

	if (good && sums != NULL) {
		digest_sha256(buffer_string(&list), list.length, digest);
		good = text_equal(digest, sums) ||
		       verify_wrong(check, path,
			       "has been altered: its SHA-256 is not the one that was entered");
	}
	if (good && (list.length == 0 || list.data[list.length - 1] != '\n'))
		good = verify_wrong(check, path, "has been cut off");
	rest = list.data;
	while (good && (line = strsep(&rest, "\n")) != NULL && (line[0] != '\0' || rest != NULL))
		good = check_file(check, folder, line, &names);
	good = good && check_additions(check, folder, &names);
	text_list_release(&names);
	buffer_release(&list);
	free(path);
	return good;
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
	bool good = verify_folder(check, folder, line->sums) && check_changes(check, line);

	check->verified->snapshots++;
	if (good && check->progress != NULL)
		check->progress(check->verified);
	free(folder);
	return good;
}
