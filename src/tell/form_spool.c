/* SPDX-License-Identifier: ISC */
#include "tell/form_spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "tell/form_request.h"

/* Of a user of its own, whom an ACL lets in (lampwatch(1)), the group's bits are the mask. */
enum { SPOOLED_MODE = 0660, NAME_BYTES = 8, HIDDEN = '.' };

/* A file's name: milliseconds, client, network and something random, joined by '-'. */
enum {
	TIME_DIGITS = 16,
	CLIENT_AT = TIME_DIGITS + 1,
	NETWORK_AT = CLIENT_AT + FORM_SPOOL_TAG + 1,
};

char *form_spool_folder(const char *archive)
{
	return file_join(archive, ARCHIVE_SPOOL);
}

static bool has_tag(const char *name, size_t at, const char *tag)
{
	return strlen(name) >= at && text_starts(name + at, tag);
}

/* Whether there is room for one more of this sender's; also what is on its way, and what should not
 * be there, takes room. False with error where that cannot be known. */
static bool has_room(const char *folder, const struct form_sender *sender, size_t maximum,
	bool *room, struct error *error)
{
	DIR *entries = opendir(folder);
	size_t all = 0, client = 0, network = 0;
	const struct dirent *entry;

	if (entries == NULL)
		return system_error_set(error, folder, "cannot be opened");
	while (all < FORM_SPOOL_MAX && (entry = readdir(entries)) != NULL) {
		all += !text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..");
		client += has_tag(entry->d_name, CLIENT_AT, sender->client);
		network += has_tag(entry->d_name, NETWORK_AT, sender->network);
	}
	closedir(entries);
	*room = all < maximum && client < FORM_SPOOL_CLIENT && network < FORM_SPOOL_NETWORK;
	return true;
}

bool form_spool_add(const char *folder, const struct form_sender *sender, const char *text,
	size_t length, size_t maximum, bool *full, struct error *error)
{
	bool room = true, done = has_room(folder, sender, maximum, &room, error);
	char *word, *path;

	*full = !room;
	if (!done || *full)
		return false;
	word = digest_random_word(NAME_BYTES);
	path = memory_format("%s/%0*llx-%s-%s-%s", folder, TIME_DIGITS,
		(unsigned long long)clock_date_milliseconds(), sender->client, sender->network,
		word);
	done = file_write(path, text, length, SPOOLED_MODE, error);
	free(path);
	free(word);
	return done;
}

static void give_up(int folder, const char *name, int64_t stale)
{
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
		status.st_mtim.tv_sec < stale)
		unlinkat(folder, name, 0);
}

bool form_spool_names(
	const char *folder, int64_t stale, struct text_list *names, struct error *error)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	int reason;

	if (entries == NULL)
		return system_error_absent(errno) ||
		       system_error_set(error, folder, "cannot be opened");
	while ((errno = 0, names->count < FORM_SPOOL_MAX) && (entry = readdir(entries)) != NULL)
		if (entry->d_name[0] == HIDDEN)
			give_up(dirfd(entries), entry->d_name, stale);
		else
			text_list_add(names, entry->d_name);
	reason = errno;
	closedir(entries);
	text_list_sort(names);
	errno = reason;
	return reason == 0 || system_error_set(error, folder, "cannot be read");
}

enum file_presence form_spool_read(
	const char *folder, const char *name, struct buffer *out, struct error *error)
{
	char *path = file_join(folder, name);
	int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum file_presence presence = FILE_ABSENT;
	struct stat status;

	out->maximum = FORM_REQUEST_MAX;
	if (file < 0 && system_error_local(errno)) {
		system_error_set(error, path, "cannot be opened");
		presence = FILE_UNKNOWN;
	} else if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
		   status.st_size <= FORM_REQUEST_MAX) {
		presence =
			file_read_descriptor(file, path, out, error) ? FILE_PRESENT : FILE_UNKNOWN;
	}
	if (file >= 0)
		close(file);
	free(path);
	return presence;
}

bool form_spool_remove(const char *folder, const char *name, struct error *error)
{
	char *path = memory_format("%s/%s", folder, name);
	bool done = file_remove_tree(path, error);

	free(path);
	return done;
}
