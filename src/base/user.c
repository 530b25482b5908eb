/* SPDX-License-Identifier: ISC */
#include "base/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

char *user_name(uid_t user)
{
	const struct passwd *entry = getpwuid(user);

	return entry != NULL ? memory_string(entry->pw_name)
			     : memory_format("%lld", (long long)user);
}

/* The first folder on the way to path that may not be passed through; else path. Owned by the
 * caller. */
static char *obstacle(const char *path)
{
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		char *folder = memory_bytes(path, (size_t)(slash - path) + 1);

		if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) != 0 && errno == EACCES)
			return folder;
		free(folder);
	}
	return memory_string(path);
}

char *user_denied(const char *path)
{
	char *place = obstacle(path), *me = user_name(geteuid()), *owner, *text;
	struct stat status;

	if (stat(place, &status) != 0) {
		free(place);
		place = file_folder(path);
	}
	if (stat(place, &status) == 0) {
		owner = user_name(status.st_uid);
		text = memory_format("%s belongs to %s, mode %04o, and this is %s", place, owner,
			(unsigned)status.st_mode & 07777, me);
		free(owner);
	} else {
		text = memory_format("%s: this is %s", place, me);
	}
	free(place);
	free(me);
	return text;
}

static bool failed(struct error *error, uid_t user)
{
	int reason = errno;
	char *name = user_name(user);

	error_set(error, REMEDY_LOCAL, "root cannot become %s, who owns the archive: %s", name,
		strerror(reason));
	free(name);
	return false;
}

bool user_become(uid_t user, gid_t group, struct error *error)
{
	const struct passwd *entry = getpwuid(user);

	if (user == geteuid())
		return true;
	if (entry != NULL) {
		if (initgroups(entry->pw_name, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0)
			return failed(error, user);
	} else if (setgroups(1, &group) != 0 || setgid(group) != 0) {
		return failed(error, user);
	}
	unsetenv("XDG_RUNTIME_DIR"); /* it is root's */
	return setuid(user) == 0 || failed(error, user);
}
