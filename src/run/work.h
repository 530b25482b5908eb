/* SPDX-License-Identifier: ISC
 *
 * What observe.c, commit.c and enqueue.c share: one observation on its way from a
 * fetch to what is kept and owed. Nobody else includes it.
 */
#ifndef LAMPWATCH_WORK_H
#define LAMPWATCH_WORK_H

#include <stdbool.h>

#include "base/digest.h"
#include "model/event.h"
#include "model/reading.h"
#include "run/observe.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "watch/confirm.h"
#include "watch/diff.h"

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
	struct events events;
	char *folder; /* of the snapshot, once it is kept */
	char sums[DIGEST_TEXT];
	char *line;   /* of the chain */
	bool pending; /* somebody is owed something */
};

/* One line on standard error about the page (or what else is named), unless the run is quiet. */
void observer_say(const struct observer *observer, const char *page, const char *text);
void work_say(const struct work *work, const char *text);

/* Says that a message goes out in plain words, or not at all (content_render()), and notes whose
 * trouble it is. */
void observer_say_plain(struct observer *observer, const char *page, const struct error *error);

/* Frees what it owns: the readings, changes, turns, events, and what was kept. */
void work_release(struct work *work);

/*
 * Steps 1 to 6 of a commit (archive/archive.h), all or nothing; when nothing can be kept,
 * what is owed goes out all the same.
 */
void work_commit(struct work *work);

/* The end of a commit: the chain's lines that the database holds, then the intent's removal. */
void commit_finish(struct observer *observer, const struct page_state *state);

/*
 * Within a transaction: numbers and closes alarms, records the events, and puts one delivery
 * for each receiver into the outbox. True where somebody is owed something.
 */
bool work_enqueue(struct work *work);

/*
 * The alert that no outbox could take goes out all the same, at most hourly. why is
 * said, and makes the run's exit status 3.
 */
void work_emergency(struct work *work, const struct error *why);

#endif
