/* SPDX-License-Identifier: ISC
 *
 * Loaded before the system's library (LD_PRELOAD): notes in the file that LAMPWATCH_ORDER_LOG
 * names, in which order a program makes, writes, syncs, renames and removes files, and commits. One
 * line each, separated by tabs: process, what, path, and of a rename the new path. Only what
 * succeeded is noted:
 *
 *   create, write, sync, rename, remove   of a file or folder, when done
 *   syncfs                                of all that is on a file system
 *   commit, committed                     of SQLite, before and after
 */
#undef _FILE_OFFSET_BITS /* else open() is another name of open64() here, and both are needed */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sqlite3;

int sqlite3_exec(struct sqlite3 *database, const char *sql,
	int (*row)(void *, int, char **, char **), void *context, char **message);

/* The function of that name that would be called without this library. */
#define NEXT(function) (__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))

static void note(const char *what, const char *path, const char *target)
{
	const char *log = getenv("LAMPWATCH_ORDER_LOG");
	int kept = errno;
	FILE *file = log != NULL ? fopen(log, "ae") : NULL;

	if (file != NULL) {
		fprintf(file, "%ld\t%s\t%s\t%s\n", (long)getpid(), what, path, target);
		fclose(file);
	}
	errno = kept;
}

/* What the descriptor is open for; no sockets and pipes. */
static void note_descriptor(const char *what, int descriptor)
{
	char link[64], path[PATH_MAX];
	int kept = errno;
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof path - 1);
	errno = kept;
	if (length <= 0 || path[0] != '/')
		return;
	path[length] = '\0';
	note(what, path, "");
}

static bool is_there(const char *path)
{
	struct stat status;
	int kept = errno;
	bool there = lstat(path, &status) == 0;

	errno = kept;
	return there;
}

typedef int opening(const char *path, int flags, ...);

static int open_as(opening *next, const char *path, int flags, mode_t mode)
{
	bool absent = (flags & O_CREAT) != 0 && !is_there(path);
	int descriptor = next(path, flags, mode);

	if (absent && descriptor >= 0)
		note("create", path, "");
	return descriptor;
}

#define OPENING(function)                                                                          \
	int function(const char *path, int flags, ...)                                             \
	{                                                                                          \
		va_list arguments;                                                                 \
		mode_t mode;                                                                       \
		va_start(arguments, flags);                                                        \
		mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;                     \
		va_end(arguments);                                                                 \
		return open_as(NEXT(function), path, flags, mode);                                 \
	}

OPENING(open)
OPENING(open64)

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	ssize_t put = NEXT(write)(descriptor, bytes, length);

	if (put > 0)
		note_descriptor("write", descriptor);
	return put;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t place)
{
	ssize_t put = NEXT(pwrite)(descriptor, bytes, length, place);

	if (put > 0)
		note_descriptor("write", descriptor);
	return put;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t place)
{
	ssize_t put = NEXT(pwrite64)(descriptor, bytes, length, place);

	if (put > 0)
		note_descriptor("write", descriptor);
	return put;
}

int fsync(int descriptor)
{
	int result = NEXT(fsync)(descriptor);

	if (result == 0)
		note_descriptor("sync", descriptor);
	return result;
}

int fdatasync(int descriptor)
{
	int result = NEXT(fdatasync)(descriptor);

	if (result == 0)
		note_descriptor("sync", descriptor);
	return result;
}

int syncfs(int descriptor)
{
	int result = NEXT(syncfs)(descriptor);

	if (result == 0)
		note_descriptor("syncfs", descriptor);
	return result;
}

int mkdir(const char *path, mode_t mode)
{
	int result = NEXT(mkdir)(path, mode);

	if (result == 0)
		note("create", path, "");
	return result;
}

int rename(const char *path, const char *target)
{
	int result = NEXT(rename)(path, target);

	if (result == 0)
		note("rename", path, target);
	return result;
}

int unlink(const char *path)
{
	int result = NEXT(unlink)(path);

	if (result == 0)
		note("remove", path, "");
	return result;
}

int rmdir(const char *path)
{
	int result = NEXT(rmdir)(path);

	if (result == 0)
		note("remove", path, "");
	return result;
}

int sqlite3_exec(struct sqlite3 *database, const char *sql,
	int (*row)(void *, int, char **, char **), void *context, char **message)
{
	bool commit = strcmp(sql, "COMMIT") == 0;
	int result;

	if (commit)
		note("commit", "", "");
	result = NEXT(sqlite3_exec)(database, sql, row, context, message);
	if (commit && result == 0)
		note("committed", "", "");
	return result;
}
