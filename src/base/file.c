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
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "settings.h"

enum { COPIED_AT_ONCE = 65536, MEMINFO_BYTES = 65536 };

static bool failed(struct error *error, const char *path, const char *what)
{
	return system_error_set(error, path, what);
}

bool file_read_descriptor(int descriptor, const char *name, struct buffer *out, struct error *error)
{
	char block[65536];
	size_t used = 0;
	bool good = true;
	ssize_t got;

	while (good && (got = read(descriptor, block, sizeof block)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			good = failed(error, name, "cannot be read");
		else if (!buffer_add(out, block, (size_t)got))
			good = error_set(error, REMEDY_LOCAL, "%s: longer than %zu bytes", name,
				out->maximum > 0 ? out->maximum : BUFFER_MAX);
		if (got > 0 && (size_t)got > used)
			used = (size_t)got;
	}
	explicit_bzero(block, used); /* a secret may stand in a configuration */
	return good;
}

int file_open(const char *path, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (descriptor < 0) {
		failed(error, path, "cannot be opened");
	} else if (fstat(descriptor, &status) != 0 ||
		   (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))) {
		close(descriptor);
		descriptor = -1;
		errno = ESPIPE;
		failed(error, path, "cannot be read");
	}
	return descriptor;
}

static bool read_and_close(
	int descriptor, const char *path, struct buffer *out, struct error *error)
{
	bool done = file_read_descriptor(descriptor, path, out, error);

	close(descriptor);
	return done;
}

bool file_read(const char *path, struct buffer *out, struct error *error)
{
	int descriptor = file_open(path, error);

	return descriptor >= 0 && read_and_close(descriptor, path, out, error);
}

bool file_read_named(const char *path, struct buffer *out, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		return failed(error, path, "cannot be opened");
	return read_and_close(descriptor, path, out, error);
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

/* Closes the file, after a sync if synced is set; errno is that of the first failure. */
static bool close_file(int descriptor, bool done, bool synced)
{
	int reason;

	done = done && (!synced || fsync(descriptor) == 0);
	reason = errno;
	if (close(descriptor) != 0 && done)
		return false;
	errno = reason;
	return done;
}

static int write_new(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (descriptor >= 0 && file_write_all(descriptor, bytes, length))
		return descriptor;
	failed(error, path, "cannot be written");
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}

int file_begin(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	int descriptor = write_new(path, bytes, length, mode, error);

	/* A hint that the disk may begin; fsync() reports whether it worked. */
	if (descriptor >= 0)
		(void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
	return descriptor;
}

bool file_end(int descriptor, const char *path, struct error *error)
{
	return close_file(descriptor, true, true) || failed(error, path, "cannot be written");
}

bool file_create(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	int descriptor = file_begin(path, bytes, length, mode, error);

	return descriptor >= 0 && file_end(descriptor, path, error);
}

static bool replace(const char *path, const void *bytes, size_t length, mode_t mode, bool synced,
	struct error *error)
{
	char *folder = file_folder(path);
	char *temporary = memory_format("%s/.%s.new", folder, file_name(path));
	int descriptor;
	bool done;

	descriptor = write_new(temporary, bytes, length, mode, NULL);
	if (descriptor < 0) { /* a crash may have left one */
		unlink(temporary);
		descriptor = write_new(temporary, bytes, length, mode, error);
	}
	done = descriptor >= 0 && (close_file(descriptor, true, synced) ||
					  failed(error, temporary, "cannot be written"));
	done = done && (rename(temporary, path) == 0 ||
			       failed(error, path, "cannot be renamed into place"));
	done = done && (!synced || file_sync_folder(folder, error));
	if (!done)
		unlink(temporary);
	free(folder);
	free(temporary);
	return done;
}

bool file_write(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	return replace(path, bytes, length, mode, true, error);
}

bool file_replace(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	return replace(path, bytes, length, mode, false, error);
}

/* A full disk must not leave half a line, which the next one would continue. */
static bool append(const char *path, const void *bytes, size_t length, mode_t mode, bool synced,
	struct error *error)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, mode);
	off_t end;

	if (descriptor < 0)
		return failed(error, path, "cannot be appended to");
	end = lseek(descriptor, 0, SEEK_END);
	if (close_file(descriptor, file_write_all(descriptor, bytes, length), synced))
		return true;
	failed(error, path, "cannot be appended to");
	if (end >= 0)
		(void)!truncate(path, end);
	return false;
}

