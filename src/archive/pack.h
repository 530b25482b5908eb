/* SPDX-License-Identifier: ISC
 *
 * Snapshots packed, a month of a page in one file (lampwatch-archive(5)): each is a tar(1) of
 * its folder, compressed against the one before; every PACK_RUN_MAX-th stands alone.
 *
 *   PAGE/2014/01/packed        the frames, one after the other: only ever appended to
 *   PAGE/2014/01/packed.index  a head line, which names that file, then for each: name,
 *                              offset, length, size of the tar, the name of the one that it was
 *                              compressed against or -, SHA-256 of the tar
 *
 * The order of packing one, of which a crash may leave any beginning:
 *   1  the frame is appended and synced
 *   2  the index's line is appended and synced
 *   3  it is read back, and must be the same
 *   4  the folder is moved to .state/incoming/.packed, and removed
 * pack_mend() takes off what 1 and 2 left half. A snapshot that is in both places is read from its
 * folder.
 */
#ifndef LAMPWATCH_PACK_H
#define LAMPWATCH_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct buffer;
struct error;
struct text_list;

#define PACK_FILE "packed" /* or packed-2 …, where a month was rewritten */
#define PACK_INDEX "packed.index"
#define PACK_HEAD "lampwatch pack 1 zstd tar"
enum { PACK_RUN_MAX = 50, PACK_NAME_MAX = 64 };

struct pack_line {
	char name[PACK_NAME_MAX]; /* of the folder, without year and month */
	int64_t offset, length;   /* of the frame in the file, bytes */
	int64_t size;             /* of the tar */
	char base[PACK_NAME_MAX]; /* "-": none */
	char digest[DIGEST_TEXT]; /* of the tar */
};

struct pack_index {
	char file[PACK_NAME_MAX]; /* that holds the frames */
	struct pack_line *list;   /* owned; in the order of the file */
	size_t count;
	bool torn; /* the last line has no end: a crash cut it */
};

/* Reads the index of a month ("2014/01"); where there is none, it is empty. Errors: REMEDY_LOCAL.
 */
bool pack_index_read(const char *archive, const char *page, const char *month,
	struct pack_index *index, struct error *error);
void pack_index_release(struct pack_index *index);

/* Where the last frame ends in its file, in bytes. */
int64_t pack_index_end(const struct pack_index *index);

/* True where the snapshot's folder ("2014/01/2014-01-24T192000Z") is packed. */
bool pack_has(const char *archive, const char *page, const char *folder);

/*
 * Adds a file of a packed snapshot to out. False with REMEDY_LOCAL where the snapshot is
 * not packed, has no such file, or is damaged. The last snapshot is remembered by the process: to
 * read its other files, or the next one, costs little.
 */
bool pack_read(const char *archive, const char *page, const char *folder, const char *name,
	struct buffer *out, struct error *error);

/* Adds the names of a packed snapshot's files. */
bool pack_files(const char *archive, const char *page, const char *folder, struct text_list *names,
	struct error *error);

/* Steps 1 to 4 for one snapshot; one that is packed already is only removed. Its
 * SHA256SUMS must have the digest sums, and all its files must be as listed. */
bool pack_snapshot(const char *archive, const char *page, const char *folder, const char *sums,
	struct error *error);

/* Removes what a crash left of steps 1, 2 and 4. */
bool pack_mend(const char *archive, const char *page, const char *month, struct error *error);

/*
 * Rewrites a month without those that drop() names: first a new file of frames, then the index.
 * Where nothing is left, both are removed.
 */
bool pack_rewrite(const char *archive, const char *page, const char *month,
	bool (*drop)(void *context, const char *folder), void *context, struct error *error);

#endif
