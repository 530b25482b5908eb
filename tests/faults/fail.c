/* SPDX-License-Identifier: ISC
 *
 * Loaded before the system's library (LD_PRELOAD): lets calls of a program fail. LAMPWATCH_FAIL
 * says which, in words separated by blanks:
 *
 *   CALL[@DEPTH] NUMBER FIRST LAST [PART]
 *
 * The calls from the FIRST to the LAST (counted from 1, in each process by itself) fail with that
 * errno, a number. With PART only those count whose path, or the path of their descriptor, holds
 * it; with DEPTH those of processes so many forks below the first one: 1 is the courier, 2 a
 * delivery.
 */
#undef _FILE_OFFSET_BITS /* else open() is another name of open64() here, and both are needed */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The function of that name that would be called without this library. */
#define NEXT(function) (__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))

static int depth; /* forks between the first process and this one */

/* Whether this call is to fail; then errno is set. path NULL: it has none. */
static bool fails(const char *call, const char *path)
{
	static long passed;
	const char *wanted = getenv("LAMPWATCH_FAIL");
	char name[32], part[256] = "", *at;
	long first, last;
	int number;

	if (wanted == NULL ||
		sscanf(wanted, "%31s %d %ld %ld %255s", name, &number, &first, &last, part) < 4)
		return false;
	at = strchr(name, '@');
	if (at != NULL && atoi(at + 1) != depth)
		return false;
	if (at != NULL)
		*at = '\0';
	if (strcmp(name, call) != 0 ||
		(part[0] != '\0' && (path == NULL || strstr(path, part) == NULL)))
		return false;
	passed++;
	if (passed < first || passed > last)
		return false;
	errno = number;
	return true;
}

static bool fails_open(const char *call, int descriptor)
{
	char link[64], path[PATH_MAX] = "";
	int kept = errno;
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = '\0';
	errno = kept;
	return fails(call, path);
}

#define OPENING(function)                                                                          \
	int function(const char *path, int flags, ...)                                             \
	{                                                                                          \
		va_list arguments;                                                                 \
		mode_t mode;                                                                       \
		va_start(arguments, flags);                                                        \
		mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;                     \
		va_end(arguments);                                                                 \
		return fails("open", path) ? -1 : NEXT(function)(path, flags, mode);               \
	}

OPENING(open)
OPENING(open64)

#define LOOKING(function, type)                                                                    \
	int function(const char *path, type *status)                                               \
	{                                                                                          \
		return fails("stat", path) ? -1 : NEXT(function)(path, status);                    \
	}

LOOKING(stat, struct stat)
LOOKING(lstat, struct stat)
LOOKING(stat64, struct stat64)
LOOKING(lstat64, struct stat64)

DIR *opendir(const char *path)
{
	return fails("opendir", path) ? NULL : NEXT(opendir)(path);
}

ssize_t read(int descriptor, void *bytes, size_t length)
{
	return fails_open("read", descriptor) ? -1 : NEXT(read)(descriptor, bytes, length);
}

ssize_t pread(int descriptor, void *bytes, size_t length, off_t place)
{
	return fails_open("pread", descriptor) ? -1 : NEXT(pread)(descriptor, bytes, length, place);
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off64_t place)
{
	return fails_open("pread", descriptor) ? -1
					       : NEXT(pread64)(descriptor, bytes, length, place);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t place)
{
	return fails_open("pwrite", descriptor) ? -1
						: NEXT(pwrite)(descriptor, bytes, length, place);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t place)
{
	return fails_open("pwrite", descriptor) ? -1
						: NEXT(pwrite64)(descriptor, bytes, length, place);
}

int ftruncate(int descriptor, off_t length)
{
	return fails_open("ftruncate", descriptor) ? -1 : NEXT(ftruncate)(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length)
{
	return fails_open("ftruncate", descriptor) ? -1 : NEXT(ftruncate64)(descriptor, length);
}

int fallocate(int descriptor, int mode, off_t place, off_t length)
{
	return fails_open("fallocate", descriptor)
		       ? -1
		       : NEXT(fallocate)(descriptor, mode, place, length);
}

int flock(int descriptor, int operation)
{
	return fails_open("flock", descriptor) ? -1 : NEXT(flock)(descriptor, operation);
}

int socket(int family, int type, int protocol)
{
	return fails("socket", NULL) ? -1 : NEXT(socket)(family, type, protocol);
}

int pipe2(int descriptors[2], int flags)
{
	return fails("pipe2", NULL) ? -1 : NEXT(pipe2)(descriptors, flags);
}

pid_t fork(void)
{
	pid_t process = fails("fork", NULL) ? -1 : NEXT(fork)();

	depth += process == 0;
	return process;
}

int poll(struct pollfd *polls, nfds_t count, int milliseconds)
{
	return fails("poll", NULL) ? -1 : NEXT(poll)(polls, count, milliseconds);
}
