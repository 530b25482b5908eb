/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"

static bool failed(struct error *error, const char *path, const char *what)
{
	return error_set(error, REMEDY_LOCAL, "%s: %s: %s", path, what, strerror(errno));
}

bool file_read_descriptor(int descriptor, const char *name, struct buffer *out, struct error *error)
{
	char block[65536];
	ssize_t got;

	while ((got = read(descriptor, block, sizeof block)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(error, name, "cannot be read");
		if (!buffer_add(out, block, (size_t)got))
			return error_set(error, REMEDY_LOCAL, "%s: longer than %zu bytes", name,
				out->maximum > 0 ? out->maximum : BUFFER_MAX);
	}
	return true;
}

bool file_read(const char *path, struct buffer *out, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	bool done;

	if (descriptor < 0)
		return failed(error, path, "cannot be opened");
	done = file_read_descriptor(descriptor, path, out, error);
	close(descriptor);
	return done;
}

bool file_write_all(int descriptor, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length > 0) {
		ssize_t put = write(descriptor, from, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		from += put;
		length -= (size_t)put;
	}
	return true;
}

static bool write_synced(int descriptor, const void *bytes, size_t length)
{
	bool done = file_write_all(descriptor, bytes, length) && fsync(descriptor) == 0;
	int kept = errno;

	if (close(descriptor) != 0 && done)
		return false;
	errno = kept;
	return done;
}

bool file_create(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (descriptor < 0 || !write_synced(descriptor, bytes, length))
		return failed(error, path, "cannot be written");
	return true;
}

bool file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	char *temporary = memory_format("%s.new", path);
	char *folder = file_folder(path);
	bool done = false;

	unlink(temporary);
	if (!file_create(temporary, bytes, length, mode, error))
		goto out;
	if (rename(temporary, path) != 0) {
		failed(error, path, "cannot be renamed into place");
		goto out;
	}
	done = file_sync_folder(folder, error);
out:
	if (!done)
		unlink(temporary);
	free(folder);
	free(temporary);
	return done;
}

bool file_append(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	bool new = !file_exists(path);
	int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode);
	bool done = true;

	if (descriptor < 0 || !write_synced(descriptor, bytes, length))
		return failed(error, path, "cannot be appended to");
	if (new) {
		char *folder = file_folder(path);

		done = file_sync_folder(folder, error);
		free(folder);
	}
	return done;
}

bool file_sync_folder(const char *path, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = descriptor >= 0 && fsync(descriptor) == 0;

	if (!done)
		failed(error, path, "cannot be synced");
	if (descriptor >= 0)
		close(descriptor);
	return done;
}

bool file_make_folders(const char *path, mode_t mode, struct error *error)
{
	char *copy = memory_string(path);
	bool done = true;

	for (char *slash = copy + 1; done && slash != NULL; ) {
		slash = strchr(slash, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			done = failed(error, copy, "cannot be made");
		if (slash != NULL)
			*slash++ = '/';
	}
	free(copy);
	return done;
}

bool file_remove_tree(const char *path, struct error *error)
{
	struct stat status;
	struct dirent *entry;
	bool done = true;
	DIR *folder;

	if (lstat(path, &status) != 0)
		return errno == ENOENT || failed(error, path, "cannot be looked at");
	if (!S_ISDIR(status.st_mode))
		return unlink(path) == 0 || failed(error, path, "cannot be removed");
	folder = opendir(path);
	if (folder == NULL)
		return failed(error, path, "cannot be opened");
	while (done && (entry = readdir(folder)) != NULL) {
		char *child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		child = file_join(path, entry->d_name);
		done = file_remove_tree(child, error);
		free(child);
	}
	closedir(folder);
	return done && (rmdir(path) == 0 || failed(error, path, "cannot be removed"));
}

char *file_join(const char *folder, const char *name)
{
	if (name[0] == '/' || text_equal(folder, "."))
		return memory_string(name);
	return memory_format("%s%s%s", folder, text_ends(folder, "/") ? "" : "/", name);
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return memory_string(".");
	return slash == path ? memory_string("/") : memory_bytes(path, (size_t)(slash - path));
}

bool file_exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* The folder of the running program, or NULL where the system does not tell. */
static char *program_folder(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	return file_folder(path);
}

char *file_templates(void)
{
	const char *chosen = getenv("LAMPWATCH_TEMPLATES");
	char *program, *shared;
	bool in_build;

	if (!text_empty(chosen))
		return memory_string(chosen);
	program = program_folder();
	if (program == NULL)
		return memory_string(LAMPWATCH_TEMPLATES_INSTALLED);
	in_build = text_starts(program, LAMPWATCH_BUILD);
	shared = file_join(program, "../share/lampwatch/templates");
	free(program);
	if (in_build) {
		free(shared);
		return memory_string(LAMPWATCH_TEMPLATES_SOURCE);
	}
	if (file_exists(shared))
		return shared;
	free(shared);
	return memory_string(LAMPWATCH_TEMPLATES_INSTALLED);
}
