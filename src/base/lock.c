/* SPDX-License-Identifier: ISC */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/system_error.h"

enum { LOCK_PAUSE = 50 /* milliseconds between two tries */ };

int lock_take(const char *path, bool shared, int milliseconds, struct error *error)
{
	int descriptor =
		open(path, (shared ? O_RDONLY : O_RDWR | O_CREAT) | O_NONBLOCK | O_CLOEXEC, 0600);

	if (descriptor < 0) {
		system_error_set(error, path, "cannot be opened");
		return LOCK_FAILED;
	}
	while (flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			system_error_set(error, path, "cannot be locked");
			close(descriptor);
			return LOCK_FAILED;
		}
		if (milliseconds <= 0) {
			close(descriptor);
			return LOCK_HELD;
		}
		poll(NULL, 0, LOCK_PAUSE);
		milliseconds -= LOCK_PAUSE;
	}
	return descriptor;
}

void lock_stamp(int descriptor)
{
	futimens(descriptor, NULL);
}

int64_t lock_age(const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) == 0)
		return time(NULL) - status.st_mtime;
	system_error_set(error, path, "cannot be looked at");
	return -1;
}

void lock_release(int descriptor)
{
	flock(descriptor, LOCK_UN);
	close(descriptor);
}
