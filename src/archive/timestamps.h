/* SPDX-License-Identifier: ISC
 *
 * The time stamps of an authority over `heads`, each kept with the very heads that it
 * covers, in heads.stamps/2026/11/2026-11-23T110942Z (lampwatch-archive(5)).
 *
 * The order of keeping one, of which a crash may leave any beginning:
 *   1  the folder is written under .state/incoming and synced
 *   2  a transaction holds its row
 *   3  the folder is renamed into place
 * timestamps_settle() goes on from there.
 */
#ifndef LAMPWATCH_TIMESTAMPS_H
#define LAMPWATCH_TIMESTAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "base/digest.h"

struct buffer;
struct error;

extern const struct schema_step timestamps_schema[];

#define TIMESTAMPS_FOLDER "heads.stamps"
#define TIMESTAMPS_REPLY "heads.tsr"

struct timestamp {
	const struct buffer *heads, *reply;      /* borrowed */
	const struct buffer *signature, *public; /* borrowed; NULL where heads is not signed */
	int64_t time;                            /* as the stamp says, seconds since 1970 */
};

/* Steps 1 to 3. Within step 2 the facts are set as well: `stamped` to the SHA-256 of heads.
 * Errors: REMEDY_LOCAL. */
bool timestamps_keep(const char *archive, struct database *database, const struct timestamp *stamp,
	struct error *error);

/* What a crash left between two steps: rolled forward where there is a row, else thrown away. */
bool timestamps_settle(const char *archive, struct database *database, struct error *error);

/* Adds the folders that lie under heads.stamps, relative to it ("2026/11/2026-11-23T110942Z"),
 * oldest first. What else lies there is added to others. */
struct text_list;
bool timestamps_list(const char *archive, struct text_list *folders, struct text_list *others,
	struct error *error);

/* Enters each stamp that stands in the archive, as it is. Within a transaction. False with
 * REMEDY_LOCAL where one cannot be read. */
bool timestamps_record_all(const char *archive, struct database *database, struct error *error);

/* Adds the folders that the database has rows of, oldest first. */
void timestamps_recorded(struct database *database, struct text_list *folders);

/* The SHA-256 of the folder's SHA256SUMS as the database has it; false where it has no such row. */
bool timestamps_sums(struct database *database, const char *folder, char sums[static DIGEST_TEXT]);

/* The path of a stamp's file (NULL: of its folder); one that step 3 is due for is found too.
 * Owned by the caller. */
char *timestamps_path(const char *archive, const char *folder, const char *name);

#endif
