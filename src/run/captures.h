/* SPDX-License-Identifier: ISC
 *
 * Saved captures of pages, and how they go through the pipeline of a run: what
 * `replay` and `import` share.
 */
#ifndef LAMPWATCH_CAPTURES_H
#define LAMPWATCH_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "net/http.h"
#include "run/context.h"
#include "run/observe.h"
#include "store/store.h"
#include "watch/kind/kind.h"

enum { CAPTURES_MAX = 1000000 };

/* What a page said at one time. */
struct capture {
	char *path; /* the file; or the folder with body, body-2 …; of a WARC file's: NULL. Owned */
	char *source; /* where that is from; NULL: it says so itself. Owned */
	const struct page_config *page;
	int64_t time;  /* seconds since 1970 */
	size_t record; /* in a WARC file: its place in struct web_records */
};

struct captures {
	struct capture *list;
	size_t count;
};

/*
 * Adds the captures of a folder: FOLDER/PAGE/NAME for each page of the
 * configuration (or for the one that is given), or FOLDER/NAME where only one page can be meant;
 * NAME holds a time. EXIT_DONE; EXIT_USAGE after a line where there is none, EXIT_LOCAL where a
 * folder cannot be read.
 */
int captures_find(struct captures *captures, const struct config *config,
	const struct page_config *page, const char *folder);

/* By their times, and of one time causes before what follows from them. */
void captures_sort(struct captures *captures);
void captures_release(struct captures *captures);

/* One capture's documents, in the kind's order. All owned. */
struct captured {
	struct http_response responses[PAGE_DOCUMENTS_MAX]; /* a status of 0: it has none */
	struct capture_source sources[PAGE_DOCUMENTS_MAX];  /* strings owned by `texts` */
	char *texts[PAGE_DOCUMENTS_MAX][2];
	struct error failure; /* where it is a fetch that failed, or what this machine cannot read
			       * (REMEDY_LOCAL); else its remedy is 0 */
};

void captured_release(struct captured *captured);

/* Reads the files of a capture: bodies, and headers where they lie beside them. */
void capture_load(const struct capture *capture, size_t count, struct captured *captured);

/* The pipeline. */
struct feeder {
	struct context *context; /* borrowed; with readers */
	struct database *database;
	struct observer observer;
	struct page_states states;
};

/* Begins: observer says how. EXIT_DONE, or the exit status after a line; feeder_close() is due in
 * both cases. */
int feeder_open(struct feeder *feeder, struct context *context, const struct observer *how);

/* Reads what was captured as its page's kind reads it, and observes it; imported: with its sources.
 */
void feeder_feed(struct feeder *feeder, const struct capture *capture,
	const struct captured *captured, bool imported);

/* Ends, and gives the exit status. */
int feeder_finish(struct feeder *feeder);
void feeder_close(struct feeder *feeder);

#endif
