/* SPDX-License-Identifier: ISC
 *
 * Atomic files: a file is written under a temporary name in its
 * folder, synced and renamed, and then the folder is synced.
 */
#ifndef LAMPWATCH_FILE_H
#define LAMPWATCH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buffer;
struct error;
struct text_list;

/* Modes, before the umask: of what may be published, and of what is for this user alone. */
enum {
	FILE_MODE = 0644,
	FOLDER_MODE = 0755,
	PRIVATE_FILE_MODE = 0600,
	PRIVATE_FOLDER_MODE = 0700,
};

/* Opens it to be read: nothing but a regular file, or a folder, for a pipe would make whoever waits
 * for us wait for ever. The descriptor is the caller's; -1 with REMEDY_LOCAL. */
int file_open(const char *path, struct error *error);

/*
 * Adds the file's bytes to out, up to the maximum of out. Errors: REMEDY_LOCAL
 * (cannot be read, no regular file, or too long), with the path in the text.
 */
bool file_read(const char *path, struct buffer *out, struct error *error);

/* The same of what somebody has named on a command line: a pipe is read to its end. */
bool file_read_named(const char *path, struct buffer *out, struct error *error);

/* Like file_read(), from an open descriptor up to its end; name is for errors. */
bool file_read_descriptor(
	int descriptor, const char *name, struct buffer *out, struct error *error);

/* Writes the whole file atomically (mode is subject to the umask). The
 * temporary name is the same each time, so that a crash leaves at most one;
 * the callers' locks must therefore allow only one writer at a time. */
bool file_write(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Like file_write(), without the syncs: for files that can be generated again and only must be
 * complete for concurrent readers. After a power failure the file may be empty or the old one. */
bool file_replace(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Writes a new file and syncs it, without the rename: for a folder that
 * still has its own temporary name. Fails if the file exists. */
bool file_create(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/*
 * Like file_create(), in two steps, so that the disk works on several files at
 * once: file_begin() returns the open descriptor, -1 after an error;
 * file_end() syncs and closes it. The file is durable only after file_end().
 */
int file_begin(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);
bool file_end(int descriptor, const char *path, struct error *error);

/* Copies a file's bytes, whatever stood at the other path, without a sync. Errors: REMEDY_LOCAL. */
bool file_copy(const char *from, const char *to, mode_t mode, struct error *error);

/* Appends bytes and syncs; creates the file (and syncs its folder) if it is
 * missing. After an error the file is as long as before. */
bool file_append(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Like file_append(), without the syncs: where the file was not there, its folder is to be synced
 * too. */
bool file_extend(
	const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Syncs a folder, which makes the names in it durable. */
bool file_sync_folder(const char *path, struct error *error);

/* Syncs a file that was written and closed. */
bool file_sync(const char *path, struct error *error);

/*
 * The kilobytes that wait to be written on this machine, whoever has written them, in a text such
 * as that of /proc/meminfo (proc(5): Dirty and Writeback); 0 where it does not say.
 */
unsigned long long file_unwritten(const char *meminfo);

/*
 * Syncs all that anybody has written to the file system that path is on: of a thousand files it is
 * a hundredth of the time. But it waits for other writers too, so that where more than
 * UNWRITTEN_KILOBYTES wait to be written on this machine it does nothing: false, as after an error.
 */
enum { UNWRITTEN_KILOBYTES = 65536 };
bool file_sync_system(const char *path, struct error *error);

/* Creates the folder and its parents, each with mode; existing ones are left as
 * they are. Fails if one of the names belongs to something else. */
bool file_make_folders(const char *path, mode_t mode, struct error *error);

/* Removes a folder and everything in it; a missing one is not an error. Does not follow symbolic
 * links. */
bool file_remove_tree(const char *path, struct error *error);

/* "folder/name"; just name if it is absolute or folder is "." or "". Owned by the caller. */
char *file_join(const char *folder, const char *name);

/* The part before the last '/', "." if there is no '/'. Owned by the caller. */
char *file_folder(const char *path);

/* The part after the last '/', the whole path if there is no '/'. Points into path. */
const char *file_name(const char *path);

/*
 * What cannot be looked at is not what is not there. Only ENOENT and ENOTDIR say that nothing has
 * the name; after any other failure nobody knows, and error (REMEDY_LOCAL) says why. A symbolic
 * link is there, wherever it leads.
 */
enum file_presence { FILE_ABSENT, FILE_PRESENT, FILE_UNKNOWN };
enum file_presence file_presence(const char *path, struct error *error);

/* Certainly not there. Of what is not absent, the call that opens it says why it cannot. */
bool file_absent(const char *path);

/*
 * Opens a folder that nobody else may write to: our own, not a link, with no right for anybody else
 * where exclusive, else with no right to write. make: makes it (0700) where it is not there.
 * Returns the descriptor; -1 with errno, which is EPERM where it is there and somebody else's.
 */
int file_open_private(const char *path, bool make, bool exclusive);

/*
 * Adds the names in the folder that end with ending, without that ending, each once, and sorts
 * names bytewise. Hidden files are left out. An absent folder has none; false with error
 * (REMEDY_LOCAL) where it cannot be read.
 */
bool file_names(
	const char *folder, const char *ending, struct text_list *names, struct error *error);

/* Writes all bytes to a descriptor, in as many writes as it takes. False with errno. */
bool file_write_all(int descriptor, const void *bytes, size_t length);

/*
 * The folder with the program's data (templates/…): $LAMPWATCH_TEMPLATES if it is
 * set; the source folder's for a program in its build folder; else
 * ../share/lampwatch/templates beside the installed program, or if that is missing
 * the one of the installation prefix. Owned by the caller.
 */
char *file_templates(void);

#endif
