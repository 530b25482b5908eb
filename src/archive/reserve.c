/* SPDX-License-Identifier: ISC */
#include "archive/reserve.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/file.h"

static char *reserve_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/reserve");
}

void reserve_fill(const char *archive)
{
	char *path = reserve_path(archive);
	struct stat status;
	int descriptor;

	if (stat(path, &status) != 0 || status.st_size < RESERVE_BYTES) {
		descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (descriptor >= 0 && posix_fallocate(descriptor, 0, RESERVE_BYTES) != 0)
			unlink(path);
		if (descriptor >= 0)
			close(descriptor);
	}
	free(path);
}

void reserve_free(const char *archive)
{
	char *path = reserve_path(archive);

	unlink(path);
	free(path);
}
