/* SPDX-License-Identifier: ISC */
#include "archive/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/system_error.h"

void folder_begin(struct folder *folder, const char *path, struct error *error)
{
	*folder = (struct folder){.path = path, .error = error};
	folder->failed =
		mkdir(path, FOLDER_MODE) != 0 && /* nothing stands there, mostly */
		(!file_remove_tree(path, error) || !file_make_folders(path, FOLDER_MODE, error));
}

void folder_put(struct folder *folder, const char *name, const void *bytes, size_t length)
{
	folder_put_known(folder, name, bytes, length, "");
}

void folder_put_known(struct folder *folder, const char *name, const void *bytes, size_t length,
	const char *sha256)
{
	char digest[DIGEST_TEXT];
	char *path;
	int descriptor;

	if (folder->failed)
		return;
	path = file_join(folder->path, name);
	descriptor = file_begin(path, bytes, length, FILE_MODE, folder->error);
	folder->failed = descriptor < 0;
	if (descriptor >= 0 && close(descriptor) != 0)
		folder->failed = !system_error_set(folder->error, path, "cannot be written");
	text_list_add(&folder->names, name);
	if (sha256[0] == '\0')
		digest_sha256(bytes, length, digest);
	buffer_format(&folder->sums, "%s  %s\n", sha256[0] == '\0' ? digest : sha256, name);
	free(path);
}

bool folder_close(struct folder *folder, char sums[static DIGEST_TEXT], struct text_list *names)
{
	struct buffer list = folder->sums;

	folder->sums = (struct buffer){0};
	digest_sha256(buffer_string(&list), list.length, sums);
	folder_put(folder, ARCHIVE_SUMS, buffer_string(&list), list.length);
	*names = folder->names;
	folder->names = (struct text_list){0};
	buffer_release(&folder->sums);
	buffer_release(&list);
	return !folder->failed;
}

bool folder_sync(const char *path, const struct text_list *names, struct error *error)
{
	bool done = true;

	for (size_t i = 0; done && i < names->count; i++) {
		char *file = file_join(path, names->list[i]);

		done = file_sync(file, error);
		free(file);
	}
	return done && file_sync_folder(path, error);
}

bool folder_end(struct folder *folder, char sums[static DIGEST_TEXT])
{
	struct text_list names = {0};
	bool done = folder_close(folder, sums, &names) &&
		    folder_sync(folder->path, &names, folder->error);

	text_list_release(&names);
	return done;
}

bool folder_names(const char *path, struct text_list *names, struct error *error)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	bool done;

	if (stream == NULL)
		return system_error_set(error, path, "cannot be opened");
	while ((errno = 0, entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			text_list_add(names, entry->d_name);
	done = errno == 0 || system_error_set(error, path, "cannot be read");
	closedir(stream);
	return done;
}
