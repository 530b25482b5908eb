/* SPDX-License-Identifier: ISC */
#include "keep/verify.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "keep/archive.h"
#include "keep/chain.h"
#include "keep/store.h"

enum {
	SUMS_MAX = 1024 * 1024,
	NAME_AT = 66 /* of a line of SHA256SUMS: digest and two blanks before it */
};

struct check {
	const char *archive;
	struct database *database;
	const struct page_states *states;
	const struct archive_intents *intents;
	struct verified *verified;
	void (*progress)(const struct verified *verified);
	struct error *error;
	const struct page_state *page; /* the one being looked at */
};

static bool wrong(const struct check *check, const char *path, const char *what)
{
	return error_set(check->error, REMEDY_LOCAL, "%s: %s", path, what);
}

/* What a crash left for the next run. */
static bool intended(const struct check *check, const char *page, const char *folder)
{
	for (size_t i = 0; i < check->intents->count; i++)
		if (text_equal(check->intents->list[i].page, page) &&
			(folder == NULL || text_equal(check->intents->list[i].folder, folder)))
			return true;
	return false;
}

/* ---- one snapshot's folder ---- */

static bool check_file(
	const struct check *check, const char *folder, const char *line, struct text_list *names)
{
	struct buffer bytes = {0};
	char digest[DIGEST_TEXT], *path;
	const char *name = line + NAME_AT;
	bool good;

	if (strlen(line) <= NAME_AT || strchr(name, '/') != NULL ||
		strncmp(line + 64, "  ", 2) != 0) {
		path = file_join(folder, ARCHIVE_SUMS);
		good = wrong(check, path, "has a line that is none of lampwatch's");
		free(path);
		return good;
	}
	path = file_join(folder, name);
	good = file_read(path, &bytes, check->error);
	if (good) {
		digest_sha256(buffer_string(&bytes), bytes.length, digest);
		good = strncmp(digest, line, 64) == 0 ||
		       wrong(check, path, "has been altered: its SHA-256 is another");
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
	bool good = stream != NULL || wrong(check, folder, strerror(errno));

	while (good && (entry = readdir(stream)) != NULL) {
		char *path;

		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
			text_equal(entry->d_name, ARCHIVE_SUMS) ||
			text_list_has(names, entry->d_name))
			continue;
		path = file_join(folder, entry->d_name);
		good = wrong(check, path, "has been added");
		free(path);
	}
	if (stream != NULL)
		closedir(stream);
	return good;
}

static bool check_folder(const struct check *check, const char *folder, const char *sums)
{
	struct buffer list = {.maximum = SUMS_MAX};
	struct text_list names = {0};
	char *path = file_join(folder, ARCHIVE_SUMS), *rest, *line;
	char digest[DIGEST_TEXT];
	bool good = file_read(path, &list, check->error);

	if (good) {
		digest_sha256(buffer_string(&list), list.length, digest);
		good = text_equal(digest, sums) ||
		       wrong(check, path, "has been altered: its SHA-256 is not the chain's");
	}
	rest = list.data;
	while (good && (line = strsep(&rest, "\n")) != NULL && (line[0] != '\0' || rest != NULL))
		good = check_file(check, folder, line, &names);
	good = good && check_additions(check, folder, &names);
	check->verified->snapshots++;
	if (good && check->progress != NULL)
		check->progress(check->verified);
	text_list_release(&names);
	buffer_release(&list);
	free(path);
	return good;
}

/* ---- the chain against the database ---- */

static bool check_line(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	const struct check *check = context;
	struct snapshot_row row = {0};
	char *folder;
	bool good;

	if (!store_snapshot(check->database, check->page->name, line->sequence, &row))
		return error_set(error, REMEDY_LOCAL, "line %" PRId64 " is not in the database",
			line->sequence + 1);
	good = text_equal(row.line, text) ||
	       error_set(error, REMEDY_LOCAL,
		       "line %" PRId64 " is not the one that the database holds",
		       line->sequence + 1);
	good = good && (text_equal(row.folder, line->folder) ||
			       error_set(error, REMEDY_LOCAL,
				       "line %" PRId64 " names another folder than the database",
				       line->sequence + 1));
	snapshot_row_release(&row);
	if (!good)
		return false;
	folder = archive_path(check->archive, check->page->name, line->folder, NULL);
	good = check_folder(check, folder, line->sums);
	free(folder);
	return good;
}

