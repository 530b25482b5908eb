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

/* ---- which pages there are ---- */

/* Pages are the folders with a chain, and with a database those that it has. */
static bool take_folder(const struct check *check, const char *name, struct text_list *pages)
{
	char *path = file_join(check->with->archive, name);
	char *chain = archive_path(check->with->archive, name, "chain", NULL);
	struct stat status;
	bool good =
		lstat(path, &status) == 0 || verify_wrong(check, path, system_error_text(errno));
	bool folder = good && S_ISDIR(status.st_mode);

	if (check->with->database == NULL) {
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
	bool good = stream != NULL ||
		    verify_wrong(check, check->with->archive, system_error_text(errno));

	while (good && (errno = 0, entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			good = take_folder(check, entry->d_name, pages);
	if (good && errno != 0)
		good = verify_wrong(check, check->with->archive, system_error_text(errno));
	if (stream != NULL)
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
		good = verify_page(check, pages.list[i]);
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
	bool good = open_check(&check) && check_pages(&check) && verify_heads(&check) &&
		    verify_stamps(&check);

	/* A row that could not be read is not one that is missing. */
	if (with->database != NULL && !database_good(with->database, error))
		good = false;
	close_check(&check);
	return good;
}
