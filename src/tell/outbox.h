/* SPDX-License-Identifier: ISC
 *
 * The deliveries, one row each, in the database that also holds the pages' state.
 * A delivery is "pending" until it is "sending" (a durable intent, written before
 * any contact), then "delivered", "dead" (given up, the operator is told) or pending again;
 * "dropped" by the operator; "merged" when a later message replaces it.
 *
 * The text of a message is a content, kept once for all its deliveries, with the alarms that it
 * reports. Its bytes are kept as long as a delivery still needs them.
 *
 * A pending delivery may be held: until a time (quiet hours, a silence), while a provider is in
 * trouble (held_for), or until it is joined with others (for_digest). While held it is not due,
 * delays nothing that comes after it, and does not count as a failure.
 */
#ifndef LAMPWATCH_OUTBOX_H
#define LAMPWATCH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "base/list.h"
#include "tell/attempt.h"
#include "tell/message.h"
#include "tell/plan.h"

/* The tables of deliveries, contents, and the alarms that contents tell of. */
extern const struct schema_step outbox_schema[];

enum {
	OUTBOX_FIRST_RETRY = 55,       /* seconds: the next minute's run finds it due */
	OUTBOX_LAST_RETRY = 300,       /* the longest pause */
	OUTBOX_UNKNOWN_RETRY = 3600,   /* the longest pause for one that may have arrived already */
	OUTBOX_DEAD_AFTER = 5 * 86400, /* given up after so many seconds … */
	OUTBOX_DEAD_TRIES = 10,        /* … and so many tries */
	OUTBOX_PERHAPS_MAX = 8,        /* or after it may have arrived so many times … */
	OUTBOX_PERHAPS_AFTER = 86400,  /* … and so many seconds */
	OUTBOX_HELD_SECONDS = 3600, /* for a provider in trouble; after that it is tried anyway */
};

struct delivery {
	int64_t id;
	int64_t content; /* number of what it says: the same at each repeat */
	char *receiver, *page, *message_id;
	char *in_reply_to, *unsubscribe; /* as of struct content_copy; NULL: none */
	char *state;
	int64_t created, tries, next_try, ended;
	int64_t perhaps;    /* how often it may have been delivered already */
	int64_t posted;     /* of a webhook's requests: how many were accepted so far */
	bool second;        /* already goes to the receiver's second way */
	bool for_digest;    /* waits to be joined with others at the end of its run */
	int64_t held_until; /* seconds since 1970; 0: it is not held */
	char *held_for;     /* a provider: not to be tried while it is in trouble; NULL: none */
	char *otherwise; /* the second way, if the receiver refuses; NULL: none. Of one held for a
			    provider: the way that is used instead */
	char *sender;    /* of the envelope; NULL: the configuration's `from` */
	char *route;     /* last tried */
	int64_t code;
	char *reason; /* of the last failure */
};

struct deliveries {
	struct delivery *list;
	size_t count;
};

void deliveries_release(struct deliveries *deliveries);

/* Contents, each once. */
struct contents {
	struct content *list;
	size_t count;
};

/* The content with that number; NULL if it is not there. */
const struct content *contents_find(const struct contents *contents, int64_t id);
void contents_release(struct contents *contents);

/* What makes the delivery one receiver's copy of its content; borrows. */
struct content_copy delivery_copy(const struct config *config, const struct delivery *delivery);

/*
 * Keeps a message: the bytes of content with the plan's data and alarms. Returns the number by
 * which deliveries refer to it. content NULL: it has no bytes yet, for all its deliveries wait to
 * be joined; outbox_complete() gives it some. Within a transaction, like everything here that
 * changes something.
 */
int64_t outbox_keep(
	struct database *database, const struct content_plan *plan, const struct content *content);
void outbox_complete(struct database *database, int64_t id, const struct content *content);

/* Adds one delivery of a plan, of the content with that number. Marks those that it replaces as
 * merged. */
void outbox_add(struct database *database, const char *page, const struct delivery_plan *plan,
	int64_t content, int64_t now);

/* The bytes that are kept under a number; content_release() frees. Everything except the number is
 * empty once no delivery needs them. */
void outbox_content(struct database *database, int64_t id, struct content *content);

/* The data of a kept content; NULL if there is none or it cannot be read. Owned by the caller. */
struct value *outbox_data(struct database *database, int64_t id);

/* Deletes the bytes and the data that no delivery needs. A transaction of its own. */
void outbox_forget(struct database *database);

/* Who was to get the red (or lost) of the alarm; adds to *owed, whose strings and data live until
 * outbox_pending_release(). */
struct owed_list {
	struct owed *list;
	size_t count;
	struct pending_data {
		int64_t content;
		struct value *data; /* NULL: cannot be read */
	} * contents;               /* each once */
	size_t content_count;
	struct text_list texts; /* that list's strings are in */
};

void outbox_pending(struct database *database, int64_t alarm, struct owed_list *owed);
void outbox_pending_release(struct owed_list *owed);

/* True where somebody was, or is, owed a message about the alarm. */
bool outbox_owed(struct database *database, int64_t alarm);

/* True if the run of that time made a delivery to the receiver. */
bool outbox_told(struct database *database, const char *receiver, int64_t run);

