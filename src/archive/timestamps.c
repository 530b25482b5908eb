/* SPDX-License-Identifier: ISC */
#include "archive/timestamps.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "archive/chain_heads.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

const struct schema_step timestamps_schema[] = {
	{8, "CREATE TABLE stamp (folder TEXT PRIMARY KEY, sums TEXT NOT NULL) WITHOUT ROWID;"},
	{0},
};

enum { SAME_SECOND_MAX = 100, SUMS_MAX = 4096 };

/* No page's name begins with a dot. */
static char *incoming(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/incoming/.stamp");
}

static char *in_place(const char *archive, const char *folder)
{
	return memory_format("%s/" TIMESTAMPS_FOLDER "/%s", archive, folder);
}

char *timestamps_path(const char *archive, const char *folder, const char *name)
{
	char *path = in_place(archive, folder), *file;

	if (file_absent(path)) {
		char *other = incoming(archive);

		if (!file_absent(other)) {
			free(path);
			path = other;
		} else {
			free(other);
		}
	}
	file = name != NULL ? file_join(path, name) : memory_string(path);
	free(path);
	return file;
}

/* Step 1. */
static bool write_folder(const char *path, const struct timestamp *stamp,
	char sums[static DIGEST_TEXT], struct error *error)
{
	const struct {
		const char *name;
		const struct buffer *bytes;
	} files[] = {{CHAIN_HEADS_FILE, stamp->heads}, {TIMESTAMPS_REPLY, stamp->reply},
		{CHAIN_HEADS_SIGNATURE, stamp->signature}, {CHAIN_HEADS_PUBLIC, stamp->public}};
	struct folder folder;

	folder_begin(&folder, path, error);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i].bytes != NULL)
			folder_put(&folder, files[i].name, buffer_string(files[i].bytes),
				files[i].bytes->length);
	return folder_end(&folder, sums);
}

/* Step 2. */
static bool record(struct database *database, const struct timestamp *stamp, const char *name,
	const char *sums, struct error *error)
{
	char digest[DIGEST_TEXT];

	digest_sha256(buffer_string(stamp->heads), stamp->heads->length, digest);
	database_begin(database);
	database_do(database, "INSERT INTO stamp (folder, sums) VALUES (?, ?)", "tt", name, sums);
	store_set_fact(database, "stamped", digest);
	return database_commit(database, error);
}

/* Step 3. */
static bool move_into_place(const char *archive, const char *name, struct error *error)
{
	char *from = incoming(archive), *target = in_place(archive, name);
	bool done = archive_place(archive, from, target, error);

	free(target);
	free(from);
	return done;
}

bool timestamps_keep(const char *archive, struct database *database, const struct timestamp *stamp,
	struct error *error)
{
	char *path = incoming(archive), *above = file_join(archive, TIMESTAMPS_FOLDER);
	char *name = archive_free_name(above, stamp->time, SAME_SECOND_MAX);
	char sums[DIGEST_TEXT];
	bool done =
		name != NULL || error_set(error, REMEDY_LOCAL,
					"more than %d time stamps in one second", SAME_SECOND_MAX);

	done = done && write_folder(path, stamp, sums, error);
	if (done)
		STEP("stamp written");
	done = done && record(database, stamp, name, sums, error);
	if (done)
		STEP("stamp recorded");
	done = done && move_into_place(archive, name, error);
	if (done)
		STEP("stamp renamed");
	free(name);
	free(above);
	free(path);
	return done;
}

void timestamps_recorded(struct database *database, struct text_list *folders)
{
	statement_texts(
		database_query(database, "SELECT folder FROM stamp ORDER BY folder", ""), folders);
}

bool timestamps_sums(struct database *database, const char *folder, char sums[static DIGEST_TEXT])
{
	struct statement *row =
		database_query(database, "SELECT sums FROM stamp WHERE folder = ?", "t", folder);
	bool found = statement_row(row);

	if (found)
		snprintf(sums, DIGEST_TEXT, "%s", statement_text(row, 0));
	statement_end(row);
	return found;
}

/* The folder that lies in incoming is known by its digests. */
bool timestamps_settle(const char *archive, struct database *database, struct error *error)
{
	char *path = incoming(archive), *sums = file_join(path, ARCHIVE_SUMS);
	struct buffer list = {.maximum = SUMS_MAX};
	char digest[DIGEST_TEXT] = "";
	struct statement *row;
	bool done = true;

	if (!file_absent(path)) {
		/* Without its digests it belongs to nothing; where they cannot be read, it stays.
		 */
		if (file_read(sums, &list, error))
			digest_sha256(buffer_string(&list), list.length, digest);
		else
			done = file_absent(sums);
		row = database_query(
			database, "SELECT folder FROM stamp WHERE sums = ?", "t", digest);
		if (done && statement_row(row))
			done = move_into_place(archive, statement_text(row, 0), error);
		else if (done)
			done = database_good(database, error) && file_remove_tree(path, error);
		statement_end(row);
	}
	buffer_release(&list);
	free(sums);
	free(path);
	return done;
}

/* depth 0: the folder itself, 1: a year, 2: a month. */
static bool list_below(const char *path, const char *relative, int depth, struct text_list *folders,
	struct text_list *others, struct error *error)
{
	struct text_list names = {0};
	bool good = file_names(path, "", &names, error);

	for (size_t i = 0; good && i < names.count; i++) {
		const char *name = names.list[i];
		char *full = file_join(path, name);
		char *below = depth == 0 ? memory_string(name) : file_join(relative, name);
		struct stat status;
		bool folder = lstat(full, &status) == 0 && S_ISDIR(status.st_mode);
		int64_t time;

		if (folder && depth < 2 && strspn(name, "0123456789") == strlen(name))
			good = list_below(full, below, depth + 1, folders, others, error);
		else if (folder && depth == 2 && archive_folder_time(below, &time))
			text_list_add(folders, below);
		else
			text_list_add(others, below);
		free(below);
		free(full);
	}
	text_list_release(&names);
	return good;
}

bool timestamps_list(const char *archive, struct text_list *folders, struct text_list *others,
	struct error *error)
{
	char *path = file_join(archive, TIMESTAMPS_FOLDER);
	bool good = list_below(path, "", 0, folders, others, error);

	free(path);
	return good;
}

bool timestamps_record_all(const char *archive, struct database *database, struct error *error)
{
	struct text_list folders = {0}, others = {0};
	char digest[DIGEST_TEXT];
	bool read = timestamps_list(archive, &folders, &others, error);

	for (size_t i = 0; read && i < folders.count; i++) {
		char *path = timestamps_path(archive, folders.list[i], ARCHIVE_SUMS);
		struct buffer list = {.maximum = SUMS_MAX};

		read = file_absent(path) || file_read(path, &list, error);
		if (read && list.length > 0) {
			digest_sha256(buffer_string(&list), list.length, digest);
			database_do(database,
				"INSERT OR IGNORE INTO stamp (folder, sums) VALUES (?, ?)", "tt",
				folders.list[i], digest);
		}
		buffer_release(&list);
		free(path);
	}
	text_list_release(&folders);
	text_list_release(&others);
	return read;
}
