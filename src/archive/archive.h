/* SPDX-License-Identifier: ISC
 *
 * archive/: what was said, for ever: snapshots, the chain that holds them together, packs,
 * proof that all of it is whole.
 *
 * The archive on disk (lampwatch-archive(5)): one folder for each kept fetch,
 * made whole under .state and renamed into place, never written to again.
 *
 * The order of a commit, of which a crash may leave any beginning:
 *   1  the folder is written under .state/incoming and synced
 *   2  .state/intent/PAGE names the place where it is to stand
 *   3  the folder is renamed there
 *   4  the database's transaction, which holds the chain's line
 *   5  the line is appended to the chain
 *   6  the intent is removed
 * The next run finds the intent and goes on from there: archive_intents().
 */
#ifndef LAMPWATCH_ARCHIVE_H
#define LAMPWATCH_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/folder.h"
#include "base/digest.h"
#include "base/list.h"
#include "net/http.h"

struct buffer;
struct database;
struct error;

#define ARCHIVE_STATE ".state"

/* Where a document was imported from. All borrowed; NULL for what it has not. */
struct capture_source {
	const char *file;   /* its name, without folders */
	const char *sha256; /* of the whole file */
	const char *record; /* WARC-Record-ID of the response, as it stands there */
};

/* What is kept of one fetch. All borrowed. */
struct snapshot {
	const char *page;
	int64_t time;   /* seconds since 1970: of the run, or of --clock; `began` and `ended` are
			   exact */
	bool simulated; /* --clock */
	const struct http_response
		*responses; /* one for each document; a status of 0: not fetched */
	size_t count;
	const char *const *documents;         /* their names in the kind */
	const struct capture_source *sources; /* of each document; NULL: they were fetched */
	const char *url, *kind, *kind_digest;
	const char *reason;         /* "first sight", "change", "unreadable" */
	const char *reading;        /* canonical text; NULL where there is none */
	const char *changes;        /* lines; "" for none */
	const char *previous;       /* folder of the snapshot before; NULL or "" for none */
	int64_t previous_confirmed; /* when it was last confirmed */
	int64_t previous_fetches;   /* by how many fetches */
};

/* Makes archive/.state (0700) and what stands in it. */
bool archive_prepare(const char *archive, struct error *error);

/* Steps 1 to 3. Gives the folder's name relative to the page's own (owned by the caller)
 * and the SHA-256 of its SHA256SUMS. Errors: REMEDY_LOCAL. */
bool archive_keep(const char *archive, const struct snapshot *snapshot, char **folder,
	char sums[static DIGEST_TEXT], struct error *error);

/* Step 5: appends the line (and the chain's head line where the file is new) unless it stands there
 * already. */
bool archive_chain(const char *archive, const char *page, const char *line, struct error *error);

/* Step 5 for whatever the database holds and the chain does not, up to the line with the sequence
 * last: also from runs that could not append. Errors: REMEDY_LOCAL. */
bool archive_chain_up_to(const char *archive, struct database *database, const char *page,
	int64_t last, struct error *error);

/* The sequence of the chain's last whole line, 0 where it has none. */
int64_t archive_chain_end(const char *archive, const char *page);

/* Step 6. */
void archive_settle(const char *archive, const char *page);

/* The pages that have an intent, and the folder each names (relative to the page's own). */
struct archive_intent {
	char *page, *folder; /* folder NULL: the intent could not be read */
};

struct archive_intents {
	struct archive_intent *list;
	size_t count;
};

/* False with REMEDY_LOCAL where they could not all be read; those that could are listed. */
bool archive_intents(const char *archive, struct archive_intents *intents, struct error *error);
void archive_intents_release(struct archive_intents *intents);

/* The path of a snapshot's folder, or of a file in it (name may be NULL). Owned by the caller. */
char *archive_path(const char *archive, const char *page, const char *folder, const char *name);

/* The name of document i's file: "body", "body-2" …; name is "body" or "headers". Owned by the
 * caller. */
char *archive_document(const char *name, size_t i);

/* The seconds that a folder's name tells; false where it is no such name. */
bool archive_folder_time(const char *folder, int64_t *time);

#endif
