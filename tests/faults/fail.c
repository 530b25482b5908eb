/* SPDX-License-Identifier: ISC
 *
 * Loaded before the system's library (LD_PRELOAD): lets calls of a program fail, from main() on.
 * LAMPWATCH_FAIL says which, in words separated by blanks:
 *
 *   CALL[@DEPTH] NUMBER FIRST LAST [PART]
 *
 * The calls from the FIRST to the LAST (counted from 1, in each process by itself) fail with that
 * errno, a number. With PART only those count whose path, or the path of their descriptor, holds
 * it; with DEPTH those of processes so many forks below the first one: 1 is the courier, and the
 * server that forks for the run; 2 a delivery, a fetcher or a reader.
 *
 * LAMPWATCH_FAIL_LOG names a file of zeros, as long as struct log: then calls are counted there,
 * over all processes together, and it says what failed.
 */
#undef _FILE_OFFSET_BITS /* else open() is another name of open64() here, and both are needed */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The function of that name that would be called without this library. */
#define NEXT(function) (__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))

/* What tests/faults/run reads: the numbers of CALLS, in that order, and what failed. */
struct log {
	atomic_long calls[32];
	char failed[256]; /* "socket:[123]", a path, or "" */
};

static const char *const calls[] = {"open", "stat", "opendir", "read", "pread", "write", "pwrite",
	"fsync", "syncfs", "fdatasync", "ftruncate", "fallocate", "rename", "mkdir", "unlink",
	"flock", "socket", "connect", "sendto", "recvfrom", "pipe2", "fork", "poll", "malloc",
	"clone"};

static struct {
	char call[32], part[256];
	int number, depth;
	long first, last;
} wanted;

static int depth; /* forks between the first process and this one */
static bool begun;
static struct log *shared;

static void begin(void)
{
	const char *text = getenv("LAMPWATCH_FAIL"), *path = getenv("LAMPWATCH_FAIL_LOG");
	int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *memory =
		file >= 0 ? mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
			  : MAP_FAILED;
	char *at;

	if (file >= 0)
		close(file);
	if (memory != MAP_FAILED)
		shared = memory;
	if (text != NULL && sscanf(text, "%31s %d %ld %ld %255s", wanted.call, &wanted.number,
				    &wanted.first, &wanted.last, wanted.part) < 4)
		wanted.call[0] = '\0';
	at = strchr(wanted.call, '@');
	wanted.depth = at != NULL ? atoi(at + 1) : -1;
	if (at != NULL)
		*at = '\0';
	begun = true;
}

static int (*real_main)(int, char **, char **);

static int begin_main(int count, char **words, char **environment)
{
	begin();
	return real_main(count, words, environment);
}

/* What starts every program. */
int __libc_start_main(int (*program)(int, char **, char **), int count, char **words,
	void (*before)(void), void (*after)(void), void (*loader)(void), void *stack);
int __libc_start_main(int (*program)(int, char **, char **), int count, char **words,
	void (*before)(void), void (*after)(void), void (*loader)(void), void *stack)
{
	real_main = program;
	return NEXT(__libc_start_main)(begin_main, count, words, before, after, loader, stack);
}

/* How many such calls there were, with this one. */
static long count(const char *call)
{
	static long passed;

	for (size_t i = 0; shared != NULL && i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i], call) == 0)
			return atomic_fetch_add(&shared->calls[i], 1) + 1;
	return ++passed;
}

/* Whether this call is to fail; then errno is set. path NULL: it has none. */
static bool fails(const char *call, const char *path)
{
	bool chosen =
		begun && strcmp(wanted.call, call) == 0 &&
		(wanted.depth < 0 || wanted.depth == depth) &&
		(wanted.part[0] == '\0' || (path != NULL && strstr(path, wanted.part) != NULL));
	long now = chosen || (begun && shared != NULL) ? count(call) : 0;

	if (!chosen || now < wanted.first || now > wanted.last)
		return false;
	if (shared != NULL)
		snprintf(shared->failed, sizeof shared->failed, "%s", path != NULL ? path : "-");
	errno = wanted.number;
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

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	return fails_open("write", descriptor) ? -1 : NEXT(write)(descriptor, bytes, length);
}

int syncfs(int descriptor)
{
	return fails_open("syncfs", descriptor) ? -1 : NEXT(syncfs)(descriptor);
}

int fsync(int descriptor)
{
	return fails_open("fsync", descriptor) ? -1 : NEXT(fsync)(descriptor);
}

int fdatasync(int descriptor)
{
	return fails_open("fdatasync", descriptor) ? -1 : NEXT(fdatasync)(descriptor);
}

int rename(const char *from, const char *to)
{
	return fails("rename", to) ? -1 : NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
	return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode);
}

int unlink(const char *path)
{
	return fails("unlink", path) ? -1 : NEXT(unlink)(path);
}

int flock(int descriptor, int operation)
{
	return fails_open("flock", descriptor) ? -1 : NEXT(flock)(descriptor, operation);
}

int socket(int family, int type, int protocol)
{
	return fails("socket", NULL) ? -1 : NEXT(socket)(family, type, protocol);
}

int connect(int descriptor, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	return fails("connect", NULL) ? -1 : NEXT(connect)(descriptor, address, length);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags)
{
	return fails_open("sendto", descriptor) ? -1 : NEXT(send)(descriptor, bytes, length, flags);
}

ssize_t sendto(int descriptor, const void *bytes, size_t length, int flags, __CONST_SOCKADDR_ARG to,
	socklen_t size)
{
	return fails_open("sendto", descriptor)
		       ? -1
		       : NEXT(sendto)(descriptor, bytes, length, flags, to, size);
}

ssize_t recv(int descriptor, void *bytes, size_t length, int flags)
{
	return fails_open("recvfrom", descriptor) ? -1
						  : NEXT(recv)(descriptor, bytes, length, flags);
}

ssize_t recvfrom(
	int descriptor, void *bytes, size_t length, int flags, __SOCKADDR_ARG from, socklen_t *size)
{
	return fails_open("recvfrom", descriptor)
		       ? -1
		       : NEXT(recvfrom)(descriptor, bytes, length, flags, from, size);
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

/* A fork server's, by the number of clone(). */
long syscall(long number, ...)
{
	long values[6], result;
	va_list arguments;

	va_start(arguments, number);
	for (size_t i = 0; i < 6; i++)
		values[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_clone && fails("clone", NULL))
		return -1;
	result = NEXT(syscall)(
		number, values[0], values[1], values[2], values[3], values[4], values[5]);
	depth += number == SYS_clone && result == 0;
	return result;
}

int poll(struct pollfd *polls, nfds_t count, int milliseconds)
{
	return fails("poll", NULL) ? -1 : NEXT(poll)(polls, count, milliseconds);
}

#ifdef LAMPWATCH_FAIL_MEMORY /* not beside a sanitizer, which has its own */
void *malloc(size_t size)
{
	return fails("malloc", NULL) ? NULL : NEXT(malloc)(size);
}

void *calloc(size_t number, size_t size)
{
	return fails("malloc", NULL) ? NULL : NEXT(calloc)(number, size);
}

void *realloc(void *memory, size_t size)
{
	return fails("malloc", NULL) ? NULL : NEXT(realloc)(memory, size);
}
#endif
