/* SPDX-License-Identifier: ISC
 *
 * run/: what a run does, in its order: which pages are due, their fetches, what each of
 * them means, what is kept, who is told, and the end of the run. Here watch, tell and
 * publish meet; they do not know each other.
 *
 * What run.c, run_begin.c, run_end.c, collect.c and dry_run.c share: a run, and the pages on their
 * way through it. Only cmd/run.c includes it beside them.
 */
#ifndef LAMPWATCH_RUN_H
#define LAMPWATCH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "net/http.h"
#include "run/context.h"
#include "run/observe.h"
#include "store/store.h"
#include "tell/courier.h"
#include "watch/fetch.h"
#include "watch/kind/kind.h"
#include "watch/page_reader.h"

/* A page on its way through the run. */
struct watch {
	struct run *run;
	const struct page_config *page;
	const struct kind *kind;
	struct page_state *state;
	struct page_state *fresh; /* of a page that was never seen; owned */
	struct fetch fetch;
	bool judged;    /* its observation has begun, or it has none now */
	bool asked_for; /* by name */
	bool full, url_changed, kind_changed, way_changed; /* way: kind or program */
	bool slow;          /* a slice of a reader was too little for it, now or last time */
	struct watch *next; /* of those that wait to be read */
	size_t reading_bytes;
};

/* Fetched, and not given to a reader yet; in the order in which they came. */
struct watch_queue {
	struct watch *first, *last;
	size_t count;
};

struct run {
	struct context *context;
	const struct config *config;
	struct courier *courier;
	struct database *database;
	struct error alone;  /* why nobody else can open it until it is closed; its remedy is 0
			      * where others can */
	bool unmounted;      /* the archive's file system is not there */
	struct error denied; /* what of the archive is another user's (archive_owner.h); remedy 0:
				none */
	struct observer observer;
	struct page_states states;
	struct http_client *client;
	struct fetches *fetches;
	struct watch *watches;
	size_t watch_count, done;
	struct watch_queue queue;
	struct watch_queue slow; /* after the others, and one at a time, so that a reader is always
				  * free for the others */
	struct watch *reading_slow; /* NULL: none of them */
	size_t reading_bytes;       /* of what readers have, or get next */
	struct watch **failed;      /* judged at the end: it may be our own network */
	size_t failed_count;
	struct watch **unheard; /* probes none of whose checks was answered, while nobody else was
				 * either: it may be our own network */
	size_t unheard_count;
	struct page_state **touched;
	size_t touched_count;
	int64_t touched_since; /* monotonic, seconds */
	bool answered;         /* some host did */
	bool dry;              /* only shows who would be told what */
	bool own_network;      /* no host did, of enough of them: our own network is down */
	bool direct;           /* nothing can be written anywhere: it delivers by itself */
	bool overdue;          /* it was ended at its deadline */
	int lock;              /* of the run; less than 0: not held */
	int standby_lock;      /* of the standby's; likewise */
	int64_t began;         /* monotonic, milliseconds */
	int64_t now, deadline; /* seconds: of the clock; of the monotonic one */
};

/*
 * One pass over the pages that are due, or over those named (ended by NULL), all the way to what
 * is sent. Does nothing while another run holds the lock. dry: over a copy of the
 * database in memory, without lock, archive and courier, and prints who would be told what. Returns
 * the exit status.
 */
int run_pages(struct context *context, bool dry, char **names);

/* Seconds of the monotonic clock. */
int64_t run_monotonic(void);

/* One line on standard error, unless -q. */
void run_complain(const struct run *run, const char *text);

/* Shows how many pages are done, with -v on a terminal. */
void run_progress(const struct run *run);

/* ---- run_begin.c ---- */

/*
 * Prepares the archive and takes the run's lock. False where another run holds it, with the exit
 * status; *error: why it could not be prepared or locked, which run_open() is told.
 */
bool run_prepare(struct run *run, int *status, struct error *error);

/*
 * Opens the archive; unprepared says why that could not be prepared, its remedy is 0 where it was.
 * Whatever goes wrong with the archive, the run goes on: EXIT_DONE, or the exit status after a
 * line.
 */
int run_open(struct run *run, const struct error *unprepared);

/* The first thing that a run writes shows whether it can. Whether runs were missed; without a
 * database after it, nothing can go on. */
bool run_begin(struct run *run);

/* Opens run->database. False with REMEDY_LOCAL. */
bool run_open_database(struct run *run, struct error *error);

/*
 * The archive cannot be written, or (lost) it is not the one that its database knows: what is known
 * goes to a standby, where that is not there yet, and the run goes on with it; where that cannot be
 * written either, in memory. False where there is nothing to go on with.
 */
bool run_fall_back(struct run *run, const struct error *why, bool lost);

/* Why something of the archive cannot be used: where it is another user's, that says more.
 * Borrowed. */
const struct error *run_cause(const struct run *run, const struct error *error);

/* ---- run_end.c ---- */

/* Ends the children, releases what the run holds, and gives the run's exit status; the courier has
 * so many seconds. */
int run_finish(struct run *run, int status, int seconds);

/* Without the lock there is nothing to do; where nobody knows for how long, to say so. */
int run_end_early(const struct run *run, int status);

void run_release_locks(struct run *run);

/* ---- collect.c ---- */

/*
 * The pages that are due (or those named), each with its state and a fetch that is ready to
 * begin. False, after a line, where a name is no page's.
 */
bool run_choose(struct run *run, char **names);
void watch_release(struct watch *watch);

/* Fetches, reads and observes all of them, those that failed last. */
void run_fetch(struct run *run);

/* ---- dry_run.c ---- */

/* Prints who would be told what: what a dry run has put into its outbox after number last. */
void run_show(const struct run *run, int64_t last);

#endif
