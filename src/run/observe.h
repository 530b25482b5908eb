/* SPDX-License-Identifier: ISC
 *
 * What one fetch of a page means, all the way: compare with the last reading,
 * confirm, keep the evidence, decide who is owed what, and commit all of it
 * as one. This is where watch, archive and tell meet.
 */
#ifndef LAMPWATCH_OBSERVE_H
#define LAMPWATCH_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"
#include "config/config.h"
#include "model/crowd.h"
#include "model/event.h"
#include "model/reading.h"
#include "store/finding.h"
#include "store/meaning.h"
#include "store/silence.h"
#include "run/trouble.h"
#include "store/store.h"
#include "tell/courier.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/receivers.h"
#include "tell/subscribers.h"
#include "watch/confirm.h"
#include "watch/diff.h"
#include "watch/fetch.h"
#include "watch/impacts.h"
#include "watch/kind/kind.h"

struct dependences;
struct snapshot_files;

struct work;

/* Observations that are committed together: decided on, their folders written, nothing committed
 * yet. Owned. */
struct gathered {
	struct work **list;
	size_t count;
	size_t owing;  /* of them, by which somebody may be owed something */
	size_t bytes;  /* of what waits with them */
	int64_t since; /* of clock_milliseconds(), the first one */
};

/* What all observations of a run share. Borrowed. */
struct observer {
	const struct config *config;
	const char *templates;
	struct database *database;
	struct courier *courier; /* NULL: nobody delivers now */
	bool simulated;
	bool dry;  /* nothing is kept in the archive or sent: the database is a copy */
	char *key; /* of the archive, for tokens (tell/token.h) and Message-IDs; owned */
	struct subscribers subscribers;    /* who has subscribed, or unsubscribed; owned */
	struct receivers receivers;        /* who is told; owned */
	struct silences silences;          /* pages that nobody is told of; owned */
	struct meanings meanings;          /* what patterns have come to mean; owned */
	const struct providers *providers; /* the table of who hosts what */
	struct readers *readers;           /* NULL: no other kind is suggested */
	struct text_list unfinished;       /* pages with a snapshot that a crash left and that could
					    * not be read: nothing of them can be kept until it
					    * can; owned */
	struct dependences *dependences;   /* who depends on whom, as known when the
					    * run began; owned */
	struct trouble trouble;            /* who is in trouble; owned */
	bool untold;                       /* what is observed is history, and told to nobody */
	bool rebuilding; /* what is observed stands in the archive; the transaction is the
			  * caller's */
	bool lost;       /* what the archive knew of its pages is not there: what is red is told at
			  * first sight */
	bool joining;    /* what is owed now waits to be joined with others (run/batch.h) */
	bool aside;      /* the database is a standby (run/standby.h): nothing is kept */
	bool forgetful;  /* nor does the next run know of this one (run/direct.h): a single fetch
			  * confirms what is worse */
	/* Nothing can be written: goes on with a standby, in database. False where that cannot be.
	 * NULL: there is none. */
	bool (*fall_back)(void *context, const struct error *why);
	void *context;
	const char *moment; /* when it was, for what is said of it; NULL: now */
	struct gathered gathered;
	struct gathered related; /* of them, what depends on each other (`depends_on:`) */
	/* True while some page of that tree is still to be observed in this run. NULL: none is. */
	bool (*underway)(void *context, int tree);
	int64_t told; /* of clock_milliseconds(): the last commit of what owes something */
	bool quiet;
	bool file_trouble;       /* out: a file that the configuration names is wrong: exit status 2
				  */
	bool page_trouble;       /* out: some page could not be fetched or read */
	bool local_trouble;      /* out: something could not be kept: exit status 3 */
	struct text_list faults; /* out: this machine's, of this run (local_fault.h); owned */
	struct text_list faults_known; /* of the last run; owned */
	bool chained;                  /* out: some chain has a new head */
	bool rows_changed;             /* out: some page lists other indicators than before */
	bool evidence_trouble;         /* out: heads could not be signed or stamped */
};

enum observed {
	OBSERVED_UNCHANGED,  /* the same bytes, or 304 */
	OBSERVED_READING,    /* text holds the canonical reading */
	OBSERVED_UNREADABLE, /* error says why; responses are here */
	OBSERVED_FAILED,     /* error says why */
};

/* One fetch of one page. Borrowed; state is changed. */
struct observation {
	const struct page_config *page;
	const struct kind *kind;
	struct page_state *state;
	enum observed what;
	const char *text;
	const char *notes; /* of the reading (watch/page_reader.h); NULL: none */
	const struct error *error;
	const struct http_response *responses; /* NULL with kept, and where nothing came */
	size_t response_count;
	struct validator *validators; /* of this fetch: taken over on success; NULL: none */
	bool full;                    /* was unconditional */
	int64_t retry_after;          /* seconds, 0: none */
	int64_t now;                  /* seconds since 1970 */
	const char *requested_url, *final_url; /* of the main document; NULL: not known */
	bool new_baseline;                     /* the page's URL has changed */
	bool accepted; /* whatever the page's shape is now, it is the right one: somebody asked for
			* it by name, or has changed its URL or kind */
	const char *reread_text; /* the last kept body read with today's kind and program; NULL: no
				  need */
	bool silent; /* it had to be read again and could not be: what is written about incidents
		      * may be old and is not told; an indicator's transition is: better twice than
		      * never */
	const struct capture_source *sources; /* of each document, where it is imported; NULL: it
					       * was fetched */
	const char *kept;      /* the folder that a crash left without its row; NULL: none */
	const char *kept_sums; /* the SHA-256 of its SHA256SUMS */
	const struct changes *kept_changes; /* as they stand in that folder */
	const char *kept_line; /* of the chain, where it stands there already; NULL: it does not */
	/* It may be committed together with others (run/batch.h): called once that is done,
	 * or has come to nothing; page, kind, state, responses and validators must last until
	 * then. NULL: it is committed before observation_process() returns. */
	void (*end)(void *context);
	void *context;
};