bool file_extend(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	return append(path, bytes, length, mode, false, error);
}

bool file_append(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	bool new = file_absent(path), done = append(path, bytes, length, mode, true, error);

	if (done && new) {
		char *folder = file_folder(path);

		done = file_sync_folder(folder, error);
		free(folder);
	}
	return done;
}

static bool sync_path(const char *path, int flags, int (*sync)(int descriptor), struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
	bool done = descriptor >= 0 && sync(descriptor) == 0;

	if (!done)
		failed(error, path, "cannot be synced");
	if (descriptor >= 0)
		close(descriptor);
	return done;
}

bool file_sync_folder(const char *path, struct error *error)
{
	return sync_path(path, O_DIRECTORY, fsync, error);
}

bool file_sync(const char *path, struct error *error)
{
	return sync_path(path, 0, fsync, error);
}

/* The number behind such a name at the beginning of a line. */
static unsigned long long kilobytes(const char *meminfo, const char *name)
{
	const char *line = strstr(meminfo, name);

	return line != NULL ? strtoull(line + strlen(name), NULL, 10) : 0;
}

unsigned long long file_unwritten(const char *meminfo)
{
	return kilobytes(meminfo, "\nDirty:") + kilobytes(meminfo, "\nWriteback:");
}

bool file_sync_system(const char *path, struct error *error)
{
	struct buffer meminfo = {.maximum = MEMINFO_BYTES};
	bool quick = !file_read("/proc/meminfo", &meminfo, NULL) ||
		     file_unwritten(buffer_string(&meminfo)) <= UNWRITTEN_KILOBYTES;

	buffer_release(&meminfo);
	if (!quick) {
		errno = EBUSY;
		return failed(error, path, "cannot be synced as a whole");
	}
	return sync_path(path, 0, syncfs, error);
}

/* Makes one folder, or finds it there. */
static bool make_folder(const char *path, mode_t mode)
{
	struct stat status;
	bool done = mkdir(path, mode) == 0;

	if (!done && errno == EEXIST && stat(path, &status) == 0) {
		done = S_ISDIR(status.st_mode);
		errno = ENOTDIR;
	}
	return done;
}

/* From below: nearly always those above are there. */
bool file_make_folders(const char *path, mode_t mode, struct error *error)
{
	size_t length = strlen(path), above;
	char *folder, *parent;
	bool under = true, done;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == 0)
		return true;
	folder = memory_bytes(path, length);
	done = make_folder(folder, mode);
	if (!done && system_error_absent(errno)) {
		for (above = length; above > 0 && path[above - 1] != '/'; above--)
			;
		parent = memory_bytes(path, above);
		under = file_make_folders(parent, mode, error);
		free(parent);
		done = under && make_folder(folder, mode);
	}
	done = done || (under && failed(error, folder, "cannot be created"));
	free(folder);
	return done;
}

bool file_remove_tree(const char *path, struct error *error)
{
	struct stat status;
	struct dirent *entry;
	bool done = true;
	DIR *folder;

	if (lstat(path, &status) != 0)
		return system_error_absent(errno) || failed(error, path, "cannot be examined");
	if (!S_ISDIR(status.st_mode))
		return unlink(path) == 0 || failed(error, path, "cannot be removed");
	folder = opendir(path);
	if (folder == NULL)
		return failed(error, path, "cannot be opened");
	while (done && (errno = 0, entry = readdir(folder)) != NULL) {
		char *child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		child = file_join(path, entry->d_name);
		done = file_remove_tree(child, error);
		free(child);
	}
	if (done && errno != 0)
		done = failed(error, path, "cannot be read");
	closedir(folder);
	return done && (rmdir(path) == 0 || failed(error, path, "cannot be removed"));
}

