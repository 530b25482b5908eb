/* SPDX-License-Identifier: ISC */
#include "archive/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"

enum { FOLDER_MODE = 0755, FILE_MODE = 0644 };

void folder_begin(struct folder *folder, const char *path, struct error *error)
{
	*folder = (struct folder){.path = path, .error = error};
	folder->failed =
		!file_remove_tree(path, error) || !file_make_folders(path, FOLDER_MODE, error);
}

void folder_put(struct folder *folder, const char *name, const void *bytes, size_t length)
{
	char digest[DIGEST_TEXT];
	char *path;
	int descriptor;

	if (folder->failed)
		return;
	path = file_join(folder->path, name);
	descriptor = file_begin(path, bytes, length, FILE_MODE, folder->error);
	folder->failed = descriptor < 0;
	if (descriptor >= 0)
		*(int *)memory_append(&folder->open, &folder->open_count, sizeof *folder->open) =
			descriptor;
	digest_sha256(bytes, length, digest);
	buffer_format(&folder->sums, "%s  %s\n", digest, name);
	free(path);
}

/* All at once: six syncs one after the other take more than twice as long. */
static void sync_files(struct folder *folder)
{
	for (size_t i = 0; i < folder->open_count; i++)
		folder->failed =
			!file_end(folder->open[i], folder->path, folder->error) || folder->failed;
	if (!folder->failed)
		folder->failed = !file_sync_folder(folder->path, folder->error);
	free(folder->open);
}

bool folder_end(struct folder *folder, char sums[static DIGEST_TEXT])
{
	struct buffer list = folder->sums;

	folder->sums = (struct buffer){0};
	digest_sha256(buffer_string(&list), list.length, sums);
	folder_put(folder, ARCHIVE_SUMS, buffer_string(&list), list.length);
	sync_files(folder);
	buffer_release(&folder->sums);
	buffer_release(&list);
	return !folder->failed;
}

bool folder_names(const char *path, struct text_list *names, struct error *error)
{
	DIR *stream = opendir(path);
	struct dirent *entry;

	if (stream == NULL)
		return error_set(
			error, REMEDY_LOCAL, "%s: cannot be opened: %s", path, strerror(errno));
	while ((entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			text_list_add(names, entry->d_name);
	closedir(stream);
	return true;
}