static bool check_head(const struct check *check, const char *path, const struct buffer *chain)
{
	const char *last = chain->length > 1 ? memrchr(chain->data, '\n', chain->length - 1) : NULL;
	char digest[DIGEST_TEXT], *line;

	if (last == NULL)
		return check->page->snapshot == 0 || intended(check, check->page->name, NULL) ||
		       wrong(check, path, "has lost its lines");
	line = memory_bytes(last + 1, (size_t)(chain->data + chain->length - 1 - (last + 1)));
	chain_line_digest(line, digest);
	free(line);
	return text_equal(digest, check->page->head) || intended(check, check->page->name, NULL) ||
	       wrong(check, path, "does not end with the line that the database holds");
}

/* Without the half of a line that a crash in the middle of an append leaves. */
static void cut_torn_line(struct buffer *chain)
{
	const char *last = chain->length > 0 ? memrchr(chain->data, '\n', chain->length) : NULL;

	chain->length = last != NULL ? (size_t)(last + 1 - chain->data) : 0;
}

static bool check_chain(const struct check *check)
{
	struct buffer chain = {0};
	char *path = archive_path(check->archive, check->page->name, "chain", NULL);
	bool unfinished = intended(check, check->page->name, NULL), good;

	if (check->page->snapshot == 0 || (unfinished && !file_exists(path))) {
		free(path);
		return true;
	}
	good = file_read(path, &chain, check->error);
	if (good && unfinished)
		cut_torn_line(&chain);
	if (good && !(unfinished && chain.length == 0) &&
		!chain_walk(buffer_string(&chain), chain.length, check_line, (void *)check,
			check->error)) {
		good = false;
		if (!text_starts(check->error->text, check->archive))
			error_prefix(check->error, "%s", path);
	}
	good = good && check_head(check, path, &chain);
	buffer_release(&chain);
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
	return store_has_folder(check->database, check->page->name, folder) ||
	       intended(check, check->page->name, folder);
}

/* depth 0: the page's folder, 1: a year, 2: a month. Files beside the folders are the site's. */
static bool check_tree(const struct check *check, const char *relative, int depth)
{
	char *path = archive_path(check->archive, check->page->name, relative, NULL);
	DIR *stream = opendir(path);
	struct dirent *entry;
	bool good = true;

	while (good && stream != NULL && (entry = readdir(stream)) != NULL) {
		char *below = depth == 0 ? memory_string(entry->d_name)
					 : memory_format("%s/%s", relative, entry->d_name);
		char *full = archive_path(check->archive, check->page->name, below, NULL);
		struct stat status;
		bool folder = entry->d_name[0] != '.' && lstat(full, &status) == 0 &&
			      S_ISDIR(status.st_mode);

		if (folder && depth < 2)
			good = is_numbers(entry->d_name, depth == 0 ? 4 : 2)
				       ? check_tree(check, below, depth + 1)
				       : wrong(check, full, "has been added");
		else if (folder && !known_folder(check, below))
			good = wrong(check, full, "has been added: no snapshot is recorded there");
		free(full);
		free(below);
	}
	if (stream != NULL)
		closedir(stream);
	free(path);
	return good;
}

/* A folder with a chain that belongs to no page of the database. */
static bool check_strangers(const struct check *check)
{
	DIR *stream = opendir(check->archive);
	struct dirent *entry;
	bool good = stream != NULL || wrong(check, check->archive, strerror(errno));

	while (good && (entry = readdir(stream)) != NULL) {
		char *chain = archive_path(check->archive, entry->d_name, "chain", NULL);

		if (entry->d_name[0] != '.' && file_exists(chain) &&
			page_states_find(check->states, entry->d_name) == NULL)
			good = wrong(check, chain, "belongs to no page of the database");
		free(chain);
	}
	if (stream != NULL)
		closedir(stream);
	return good;
}

static bool check_pages(struct check *check)
{
	bool good = true;

	for (size_t i = 0; good && i < check->states->count; i++) {
		check->page = &check->states->list[i];
		good = check_chain(check) && check_tree(check, ".", 0);
		check->verified->pages++;
	}
	return good;
}

bool verify(const char *archive, struct database *database, struct verified *verified,
	void (*progress)(const struct verified *verified), struct error *error)
{
	struct page_states states = {0};
	struct archive_intents intents = {0};
	struct check check = {
		archive, database, &states, &intents, verified, progress, error, NULL};
	bool good = database_examine(database, error) && archive_intents(archive, &intents, error);

	if (good)
		store_pages(database, &states);
	good = good && check_strangers(&check) && check_pages(&check);
	archive_intents_release(&intents);
	page_states_release(&states);
	return good;
}