/* Adds the alarms that a content reports to those of a plan. */
void outbox_alarms(struct database *database, int64_t content, struct content_plan *plan);

/*
 * Deliveries that wait to be joined into a digest: those of a run beyond a receiver's first, and
 * those whose held_until has passed. outbox_digest_waiting() lists their receivers, or (run not 0)
 * those of them who have been told nothing in that run yet; of one receiver, outbox_digested()
 * lists all, oldest first, without those held for a provider; outbox_incomplete() those whose
 * content has no bytes yet, one for each content; outbox_release() ends the waiting of all that
 * were not merged: for those that were held, the days until they are given up begin only then.
 */
void outbox_digest_waiting(
	struct database *database, int64_t now, int64_t run, struct text_list *receivers);
void outbox_digested(struct database *database, const char *receiver, int64_t now,
	struct deliveries *deliveries);
void outbox_incomplete(struct database *database, const char *receiver, int64_t now,
	struct deliveries *deliveries);
void outbox_release(struct database *database, const char *receiver, int64_t now);

/* The providers for which deliveries are held, each once. */
void outbox_held(struct database *database, struct text_list *providers);
/* Makes due what is held for this provider and was made at that time or earlier. True if there was
 * any. */
bool outbox_unhold(struct database *database, const char *provider, int64_t before, int64_t now);

/*
 * What may be tried at now, oldest first: of the deliveries to one receiver about one page only the
 * oldest that is pending and not held, so that green never comes before its red. A digest (its
 * page is "") is about the pages of its alarms; one without alarms waits only for deliveries about
 * its own page.
 */
struct due {
	int64_t id;
	char *receiver; /* owned */
};

void outbox_due(struct database *database, int64_t now, struct due **due, size_t *count);
void outbox_due_release(struct due *due, size_t count);

/* Reads one delivery; false if it is not there. */
bool outbox_get(struct database *database, int64_t id, struct delivery *delivery);

/* Makes rows that a courier left as "sending" when it died pending again: perhaps delivered, due at
 * once. A transaction of its own. */
void outbox_take_up(struct database *database);

/* Marks it as sending; to be committed before any contact. False if it is no longer pending, or
 * that cannot be written. */
bool outbox_sending(struct database *database, int64_t id, const char *route, int64_t now);

/* The session ended before it was tried: pending as before, and not counted as tried. */
void outbox_untried(struct database *database, int64_t id);

/* After an attempt that other routes may follow in this run: pending, with its result. */
void outbox_note(
	struct database *database, int64_t id, const char *route, const struct attempt *attempt);

/* Delivered. */
void outbox_delivered(struct database *database, int64_t id, const char *route,
	const struct attempt *attempt, int64_t now);

/* The one with this Message-ID, which was accepted when nothing could be recorded. */
void outbox_accepted(struct database *database, const char *message_id, int64_t now);

/* True if a delivery that no route takes is to be given up after this attempt. */
bool outbox_expired(const struct delivery *delivery, const struct attempt *attempt, int64_t now);

/* No route took it in this run: tried again after a pause that grows with the tries. */
void outbox_failed(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now);

/* Given up: its receiver refuses it, or it has expired. Releases what was held while this one was
 * sent instead. */
void outbox_dead(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now);

/* From now on it goes to another receiver, with other bytes of the same message. */
void outbox_readdress(struct database *database, const struct delivery *delivery,
	const char *receiver, const struct content *content);

/* Deliveries that are pending or sending; those pending and not held; those due at now. */
int64_t outbox_count(struct database *database);
int64_t outbox_count_waiting(struct database *database);
int64_t outbox_count_due(struct database *database, int64_t now);

/* Deliveries that were tried and are still pending, by the route that was tried last. */
struct outbox_delays {
	struct outbox_delay {
		char *way;            /* a route or webhook */
		int64_t count, since; /* since: when the oldest was made, UTC seconds */
		char *reason;         /* of the oldest */
	} * list;                     /* by their names */
	size_t count;
};

/* Of deliveries made before that time. */
void outbox_delay_warnings(struct database *database, int64_t before, struct outbox_delays *delays);
void outbox_delays_release(struct outbox_delays *delays);

/* True if something that was tried is still pending, and nothing at all was delivered since it was
 * made. */
bool outbox_stuck(struct database *database);

/* The number of the newest delivery, 0 if there is none. */
int64_t outbox_last(struct database *database);

struct outbox_totals {
	int64_t pending, dead; /* deliveries */
	int64_t oldest;        /* when the oldest pending one was made, UTC seconds; 0: none */
};

void outbox_total(struct database *database, struct outbox_totals *totals);

/* For `outbox`: those that are pending, sending or dead, or all; oldest first. */
void outbox_list(struct database *database, bool all, struct deliveries *deliveries);

/* Makes pending and dead deliveries due at once; id 0: all, except that what is held stays held.
 * The days until one that was dead is given up begin anew. Returns how many. */
int64_t outbox_retry(struct database *database, int64_t id, int64_t now);
/* Drops all that is pending or dead for this receiver, ignoring case. */
void outbox_drop_receiver(struct database *database, const char *receiver, int64_t now);
/* Drops one: it is never sent. Returns how many. */
int64_t outbox_drop(struct database *database, int64_t id, int64_t now);

#endif
