/* SPDX-License-Identifier: ISC */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

struct output {
	char *path, *temporary;
	FILE *file;
	int64_t offset;
	int reason; /* errno of the first failure; 0: none */
};

static void output_free(struct output *output)
{
	free(output->path);
	free(output->temporary);
	free(output);
}

struct output *output_open(const char *path, mode_t mode, struct error *error)
{
	struct output *output = memory_zero(1, sizeof *output);
	char *folder = file_folder(path);
	int descriptor;

	output->path = memory_string(path);
	output->temporary = memory_format("%s/.%s.new", folder, file_name(path));
	free(folder);
	unlink(output->temporary);
	descriptor = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	output->file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
	if (output->file == NULL) {
		error_set(error, REMEDY_LOCAL, "%s: cannot be written: %s", path, strerror(errno));
		output_free(output);
		return NULL;
	}
	return output;
}

static bool note(struct output *output, bool good)
{
	if (!good && output->reason == 0)
		output->reason = errno != 0 ? errno : EIO;
	return output->reason == 0;
}

bool output_put(struct output *output, const void *bytes, size_t length)
{
	if (output->reason != 0)
		return false;
	errno = 0;
	output->offset += (int64_t)length;
	return note(output, fwrite(bytes, 1, length, output->file) == length);
}

int64_t output_offset(const struct output *output)
{
	return output->offset;
}

bool output_replace(struct output *output, int64_t offset, const void *bytes, size_t length)
{
	if (output->reason != 0)
		return false;
	errno = 0;
	return note(output, fseeko(output->file, offset, SEEK_SET) == 0 &&
				    fwrite(bytes, 1, length, output->file) == length &&
				    fseeko(output->file, 0, SEEK_END) == 0);
}

bool output_finish(struct output *output, struct error *error)
{
	char *folder = file_folder(output->path);
	bool done;

	errno = 0;
	note(output, fflush(output->file) == 0 && fsync(fileno(output->file)) == 0);
	note(output, fclose(output->file) == 0);
	note(output, output->reason != 0 || rename(output->temporary, output->path) == 0);
	if (output->reason != 0) {
		unlink(output->temporary);
		done = error_set(error, REMEDY_LOCAL, "%s: cannot be written: %s", output->path,
			strerror(output->reason));
	} else {
		done = file_sync_folder(folder, error);
	}
	free(folder);
	output_free(output);
	return done;
}

void output_discard(struct output *output)
{
	if (output == NULL)
		return;
	fclose(output->file);
	unlink(output->temporary);
	output_free(output);
}