char *file_join(const char *folder, const char *name)
{
	size_t length, name_size = strlen(name) + 1;
	char *path;

	if (name[0] == '/' || text_empty(folder) || text_equal(folder, "."))
		return memory_string(name);
	/* a thousand times for each hundred pages: printf would take ten times as long */
	length = strlen(folder) - text_ends(folder, "/");
	path = memory_new(length + 1 + name_size);
	memcpy(path, folder, length);
	path[length] = '/';
	memcpy(path + length + 1, name, name_size);
	return path;
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return memory_string(".");
	return slash == path ? memory_string("/") : memory_bytes(path, (size_t)(slash - path));
}

const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

enum file_presence file_presence(const char *path, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		return FILE_PRESENT;
	if (system_error_absent(errno))
		return FILE_ABSENT;
	failed(error, path, "cannot be looked at");
	return FILE_UNKNOWN;
}

bool file_absent(const char *path)
{
	return file_presence(path, NULL) == FILE_ABSENT;
}

bool file_names(
	const char *folder, const char *ending, struct text_list *names, struct error *error)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	int reason;

	if (entries == NULL)
		return system_error_absent(errno) || failed(error, folder, "cannot be opened");
	while ((errno = 0, entry = readdir(entries)) != NULL) {
		size_t length = strlen(entry->d_name), tail = strlen(ending);
		char *name;

		if (entry->d_name[0] == '.' || length <= tail || !text_ends(entry->d_name, ending))
			continue;
		name = memory_bytes(entry->d_name, length - tail);
		if (!text_list_has(names, name))
			text_list_add(names, name);
		free(name);
	}
	reason = errno;
	closedir(entries);
	text_list_sort(names);
	errno = reason;
	return reason == 0 || failed(error, folder, "cannot be read");
}

char *file_templates(void)
{
	const char *chosen = getenv("LAMPWATCH_TEMPLATES");
	char path[PATH_MAX], *program, *build, *shared;
	ssize_t length;
	size_t inside;
	bool in_build;

	if (!text_empty(chosen))
		return memory_string(chosen);
	length = readlink("/proc/self/exe", path, sizeof path - 1);
	if (length <= 0)
		return memory_string(LAMPWATCH_TEMPLATES_INSTALLED);
	path[length] = '\0';
	program = file_folder(path);
	/* Without symbolic links, as in /proc/self/exe. */
	build = realpath(LAMPWATCH_BUILD, NULL);
	inside = build != NULL ? strlen(build) : 0;
	in_build = build != NULL && text_starts(program, build) &&
		   (program[inside] == '/' || program[inside] == '\0');
	shared = file_join(program, "../share/lampwatch/templates");
	free(program);
	free(build);
	if (!in_build && !file_absent(shared))
		return shared;
	free(shared);
	return memory_string(in_build ? LAMPWATCH_TEMPLATES_SOURCE : LAMPWATCH_TEMPLATES_INSTALLED);
}

bool file_copy(const char *from, const char *to, mode_t mode, struct error *error)
{
	int in = file_open(from, error), out;
	char bytes[COPIED_AT_ONCE];
	ssize_t got = 0;
	bool done;

	if (in < 0)
		return false;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	done = out >= 0;
	while (done && (got = read(in, bytes, sizeof bytes)) > 0)
		done = file_write_all(out, bytes, (size_t)got);
	done = done && got == 0;
	if (!done)
		error_set(error, REMEDY_LOCAL, "%s: cannot be copied: %s", from, strerror(errno));
	close(in);
	if (out >= 0)
		close(out);
	return done;
}

int file_open_private(const char *path, bool make, bool exclusive)
{
	mode_t others = exclusive ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
	struct stat status;
	int descriptor;

	if (make && mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
		return -1;
	descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0) {
		errno = errno == EACCES || errno == ELOOP || errno == ENOTDIR ? EPERM : errno;
		return -1;
	}
	if (fstat(descriptor, &status) == 0 && status.st_uid == geteuid() &&
		(status.st_mode & others) == 0)
		return descriptor;
	close(descriptor);
	errno = EPERM;
	return -1;
}
