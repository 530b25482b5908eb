/* SPDX-License-Identifier: ISC
 *
 * The whole of an archive; a page is verify_page.c's, heads and stamps verify_heads.c's.
 */
#include "archive/verify.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/chain_heads.h"
#include "archive/packing.h"
#include "archive/timestamps.h"
#include "archive/verify_p.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

bool verify_wrong(const struct check *check, const char *path, const char *what)
{
	return error_set(check->error, REMEDY_LOCAL, "%s: %s", path, what);
}

void verify_seen(const struct check *check, const char *digest)
{
	for (size_t i = 0; check->with->digests != NULL && i < check->with->digests->count; i++)
		check->found[i] =
			check->found[i] || text_equal(check->with->digests->list[i], digest);
}

bool verify_intended(const struct check *check, const char *page, const char *folder)
{
	for (size_t i = 0; i < check->intents.count; i++)
		if (text_equal(check->intents.list[i].page, page) &&
			(folder == NULL || text_equal(check->intents.list[i].folder, folder)))
			return true;
	return false;
}

const struct chain_seen *verify_chain_of(const struct check *check, const char *page)
{
	for (size_t i = 0; i < check->chain_count; i++)
		if (text_equal(check->chains[i].page, page))
			return &check->chains[i];
	return NULL;
}

/* ---- links ---- */

enum { DEPTH_MAX = 5 /* of page/2014/01/folder/file; more is refused later, where it is met */ };

/* What stands in the place of a file or a folder must be one. */
static bool refuse_links(const struct check *check, const char *path, int depth)
{
	struct stat status;
	struct dirent *entry;
	DIR *stream;
	bool good = true;

	if (lstat(path, &status) != 0)
		return true;
	if (S_ISLNK(status.st_mode))
		return verify_wrong(
			check, path, "is a symbolic link: what it leads to is not in the archive");
	if (!S_ISDIR(status.st_mode) || depth == DEPTH_MAX)
		return true;
	stream = opendir(path);
	if (stream == NULL)
		return verify_wrong(check, path, strerror(errno));
	while (good && (entry = readdir(stream)) != NULL) {
		char *below = file_join(path, entry->d_name);

		good = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
		       refuse_links(check, below, depth + 1);
		free(below);
	}
	closedir(stream);
	return good;
}

static bool refuse_link_in(const struct check *check, const char *name)
{
	char *path = file_join(check->with->archive, name);
	bool good = refuse_links(check, path, 1);

	free(path);
	return good;
}

/* ---- which pages there are ---- */

/* Pages are the folders with a chain, and with a database those that it has. */
static bool take_folder(const struct check *check, const char *name, struct text_list *pages)
{
	char *path = file_join(check->with->archive, name);
	char *chain = archive_path(check->with->archive, name, "chain", NULL);
	struct stat status;
	bool there = lstat(path, &status) == 0;
	bool good = there || verify_wrong(check, path, system_error_text(errno));
	bool folder = there && S_ISDIR(status.st_mode);

	if (there && S_ISLNK(status.st_mode) && !file_absent(chain)) {
		good = refuse_links(check, path, 1);
	} else if (check->with->database == NULL) {
		if (folder && text_is_name(name) && !file_absent(chain))
			text_list_add(pages, name);
		else if (folder && !text_equal(name, TIMESTAMPS_FOLDER))
			good = verify_wrong(check, path, "has been added: it has no chain");
	} else if (folder && !text_equal(name, TIMESTAMPS_FOLDER) &&
		   page_states_find(&check->states, name) == NULL) {
		good = verify_wrong(check, file_absent(chain) ? path : chain,
			"has been added: it belongs to no page of the database");
	}
	free(chain);
	free(path);
	return good;
}

/* Files beside the folders are those of the site, which can be made again from what is proved. */
static bool take_folders(const struct check *check, struct text_list *pages)
{
	DIR *stream = opendir(check->with->archive);
	struct dirent *entry;
	bool good = true;

	if (stream == NULL)
		return verify_wrong(check, check->with->archive, system_error_text(errno));
	while (good && (errno = 0, entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			good = take_folder(check, entry->d_name, pages);
	if (good && errno != 0)
		good = verify_wrong(check, check->with->archive, system_error_text(errno));
	closedir(stream);
	return good;
}

static bool check_pages(struct check *check)
{
	struct text_list pages = {0};
	bool good;

	for (size_t i = 0; i < check->states.count; i++)
		text_list_add(&pages, check->states.list[i].name);
	good = take_folders(check, &pages);
	for (size_t i = 0; good && i < pages.count; i++) {
		good = refuse_link_in(check, pages.list[i]) && verify_page(check, pages.list[i]);
		check->verified->pages++;
	}
	text_list_release(&pages);
	return good;
}

/* ---- the whole ---- */

static bool open_check(struct check *check)
{
	struct database *database = check->with->database;
	char *heads;

	if (database == NULL)
		return true;
	if (!database_examine(database, check->error) ||
		!archive_intents(check->with->archive, &check->intents, check->error))
		return false;
	store_pages(database, &check->states);
	heads = store_fact(database, "heads");
	if (!database_good(database, check->error)) {
		free(heads);
		return false;
	}
	check->unfinished = heads[0] == '\0';
	check->packing = packing_left(check->with->archive);
	free(heads);
	return true;
}

/* The files and folders beside the pages. */
static bool check_links(const struct check *check)
{
	static const char *const names[] = {
		CHAIN_HEADS_FILE, CHAIN_HEADS_SIGNATURE, CHAIN_HEADS_PUBLIC, TIMESTAMPS_FOLDER};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!refuse_link_in(check, names[i]))
			return false;
	return true;
}

/* What somebody was told of must be there, or the archive is not the one that told him. */
static bool check_digests(const struct check *check)
{
	const struct text_list *digests = check->with->digests;

	for (size_t i = 0; digests != NULL && i < digests->count; i++)
		if (!check->found[i])
			return error_set(check->error, REMEDY_LOCAL,
				"%s: %s is the digest of nothing in it: it has been rolled back or "
				"altered since, or is another archive",
				check->with->archive, digests->list[i]);
	return true;
}

static void close_check(struct check *check)
{
	for (size_t i = 0; i < check->chain_count; i++) {
		free(check->chains[i].page);
		free(check->chains[i].digests);
		free(check->chains[i].pruned);
		text_list_release(&check->chains[i].folders);
	}
	free(check->chains);
	archive_intents_release(&check->intents);
	page_states_release(&check->states);
}

bool verify(const struct verification *with, struct verified *verified,
	void (*progress)(const struct verified *verified), struct error *error)
{
	struct check check = {
		.with = with, .verified = verified, .progress = progress, .error = error};
	bool good;

	check.found = memory_zero(with->digests != NULL ? with->digests->count : 0, 1);
	good = open_check(&check) && check_pages(&check) && check_links(&check) &&
	       verify_heads(&check) && verify_stamps(&check) && check_digests(&check);
	verified->unfinished = check.unfinished;
	free(check.found);
	/* A row that could not be read is not one that is missing. */
	if (with->database != NULL && !database_good(with->database, error))
		good = false;
	close_check(&check);
	return good;
}
