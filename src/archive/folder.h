/* SPDX-License-Identifier: ISC
 *
 * A folder of the archive while it is being written, under a temporary name: its files, and
 * SHA256SUMS over all of them, as sha256sum(1) checks it.
 */
#ifndef LAMPWATCH_FOLDER_H
#define LAMPWATCH_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/list.h"

struct error;

#define ARCHIVE_SUMS "SHA256SUMS"

struct folder {
	const char *path; /* borrowed */
	struct buffer sums;
	struct error *error;
	bool failed;
	struct text_list names; /* of what is written and not yet synced; owned */
};

/* Makes it, empty, whatever stood there. Errors are kept for folder_end(). */
void folder_begin(struct folder *folder, const char *path, struct error *error);

void folder_put(struct folder *folder, const char *name, const void *bytes, size_t length);

/* The same where the SHA-256 of the bytes may be known: "" where it is not. */
void folder_put_known(struct folder *folder, const char *name, const void *bytes, size_t length,
	const char *sha256);

/* Writes SHA256SUMS, of which sums becomes the SHA-256, and syncs all. False with the first
 * error (REMEDY_LOCAL). Frees what folder holds in both cases. */
bool folder_end(struct folder *folder, char sums[static DIGEST_TEXT]);

/* The same without the syncs: names (zeroed by the caller, who owns it) takes the files' names, for
 * folder_sync(). */
bool folder_close(struct folder *folder, char sums[static DIGEST_TEXT], struct text_list *names);
bool folder_sync(const char *path, const struct text_list *names, struct error *error);

/* Adds the names of all that lies in a folder, hidden files too. Errors: REMEDY_LOCAL. */
bool folder_names(const char *path, struct text_list *names, struct error *error);

#endif
