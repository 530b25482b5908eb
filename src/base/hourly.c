/* SPDX-License-Identifier: ISC */
#include "base/hourly.h"

#include <fcntl.h>
#include <sys/stat.h>

enum {
	HOUR_SECONDS = 3600,
	MARK = 777777777, /* nanoseconds: marks a time that we recorded */
};

bool hourly(const char *path, int64_t now)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {now, MARK}};
	struct stat status;
	bool due = stat(path, &status) != 0 || status.st_mtim.tv_nsec != MARK ||
		   now < status.st_mtim.tv_sec || now - status.st_mtim.tv_sec >= HOUR_SECONDS;

	if (due)
		utimensat(AT_FDCWD, path, times, 0);
	return due;
}
