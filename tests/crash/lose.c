/* SPDX-License-Identifier: ISC
 *
 * Loaded before the system's library (LD_PRELOAD): the writes of each process to the TCP port
 * LAMPWATCH_LOSE_PORT are counted, and the LAMPWATCH_LOSE_NTH of them (from 1) fails with
 * LAMPWATCH_LOSE_ERROR (EIO, EPIPE or ECONNRESET) and writes nothing, though the connection is
 * well. LAMPWATCH_LOSE_LOG gets a line when that has happened; a confined process can write it
 * where LAMPWATCH_STEPS_FILE names that file too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The function of that name that would be called without this library. */
#define NEXT(function) (__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))

static long setting(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? atol(text) : 0;
}

static int chosen_error(void)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {{"EIO", EIO}, {"EPIPE", EPIPE}, {"ECONNRESET", ECONNRESET}};
	const char *name = getenv("LAMPWATCH_LOSE_ERROR");

	for (size_t i = 0; name != NULL && i < sizeof errors / sizeof *errors; i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].number;
	return EIO;
}

static void tell(void)
{
	const char *log = getenv("LAMPWATCH_LOSE_LOG");
	int file = log != NULL ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

	if (file < 0)
		return;
	(void)!NEXT(write)(file, "lost\n", 5);
	close(file);
}

/* True, with errno, where this write is the one. */
static bool is_lost(int descriptor)
{
	static pid_t process;
	static long count;
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	int kept = errno, port = 0;
	struct stat status;

	/* Of a pipe a confined reader may not ask for the peer. */
	if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) {
		errno = kept;
		return false;
	}
	if (getpeername(descriptor, (struct sockaddr *)&peer, &length) == 0) {
		if (peer.ss_family == AF_INET)
			port = ntohs(((struct sockaddr_in *)&peer)->sin_port);
		else if (peer.ss_family == AF_INET6)
			port = ntohs(((struct sockaddr_in6 *)&peer)->sin6_port);
	}
	errno = kept;
	if (port == 0 || port != setting("LAMPWATCH_LOSE_PORT"))
		return false;
	if (process != getpid())
		count = 0;
	process = getpid();
	if (++count != setting("LAMPWATCH_LOSE_NTH"))
		return false;
	tell();
	errno = chosen_error();
	return true;
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	return is_lost(descriptor) ? -1 : NEXT(write)(descriptor, bytes, length);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
	return is_lost(descriptor) ? -1 : NEXT(writev)(descriptor, parts, count);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags)
{
	return is_lost(descriptor) ? -1 : NEXT(send)(descriptor, bytes, length, flags);
}
