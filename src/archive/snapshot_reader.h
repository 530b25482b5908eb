/* SPDX-License-Identifier: ISC
 *
 * Reads the files of a kept snapshot, whether it lies in its folder or in its month's pack. Only
 * bytes whose SHA-256 is the one in the snapshot's SHA256SUMS are handed out; the error
 * names the file that is missing or altered. `capture` is parsed by archive/capture.h.
 */
#ifndef LAMPWATCH_SNAPSHOT_READER_H
#define LAMPWATCH_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/digest.h"

struct error;

struct snapshot_file {
	char *name; /* owned: "body", "capture" … */
	char sha256[DIGEST_TEXT];
	struct buffer bytes; /* owned */
};

/* All files of a snapshot, as SHA256SUMS lists them; that itself is the last. */
struct snapshot_files {
	struct snapshot_file *list; /* owned */
	size_t count;
};

/*
 * Reads one file of the snapshot in the folder ("2014/01/2014-01-24T192000Z") of a page, appending
 * to out, whose maximum holds. name may be SHA256SUMS itself. False, naming the path, with
 * REMEDY_LOCAL where the snapshot has no such file, or it is not what it was, and with REMEDY_LATER
 * where it lies there and cannot be read now (too many open files, a read error); out is then as it
 * was. error may be NULL.
 */
bool archive_read(const char *archive, const char *page, const char *folder, const char *name,
	struct buffer *out, struct error *error);

/* For several files of one snapshot: what it lists, without their bytes. False as archive_read()
 * says; files is then empty. Release it otherwise. */
bool snapshot_list(const char *archive, const char *page, const char *folder,
	struct snapshot_files *files, struct error *error);

/* archive_read() of a file that the same snapshot lists. */
bool snapshot_file_read(const char *archive, const char *page, const char *folder,
	const struct snapshot_files *files, const char *name, struct buffer *out,
	struct error *error);

/*
 * Reads all of them. sums: the SHA-256 that SHA256SUMS must have, as the chain or the database has
 * it; NULL: not known. With a page of NULL, folder is the path of any folder that has a SHA256SUMS,
 * and archive is not used. False as archive_read() says; files is then empty. Release it otherwise.
 */
bool snapshot_read(const char *archive, const char *page, const char *folder, const char *sums,
	struct snapshot_files *files, struct error *error);

/* False with REMEDY_LOCAL, naming the first, where more lies in the snapshot than in files, which
 * snapshot_read() has filled in with the same words. */
bool snapshot_nothing_added(const char *archive, const char *page, const char *folder,
	const struct snapshot_files *files, struct error *error);

/* NULL where there is none of that name. */
const struct snapshot_file *snapshot_files_find(
	const struct snapshot_files *files, const char *name);

void snapshot_files_release(struct snapshot_files *files);

#endif