/* What the kind reads of a page: one document for each response that came (status other than 0);
 * borrows the bodies. documents is zeroed by the caller. */
void documents_of(const struct kind *kind, const struct http_response *responses,
	struct document documents[static PAGE_DOCUMENTS_MAX]);

/* Opens what is shared: the key of the archive, the mark of a simulated one, and who is told. */
bool observer_open(struct observer *observer, struct error *error);
void observer_close(struct observer *observer);

/*
 * Does all of it. Prints at most one line on standard error, when a fault begins. When no snapshot
 * can be kept, the rest is committed without one; when nothing can be written, it goes on with a
 * standby. Both set local_trouble.
 */
void observation_process(struct observer *observer, struct observation *observation);

/*
 * Observes what a snapshot's files hold, whose folder stands in the archive; line: its own in the
 * chain, NULL where it is still to be made. One that is older than what is known of the page by now
 * becomes part of the chain, and nothing else.
 */
void observation_adopt(struct observer *observer, const struct page_config *page,
	const struct kind *kind, struct page_state *state, const char *folder, const char *line,
	const struct snapshot_files *files);

/*
 * The pages that a crash left between two steps of a commit: rolled forward. A folder whose files
 * are not what its SHA256SUMS says, or that today's configuration would read otherwise, is removed.
 * One that cannot be read for a reason of this machine's stays where it is, for the next run: a
 * line says so, and local_trouble is set.
 */
void observer_recover(struct observer *observer,
	const struct kind *(*kind_of)(void *context, const struct page_config *page), void *context,
	struct page_states *states);

/* ---- what the parts of run/ that keep or tell something share ---- */

/* What one observation works with on its way. */
struct work {
	struct observer *observer;
	struct observation *seen;
	struct page_state *state;
	struct reading before, after; /* the watched parts; before is empty at first sight */
	bool first, keep;
	bool suppressed;    /* nobody is told of the page now */
	bool unwatched;     /* the changes are of what is kept, but not watched */
	const char *reason; /* why a snapshot is kept */
	const char *text;   /* the canonical reading; NULL: none was had */
	struct changes changes, reread;
	struct transitions transitions;
	struct impact_turns impact_turns;
	struct events events;
	char *folder; /* of the snapshot, once it is kept */
	char sums[DIGEST_TEXT];
	struct placing placing;    /* of that folder, until it stands in its place */
	struct observation own;    /* seen, where it waits for others */
	char *line;                /* of the chain */
	bool pending;              /* somebody is owed something */
	bool unkept_before;        /* its last state could not be kept either */
	bool gathered;             /* it waits for others, to be committed with them */
	bool alone;                /* it cannot be, and is committed after them */
	bool chained;              /* its line stands in the chain, with them */
	struct text_list patterns; /* of the page's `indicators:`, and what they have come to mean
				    */
	bool meaning_changed;
	struct findings findings;  /* what somebody should look at */
	bool findings_taken;       /* they are what the new reading says */
	struct findings fresh;     /* of them, what nobody was told yet */
	struct crowd_window crowd; /* of a page of kind crowd, what was counted */
	char counted[DIGEST_TEXT]; /* by which rule */
	char *crowd_text;          /* the reading of it; owned; NULL: nothing was counted */
	bool crowd_due;            /* it is kept */
};

/* One line on standard error about the page (or what else is named; NULL: nothing), unless the run
 * is quiet. */
void observer_say(const struct observer *observer, const char *page, const char *text);
void work_say(const struct work *work, const char *text);

/* A fault of this machine (local_fault()); or, REMEDY_CONFIGURATION, of a file that the
 * configuration names, which is said: a template, so that a message goes out in plain words, or a
 * password's. */
void observer_own_fault(struct observer *observer, const char *page, const struct error *error);

/* Frees what it owns: the readings, changes, transitions, events, and what was kept. */
void work_release(struct work *work);

/* The end of one that waited for others, or did not: its observation's end is called. Frees work.
 */
void work_end(struct work *work);

/*
 * Within a transaction: numbers and closes alarms, records the events, and puts one delivery
 * for each receiver into the outbox. True where somebody is owed something.
 */
bool work_enqueue(struct work *work);

/*
 * All events of a page that were found without an observation of it, in one transaction with what
 * is owed because of them. False where that cannot be written: events_keep() then goes on with the
 * observer's standby.
 */
bool events_commit(struct work *work, struct error *error);
void events_keep(struct work *work);

/* What an observer owes of alarms that it found open, as if they opened now: of a page, those that
 * were first seen at that time, within a transaction. */
void observer_tell_open(struct observer *observer, const struct page_config *page,
	struct page_state *state, int64_t seen, int64_t now);

/* True where the alarm of that indicator is red, and told as such. */
bool indicator_is_told(const struct indicator_state *indicator);

#endif
