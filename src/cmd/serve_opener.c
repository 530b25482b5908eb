/* SPDX-License-Identifier: ISC */
#include "cmd/serve_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

enum { PATIENCE_SECONDS = 10 /* for one file; it does nothing else */ };

/* What comes beside a descriptor, or in its place. */
enum answer { ANSWER_FILE = 'f', ANSWER_FOLDER = 'd', ANSWER_NONE = '-' };

/* ---- in the opener ---- */

static bool may_be_had(const char *part)
{
	return part[0] != '\0' && part[0] != '.';
}

/* Walks down part by part: no name on the way may be a link, so nothing leads out. */
static int walk(int folder, const char *path)
{
	char *copy = memory_format("%s%s", path + 1, text_ends(path, "/") ? "index.html" : "");
	char *rest = copy, *part;
	int at = dup(folder), next;

	while (at >= 0 && (part = strsep(&rest, "/")) != NULL) {
		next = !may_be_had(part)
			       ? -1
			       : openat(at, part,
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
						 (rest != NULL ? O_DIRECTORY : 0));
		close(at);
		at = next;
	}
	free(copy);
	return at;
}

/* False where nobody hears it any more. */
static bool answer_path(int out, int folder, const char *path)
{
	int file = path[0] == '/' ? walk(folder, path) : -1;
	struct stat status;
	char answer = ANSWER_NONE;
	bool heard;

	if (file >= 0 && fstat(file, &status) == 0)
		answer = S_ISREG(status.st_mode)   ? ANSWER_FILE
			 : S_ISDIR(status.st_mode) ? ANSWER_FOLDER
						   : ANSWER_NONE;
	heard = descriptors_send(out, &answer, 1, &file, answer == ANSWER_FILE);
	if (file >= 0)
		close(file);
	return heard;
}

/* The next path. False where there is none, or it is longer than one can be. */
static bool read_path(int in, char path[static PATH_MAX])
{
	size_t length = 0;
	ssize_t got;

	while (length < PATH_MAX && (got = read(in, path + length, PATH_MAX - length)) > 0) {
		length += (size_t)got;
		if (path[length - 1] == '\0')
			return true;
	}
	return false;
}

static void open_files(const void *context, int in, int out)
{
	const char *archive = context;
	struct text_list paths = {0};
	char path[PATH_MAX];
	int folder;

	signal(SIGINT, SIG_IGN); /* meant for all of serve: it ends with that */
	signal(SIGTERM, SIG_IGN);
	text_list_add(&paths, archive);
	confine_enter(CONFINE_OPENER, &paths);
	text_list_release(&paths);
	folder = open(archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (folder >= 0 && read_path(in, path) && answer_path(out, folder, path))
		;
}

/* ---- in serve ---- */

bool serve_opener_start(struct child *opener, const char *archive, struct error *error)
{
	static const struct child_role role = {.socket = true};
	const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};

	if (!child_start(opener, &role, open_files, archive))
		return child_unavailable(error, errno);
	fcntl(opener->from, F_SETFL, 0);
	setsockopt(opener->from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return true;
}

/* One that does not answer is of no use any more: its answer may still come, for another path. */
int serve_open(const struct child *opener, const char *path, bool *folder)
{
	size_t length = strlen(path) + 1, count = 0;
	int descriptors[DESCRIPTORS_MAX];
	char answer = ANSWER_NONE;

	*folder = false;
	if (length > PATH_MAX)
		return -1;
	if (!file_write_all(opener->to, path, length) ||
		descriptors_receive(opener->from, 0, &answer, 1, descriptors, &count) != 1)
		shutdown(opener->to, SHUT_RDWR);
	*folder = answer == ANSWER_FOLDER;
	return count == 1 ? descriptors[0] : -1;
}

bool serve_opener_good(const struct child *opener, struct error *error)
{
	struct pollfd end = {opener->from, 0, 0};

	if (!child_unrefused(opener, error))
		return false;
	return poll(&end, 1, 0) <= 0 ||
	       error_set(error, REMEDY_LOCAL, "the process that opens files has ended");
}
