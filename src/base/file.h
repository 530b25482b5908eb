/* SPDX-License-Identifier: ISC
 *
 * Files that appear whole. A file is written under a temporary name in the
 * folder where it is to stand, synced, renamed, and the folder is synced.
 */
#ifndef LAMPWATCH_FILE_H
#define LAMPWATCH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buffer;
struct error;
struct text_list;

/*
 * Adds the file's bytes to out, whose maximum holds. Errors: REMEDY_LOCAL
 * (cannot be read), with the path in the text.
 */
bool file_read(const char *path, struct buffer *out, struct error *error);

/* As file_read() from an open descriptor, up to its end; name is for errors. */
bool file_read_descriptor(
	int descriptor, const char *name, struct buffer *out, struct error *error);

/* Writes the whole file (mode as given, before the umask) as said above. The
 * temporary name is the same each time, so that a crash leaves at most one;
 * hence one writer at a time, which the callers' locks see to. */
bool file_write(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* As file_write(), without the syncs: for what can be made again, and only has to be whole for
 * whoever reads it meanwhile. When the power fails it may be empty or as it was. */
bool file_replace(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Writes a new file and syncs it, without the rename: for a folder that is
 * itself still under its temporary name. Fails where the file exists. */
bool file_create(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/*
 * As file_create(), in two steps, so that the disk works on several files at
 * once: file_begin() returns the open descriptor, -1 after an error;
 * file_end() syncs and closes it. The file is durable after file_end() alone.
 */
int file_begin(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);
bool file_end(int descriptor, const char *path, struct error *error);

/* Adds bytes at the end and syncs; creates the file (and syncs its folder) where
 * there is none. After an error the file is as long as before. */
bool file_append(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* fsync of a folder: makes names in it durable. */
bool file_sync_folder(const char *path, struct error *error);

/* Makes the folder and its parents, each with mode; existing ones are left as
 * they are. Fails where something else stands under one of the names. */
bool file_make_folders(const char *path, mode_t mode, struct error *error);

/* Removes a folder and all in it; what is not there is no error. Symbolic links are not followed.
 */
bool file_remove_tree(const char *path, struct error *error);

/* "folder/name"; an absolute name stands alone, as one in "." or "" does. Owned by the caller. */
char *file_join(const char *folder, const char *name);

/* The part before the last '/', "." where there is none. Owned by the caller. */
char *file_folder(const char *path);

/* The part behind it, the whole where there is none. Points into path. */
const char *file_name(const char *path);

bool file_exists(const char *path);

/*
 * The names in the folder that end with ending, without it, each once, sorted
 * bytewise and added to what stands in names; hidden ones are left out. A
 * folder that cannot be opened has none.
 */
void file_names(const char *folder, const char *ending, struct text_list *names);

/* Writes all bytes to a descriptor, however often it takes. False with errno. */
bool file_write_all(int descriptor, const void *bytes, size_t length);

/*
 * The folder with the program's data (templates/…): $LAMPWATCH_TEMPLATES where
 * set; for a program in its build folder, the source's own; else beside the
 * installed program (../share/lampwatch/templates); where that is not there, the
 * one of the prefix. Owned by the caller.
 */
char *file_templates(void);

#endif
