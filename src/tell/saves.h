/* SPDX-License-Identifier: ISC
 *
 * The pages that have changed and are to be handed to Save Page Now (`wayback: save`), in the
 * outbox's database, one row each: a newer change takes the place of an older one. Nothing of it
 * is owed to anybody: it does not count as a delivery, is never told to the operator, and is given
 * up after SAVES_SECONDS.
 */
#ifndef LAMPWATCH_SAVES_H
#define LAMPWATCH_SAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct attempt;

extern const struct schema_step saves_schema[];

enum {
	SAVES_SECONDS = 86400, /* after which one is given up */
	SAVES_POLL = 5,        /* seconds until a job is asked for, and a quarter of its age more */
	SAVES_RETRY = 60,      /* until what failed is tried again, and half of its age more */
	SAVES_RETRY_MAX = 3600,
};

/* Strings owned. */
struct save {
	char *page;
	char *sums;    /* of the snapshot that was kept for the change */
	int64_t asked; /* when that was; seconds since 1970, as the next */
	int64_t next_try;
	char *job;    /* that was begun; "": none */
	char *stamp;  /* when it was captured, YYYYMMDDhhmmss; "": it is not yet */
	char *reason; /* of the last failure; "": none */
};

struct saves {
	struct save *list;
	size_t count;
};

/* Within a transaction, as all that changes something. */
void saves_add(struct database *database, const char *page, const char *sums, int64_t now);
void saves_forget(struct database *database, const char *page);

/* All; saves_release(). */
void saves_load(struct database *database, struct saves *saves);
void saves_release(struct saves *saves);

/* Whether any may be tried; the one that waits longest, by its time. False where none is left:
 * those that are captured, or expired, are not. save_release(). */
bool saves_due(struct database *database, int64_t now);
bool saves_next(struct database *database, int64_t now, struct save *save);
void save_release(struct save *save);

/*
 * What came of an attempt (save_page_now.h), which is not believed: a job or a time that makes no
 * sense is a failure. What was captured before the page changed shows something else (the service
 * gives it for up to an hour): a capture is asked for again. Nothing where the row is another by
 * now.
 */
void saves_answer(struct database *database, const struct save *save, const struct attempt *attempt,
	int64_t now);

#endif
