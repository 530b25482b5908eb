/* SPDX-License-Identifier: ISC
 *
 * archive/: what was said, kept for good: snapshots, the chain that holds them together, packs,
 * proof that all of it is whole.
 *
 * The archive on disk (lampwatch-archive(5)): one folder for each kept fetch,
 * made whole under .state and renamed into place, never written to again.
 *
 * The order of a commit, of which a crash may leave any beginning:
 *   1  the folder is written under .state/incoming and synced; bodies that are not to be published
 *      under .state/private (archive/private_body.h)
 *   2  .state/intent/PAGE names the place where it is to stand
 *   3  the folder is renamed there, after that of the private bodies
 *   4  the database's transaction, which holds the chain's line
 *   5  the line is appended to the chain
 *   6  the intent is removed
 * The next run finds the intent and continues from there: archive_intents(). Snapshots that arrive
 * together take each step together, each step for all of them before the next one, and share what
 * makes it durable.
 */
#ifndef LAMPWATCH_ARCHIVE_H
#define LAMPWATCH_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/folder.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/list.h"
#include "net/http.h"

struct database;
struct error;

#define ARCHIVE_STATE ".state"
#define ARCHIVE_SPOOL ARCHIVE_STATE "/spool" /* what forms ask for (tell/form_spool.h) */

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
	bool private;   /* its bodies are not to be published, nor from where they came */
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

/* A name that is free in the folder above: "2014/01/2014-01-24T192000Z", or with -2, up to most,
 * where that is taken. Owned by the caller; NULL: all are taken. */
char *archive_free_name(const char *above, int64_t time, int most);

/* Renames a folder that was written to such a name's path, and makes that and the folders above
 * durable. Errors: REMEDY_LOCAL. */
bool archive_place(const char *archive, const char *from, const char *target, struct error *error);

/*
 * The archive's secret, from which Message-IDs and tokens are made: what .state/secret (0600)
 * holds. Where that is not there yet, known, or a new one where known is "", is written to it.
 * Where it cannot be read or written, known or a new one. Owned by the caller.
 */
char *archive_secret(const char *archive, const char *known);

/* Makes archive/.state (0700) and what stands in it. */
bool archive_prepare(const char *archive, struct error *error);

/* Adds the text of `capture` (archive/capture.h). Secrets in addresses are left out, and what is
 * foreign cannot break out of its line. */
void capture_write(const struct snapshot *snapshot, struct buffer *out);

/* A snapshot on its way to its place. Zeroed by the caller. */
struct placing {
	char *folder;           /* its name relative to the page's own; owned, as all texts here */
	char sums[DIGEST_TEXT]; /* the SHA-256 of its SHA256SUMS */
	char *incoming, *intent, *target;        /* paths */
	struct text_list names;                  /* of its files */
	char *private_incoming, *private_target; /* of its private bodies; NULL: it has none */
	struct text_list private_names;
	bool private_placed;
	bool failed; /* out: error says why */
	struct error error;
};

/* Step 1 without its syncs. False with REMEDY_LOCAL, and nothing is left. */
bool archive_write(const char *archive, const struct snapshot *snapshot, struct placing *placing,
	struct error *error);

/*
 * The rest of steps 1 to 3 for all of them. quick: by fsync of their own files, which waits for
 * nobody else; without it the whole file system is synced, which takes as long for hundreds as for
 * one. A snapshot for which it fails is marked, and nothing of it is left; it does not hold up the
 * others.
 */
void archive_place_all(const char *archive, struct placing *const *list, size_t count, bool quick);

void placing_release(struct placing *placing);

/* Step 5 for whatever the database holds and the chain does not, up to the line with the sequence
 * last: also from runs that could not append. A new file gets the chain's head line. Errors:
 * REMEDY_LOCAL. */
bool archive_chain_up_to(const char *archive, struct database *database, const char *page,
	int64_t last, struct error *error);

/* The same without the syncs: paths takes what is to be synced for it. */
bool archive_chain_extend(const char *archive, struct database *database, const char *page,
	int64_t last, struct text_list *paths, struct error *error);
bool archive_sync(const struct text_list *paths, struct error *error);

/*
 * The next line of the page's chain where that belongs to no snapshot, for store_add_note(), with
 * its digest: type, folder, sums and time are the caller's, the rest is filled in. The page's
 * intent is written, so that what a crash leaves is rolled forward: commit_finish() of run/, or
 * archive_chain_up_to() and archive_settle(), follow the transaction. Owned by the caller; NULL
 * with error (REMEDY_LOCAL).
 */
struct chain_line;
struct page_state;
char *archive_chain_note(const char *archive, const struct page_state *state,
	struct chain_line *line, char head[static DIGEST_TEXT], struct error *error);

/* The sequence of the chain's last whole line, 0 where it has none; -1 with error (REMEDY_LOCAL)
 * where the chain cannot be read. */
int64_t archive_chain_end(const char *archive, const char *page, struct error *error);

/*
 * The same with the line's SHA-256: false with error (REMEDY_LOCAL) where the chain cannot be read,
 * or ends with something else.
 */
bool archive_chain_tail(const char *archive, const char *page, int64_t *sequence,
	char digest[static DIGEST_TEXT], struct error *error);

/*
 * The folder (relative to the page's own) that the page's intent names and that stands there: a
 * snapshot that is not committed yet, unless the database has it. Nothing may be kept before that
 * is settled, for a page has one intent. NULL: none. Owned by the caller.
 */
char *archive_unfinished(const char *archive, const char *page);

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

/*
 * The reserve, .state/reserve: space that is held while there is some, and given back when the disk
 * is full, so that the one commit that matters then finds room.
 */
enum { RESERVE_BYTES = 8 * 1024 * 1024 };

/* Makes it, unless it is there. What the disk cannot spare is left out. */
void reserve_fill(const char *archive);

/* Gives the space back. */
void reserve_free(const char *archive);

/* The seconds that a folder's name tells; false where it is no such name. */
bool archive_folder_time(const char *folder, int64_t *time);

#endif
