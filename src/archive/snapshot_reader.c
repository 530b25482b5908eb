/* SPDX-License-Identifier: ISC */
#include "archive/snapshot_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "archive/pack.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

enum {
	SUMS_MAX = 1024 * 1024,
	SNAPSHOT_TEXT_MAX = 16 * 1024 * 1024, /* bytes of any file except a body */
	DIGEST_END = DIGEST_TEXT - 1,
	NAME_AT = DIGEST_END + 2, /* of a line of SHA256SUMS: digest and two blanks before it */
};

static char *folder_path(const char *archive, const char *page, const char *folder)
{
	return page != NULL ? archive_path(archive, page, folder, NULL) : memory_string(folder);
}

static bool wrong(const char *archive, const char *page, const char *folder, const char *name,
	const char *what, struct error *error)
{
	char *path = folder_path(archive, page, folder);

	error_set(error, REMEDY_LOCAL, "%s/%s: %s", path, name, what);
	free(path);
	return false;
}

/* A file that could not be read is damaged where it is gone, too long or no file at all. Any other
 * reason is one of this machine's, and may pass. */
static bool may_pass(const char *file, const struct buffer *out)
{
	struct stat status;

	return stat(file, &status) == 0 ? S_ISREG(status.st_mode) && !out->overflowed
					: !system_error_absent(errno);
}

/* sha256: what the file must have; NULL: anything. */
static bool read_file(const char *archive, const char *page, const char *folder, const char *name,
	const char *sha256, struct buffer *out, struct error *error)
{
	char *path = folder_path(archive, page, folder), *file = file_join(path, name);
	size_t before = out->length;
	char found[DIGEST_TEXT];
	bool in_folder = page == NULL || !file_absent(path);
	bool good = in_folder ? file_read(file, out, error)
			      : pack_read(archive, page, folder, name, out, error);

	if (!good && in_folder && error != NULL && may_pass(file, out))
		error->remedy = REMEDY_LATER;
	digest_sha256(buffer_string(out) + before, out->length - before, found);
	if (good && sha256 != NULL && !text_equal(found, sha256))
		good = wrong(archive, page, folder, name,
			"has been altered: its SHA-256 is not the one that was entered", error);
	if (!good && out->length > before)
		buffer_cut(out, before);
	free(file);
	free(path);
	return good;
}

/* What SHA256SUMS lists, still without bytes, and itself. */
static bool read_list(const char *archive, const char *page, const char *folder, const char *sums,
	struct snapshot_files *files, struct error *error)
{
	struct buffer list = {.maximum = SUMS_MAX};
	struct snapshot_file *file;
	bool good = read_file(archive, page, folder, ARCHIVE_SUMS, sums, &list, error);
	const char *line = buffer_string(&list), *end;

	*files = (struct snapshot_files){0};
	if (good && (list.length == 0 || line[list.length - 1] != '\n'))
		good = wrong(archive, page, folder, ARCHIVE_SUMS, "has been cut off", error);
	for (; good && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL || end - line <= NAME_AT ||
			strncmp(line + DIGEST_END, "  ", 2) != 0 ||
			memchr(line, '/', (size_t)(end - line)) != NULL) {
			good = wrong(archive, page, folder, ARCHIVE_SUMS,
				"has a line that lampwatch did not write", error);
			break;
		}
		file = memory_append(&files->list, &files->count, sizeof *file);
		file->name = memory_bytes(line + NAME_AT, (size_t)(end - line) - NAME_AT);
		memcpy(file->sha256, line, DIGEST_END);
	}
	file = memory_append(&files->list, &files->count, sizeof *file);
	file->name = memory_string(ARCHIVE_SUMS);
	digest_sha256(buffer_string(&list), list.length, file->sha256);
	file->bytes = list;
	return good;
}

bool snapshot_list(const char *archive, const char *page, const char *folder,
	struct snapshot_files *files, struct error *error)
{
	bool good = read_list(archive, page, folder, NULL, files, error);

	if (!good)
		snapshot_files_release(files);
	return good;
}

bool snapshot_file_read(const char *archive, const char *page, const char *folder,
	const struct snapshot_files *files, const char *name, struct buffer *out,
	struct error *error)
{
	const struct snapshot_file *file = snapshot_files_find(files, name);

	return file != NULL ? read_file(archive, page, folder, name, file->sha256, out, error)
			    : wrong(archive, page, folder, name,
				      "is not among the files of the snapshot", error);
}

bool archive_read(const char *archive, const char *page, const char *folder, const char *name,
	struct buffer *out, struct error *error)
{
	struct snapshot_files files;
	bool good = snapshot_list(archive, page, folder, &files, error) &&
		    snapshot_file_read(archive, page, folder, &files, name, out, error);

	snapshot_files_release(&files);
	return good;
}

bool snapshot_read(const char *archive, const char *page, const char *folder, const char *sums,
	struct snapshot_files *files, struct error *error)
{
	bool good = read_list(archive, page, folder, sums, files, error);

	for (size_t i = 0; good && i + 1 < files->count; i++) {
		struct snapshot_file *file = &files->list[i];

		if (strncmp(file->name, "body", strlen("body")) != 0)
			file->bytes.maximum = SNAPSHOT_TEXT_MAX;
		good = read_file(
			archive, page, folder, file->name, file->sha256, &file->bytes, error);
	}
	if (!good)
		snapshot_files_release(files);
	return good;
}

bool snapshot_nothing_added(const char *archive, const char *page, const char *folder,
	const struct snapshot_files *files, struct error *error)
{
	char *path = folder_path(archive, page, folder);
	struct text_list there = {0};
	bool good = page == NULL || !file_absent(path)
			    ? folder_names(path, &there, error)
			    : pack_files(archive, page, folder, &there, error);

	for (size_t i = 0; good && i < there.count; i++)
		good = snapshot_files_find(files, there.list[i]) != NULL ||
		       wrong(archive, page, folder, there.list[i], "has been added", error);
	text_list_release(&there);
	free(path);
	return good;
}

const struct snapshot_file *snapshot_files_find(
	const struct snapshot_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (text_equal(files->list[i].name, name))
			return &files->list[i];
	return NULL;
}

void snapshot_files_release(struct snapshot_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->list[i].name);
		buffer_release(&files->list[i].bytes);
	}
	free(files->list);
	*files = (struct snapshot_files){0};
}
