/* SPDX-License-Identifier: ISC
 *
 * A snapshot, read back whole out of the archive: every file of it held against
 * its digest, and what `capture` says about each document.
 */
#ifndef LAMPWATCH_SNAPSHOT_READER_H
#define LAMPWATCH_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/digest.h"

struct error;
struct snapshot_row;

enum {
	KEPT_DOCUMENTS_MAX = 64,
	KEPT_TEXT_MAX = 16 * 1024 * 1024, /* bytes of any file but a body */
};

/* One document of a snapshot. All owned; NULL for what is not said. */
struct kept_document {
	char *name;                        /* in its kind: "page" */
	char *requested, *final, *address; /* as `capture` has them */
	int status;
	int64_t began;         /* seconds since 1970; 0: not said */
	struct buffer request; /* request line and headers, a line each */
	struct buffer
		headers; /* status line and headers of the response; empty where none are kept */
	struct buffer body;
	char sha256[DIGEST_TEXT]; /* of the body */
};

struct kept {
	int64_t time;
	char *url;                                     /* of the configuration then */
	bool simulated;                                /* --clock */
	struct buffer capture, reading, changes, sums; /* files as they are; no reading: empty */
	struct kept_document *documents;
	size_t count;
};

/*
 * Reads the snapshot of a page. False with REMEDY_LOCAL, naming the file, where
 * one is missing or not what it was; kept is then empty. Release it otherwise.
 */
bool kept_read(const char *archive, const char *page, const struct snapshot_row *row,
	struct kept *kept, struct error *error);
void kept_release(struct kept *kept);

#endif
