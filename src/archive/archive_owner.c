/* SPDX-License-Identifier: ISC */
#include "archive/archive_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/user.h"
#include "config/config.h"

#define USER "lampwatch"

static bool is_inside(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return text_starts(path, folder) && (path[length] == '/' || path[length] == '\0');
}

/* The path, or the nearest folder above it that can be looked at; owned by the caller. */
static char *nearest(const char *path, struct stat *status)
{
	char *folder = memory_string(path), *above;

	while (stat(folder, status) != 0 && !text_equal(folder, "/") && !text_equal(folder, ".")) {
		above = file_folder(folder);
		free(folder);
		folder = above;
	}
	return folder;
}

struct archive_owner archive_owner(const char *archive)
{
	struct stat status = {0};
	char *folder = nearest(archive, &status);
	struct archive_owner owner = {status.st_uid, status.st_gid, false};
	const struct passwd *user = NULL;

	if (status.st_uid == 0 && is_inside(archive, ARCHIVE_HOME) &&
		is_inside(ARCHIVE_HOME, folder) && strcmp(folder, archive) != 0)
		user = getpwnam(USER);
	if (user != NULL)
		owner = (struct archive_owner){user->pw_uid, user->pw_gid, true};
	free(folder);
	return owner;
}

/* As systemd's StateDirectory= would. */
static bool make_home(const struct archive_owner *owner, struct error *error)
{
	if (mkdir(ARCHIVE_HOME, FOLDER_MODE) != 0 && errno != EEXIST)
		return system_error_set(error, ARCHIVE_HOME, "cannot be made");
	return lchown(ARCHIVE_HOME, owner->user, owner->group) == 0 ||
	       system_error_set(error, ARCHIVE_HOME, "cannot be given to the user " USER);
}

bool archive_owner_become(const char *archive, bool make, struct error *error)
{
	struct archive_owner owner = archive_owner(archive);

	if (geteuid() != 0)
		return true;
	if (make && owner.home && !make_home(&owner, error))
		return false;
	return user_become(owner.user, owner.group, error);
}

/* Not in somebody else's folder: that is who owns what is made in it. */
static bool make_elsewhere(
	const char *archive, struct archive_owner *owner, bool *made, struct error *error)
{
	const struct passwd *user = owner->user == 0 ? getpwnam(USER) : NULL;

	if (user == NULL || !file_absent(archive))
		return true;
	*owner = (struct archive_owner){user->pw_uid, user->pw_gid, false};
	*made = file_make_folders(archive, FOLDER_MODE, error);
	return *made &&
	       (lchown(archive, owner->user, owner->group) == 0 ||
		       system_error_set(error, archive, "cannot be given to the user " USER));
}

bool archive_owner_make(
	const char *archive, struct archive_owner *owner, bool *made, struct error *error)
{
	*made = false;
	*owner = archive_owner(archive);
	return owner->home ? make_home(owner, error) : make_elsewhere(archive, owner, made, error);
}

/* ---- what another user has made in it ---- */

/* The path where it may not be written, NULL where it may; takes it over. */
static char *denied(char *path)
{
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno == EACCES)
		return path;
	free(path);
	return NULL;
}

/* Each of these gives the first path, owned by the caller: one remedy mends all. */
static char *denied_in_state(const char *archive)
{
	char *state = file_join(archive, ARCHIVE_STATE), *found = denied(memory_string(archive));
	struct text_list names = {0};

	if (found == NULL)
		found = denied(memory_string(state));
	if (found == NULL)
		folder_names(state, &names, NULL);
	for (size_t i = 0; found == NULL && i < names.count; i++)
		found = denied(file_join(state, names.list[i]));
	text_list_release(&names);
	free(state);
	return found;
}

/* Where the month can be written the folders above it need not be asked. date: of now, as
 * date_write() has it. */
static char *denied_in_page(const char *archive, const char *page, const char *date)
{
	char *month = memory_format("%s/%s/%.4s/%.2s", archive, page, date, date + 5),
	     *found = NULL;

	if (faccessat(AT_FDCWD, month, W_OK, AT_EACCESS) != 0) {
		found = denied(memory_format("%s/%s", archive, page));
		if (found == NULL)
			found = denied(memory_format("%s/%s/%.4s", archive, page, date));
		if (found == NULL)
			found = denied(memory_string(month));
	}
	if (found == NULL)
		found = denied(memory_format("%s/%s/chain", archive, page));
	free(month);
	return found;
}

/* The archive's owner takes it back, or back the right to write; anybody else is the wrong user. */
static void explain(const char *path, const char *archive, struct error *error)
{
	char *what = user_denied(path), *owner;
	struct stat whole = {.st_uid = geteuid()}, part = {.st_uid = geteuid()};

	stat(archive, &whole);
	stat(path, &part);
	owner = user_name(whole.st_uid);
	if (whole.st_uid != geteuid())
		error_set(error, REMEDY_LOCAL,
			"%s, who cannot write to it; run lampwatch as %s, who owns the archive",
			what, owner);
	else if (part.st_uid == geteuid())
		error_set(error, REMEDY_LOCAL, "%s, who cannot write to it; chmod u+rwX %s", what,
			path);
	else
		error_set(error, REMEDY_LOCAL,
			"%s, who cannot write to it; as root: chown -R %s %s", what, owner,
			archive);
	free(what);
	free(owner);
}

bool archive_writable(
	const char *archive, const struct config *pages, int64_t now, struct error *error)
{
	char *found = denied_in_state(archive), date[DATE_TEXT_MAX];
	bool good;

	date_write(now, date);
	for (size_t i = 0; pages != NULL && found == NULL && i < pages->page_count; i++)
		found = denied_in_page(archive, pages->pages[i].name, date);
	good = found == NULL;
	if (!good)
		explain(found, archive, error);
	free(found);
	return good;
}
