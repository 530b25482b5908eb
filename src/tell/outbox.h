/* SPDX-License-Identifier: ISC
 *
 * What is owed, row by row, in the database that also holds the pages' state.
 * A delivery is "pending" until it is "sending" (a durable intent, written before
 * any contact), then "delivered", "dead" (given up, the operator is told) or pending again;
 * "dropped" by the operator; "merged" when a later message says it too.
 *
 * What is said is a content, kept once for all deliveries that say it, with the alarms that it
 * tells of. Its bytes are kept as long as somebody is owed it.
 *
 * A pending one may be held: until a time (quiet hours, a silence), while a provider is in trouble
 * (held_for), or until it is joined with others (gather). It is then not due, holds up nothing
 * that comes after it, and is no fault.
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
	OUTBOX_UNKNOWN_RETRY = 3600,   /* the longest after which it may have arrived already */
	OUTBOX_DEAD_AFTER = 5 * 86400, /* seconds after it was made, if it was tried so often: */
	OUTBOX_DEAD_TRIES = 10,
	OUTBOX_PERHAPS_MAX = 8,       /* times that it may have arrived, … */
	OUTBOX_PERHAPS_AFTER = 86400, /* … and seconds after it was made: then it is given up */
	OUTBOX_HELD_SECONDS = 3600,   /* for a provider in trouble; then it is tried all the same */
};

struct delivery {
	int64_t id;
	int64_t content; /* what it says: the same at each repeat */
	char *receiver, *page, *message_id;
	char *in_reply_to, *unsubscribe; /* as of struct content_copy; NULL: none */
	char *state;
	int64_t created, tries, next_try, ended;
	int64_t perhaps;           /* how often it may have been delivered already */
	int64_t posted;            /* of a webhook's requests: how many were accepted so far */
	bool second;               /* already goes to the receiver's second way */
	bool digest_messages_make; /* waits to be joined with others at the end of its run */
	int64_t held_until;        /* seconds since 1970; 0: it is not held */
	char *held_for;  /* a provider: not to be tried while it is in trouble; NULL: none */
	char *otherwise; /* the second way, should the receiver refuse; NULL: none. Of one held for
			    a provider: the way that goes out in its stead */
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

/* Contents, each of them once. */
struct contents {
	struct content *list;
	size_t count;
};

/* The one of that number; NULL where it is not there. */
const struct content *contents_find(const struct contents *contents, int64_t id);
void contents_release(struct contents *contents);

/* The delivery as the copy of its content that it is; borrows. */
struct content_copy delivery_copy(const struct delivery *delivery);

/* Keeps what is said: the bytes of content with the plan's data and alarms. Gives the number under
 * which deliveries name it. Within a transaction, like all that changes something here. */
int64_t outbox_keep(
	struct database *database, const struct content_plan *plan, const struct content *content);

/* One delivery of a plan, which says what is kept under that number. Merges those that it stands
 * for. */
void outbox_add(struct database *database, const char *page, const struct delivery_plan *plan,
	int64_t content, int64_t now);

/* The bytes that are kept under a number, to be released; all but the number is empty where nobody
 * is owed them any more. */
void outbox_content(struct database *database, int64_t id, struct content *content);

/* The data of a kept content; NULL where there is none, or it cannot be read. Owned by the caller.
 */
struct value *outbox_data(struct database *database, int64_t id);

/* Forgets the bytes and the data of what nobody is owed any more. A transaction of its own. */
void outbox_forget(struct database *database);

/* Who was owed the red (or lost) of the alarm; adds to *list, whose strings and data live until
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

/* True where the receiver was told something in the run of that time. */
bool outbox_told(struct database *database, const char *receiver, int64_t run);

/* Adds the alarms that a content tells of to those of a plan. */
void outbox_alarms(struct database *database, int64_t content, struct content_plan *plan);

/*
 * Deliveries that wait to be joined: those of a run beyond a receiver's first, and those held until
 * a time that has come. Whose they are; all of one receiver, oldest first (none that is held for
 * a provider); and the end of the waiting, for all that have not been merged into another: of what
 * was held, the days until it is given up begin only then.
 */
void outbox_digest_waiting(struct database *database, int64_t now, struct text_list *receivers);
void outbox_digested(struct database *database, const char *receiver, int64_t now,
	struct deliveries *deliveries);
void outbox_release(struct database *database, int64_t now);

/* The providers for which deliveries wait that they host, each once. */
void outbox_held(struct database *database, struct text_list *providers);
/* Those that wait for this one and were made at before or earlier are due. True where there were
 * any. */
bool outbox_unhold(struct database *database, const char *provider, int64_t before, int64_t now);
void outbox_pending_release(struct owed_list *owed);

/*
 * What may be tried at now, oldest first: of the deliveries to one receiver about one page only the
 * oldest that is still owed and not held, so that green never comes before its red. One that was
 * joined (its page is "") is about the pages of its alarms; one without alarms waits for nothing
 * that is not about its own page.
 */
struct due {
	int64_t id;
	char *receiver; /* owned */
};

void outbox_due(struct database *database, int64_t now, struct due **due, size_t *count);
void outbox_due_release(struct due *due, size_t count);

/* The whole of one; false where it is not there. */
bool outbox_get(struct database *database, int64_t id, struct delivery *delivery);

/* Rows that a courier left as "sending" when it died: pending again, perhaps delivered, due at
 * once. A transaction of its own. */
void outbox_take_up(struct database *database);

/* Before contact, to be committed before it. False where it is not pending any more. */
bool outbox_sending(struct database *database, int64_t id, const char *route, int64_t now);

/* The session ended before its turn: pending as before, and not counted as tried. */
void outbox_untried(struct database *database, int64_t id);

/* After one attempt that was not the last of this round: pending, and what came of it. */
void outbox_note(
	struct database *database, int64_t id, const char *route, const struct attempt *attempt);

/* Delivered. */
void outbox_delivered(struct database *database, int64_t id, const char *route,
	const struct attempt *attempt, int64_t now);

/* True where a delivery that no route takes is to be given up after this attempt. */
bool outbox_expired(const struct delivery *delivery, const struct attempt *attempt, int64_t now);

/* No route took it in this round: again at a time that grows with the tries. */
void outbox_failed(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now);

/* Given up: its receiver will not have it, or it has expired. What was held while this one went out
 * in its stead is held no longer. */
void outbox_dead(struct database *database, const struct delivery *delivery, const char *route,
	const struct attempt *attempt, int64_t now);

/* Goes to another receiver from now on, with other bytes of the same content. */
void outbox_readdress(struct database *database, const struct delivery *delivery,
	const char *receiver, const struct content *content);

/* Deliveries that are pending or sending; those pending and not held; those due at now. */
int64_t outbox_count(struct database *database);
int64_t outbox_count_waiting(struct database *database);
int64_t outbox_count_due(struct database *database, int64_t now);

/* Messages that were tried and are still owed, by the way that was tried last. */
struct outbox_delays {
	struct outbox_delay {
		char *way;            /* a route or webhook */
		int64_t count, since; /* since: when the oldest was made, UTC seconds */
		char *reason;         /* of the oldest */
	} * list;                     /* by their names */
	size_t count;
};

/* Those made before that time. */
void outbox_delay_warnings(struct database *database, int64_t before, struct outbox_delays *delays);
void outbox_delays_release(struct outbox_delays *delays);

/* True where something is owed that was tried, and nothing at all was delivered since it was made.
 */
bool outbox_stuck(struct database *database);

/* The number of the newest delivery, 0 where there is none. */
int64_t outbox_last(struct database *database);

struct outbox_totals {
	int64_t pending, dead; /* deliveries */
	int64_t oldest;        /* when the oldest pending one was made, UTC seconds; 0: none */
};

void outbox_total(struct database *database, struct outbox_totals *totals);

/* For `outbox`: those still owed and those dead, or all; oldest first. */
void outbox_list(struct database *database, bool all, struct deliveries *deliveries);

/* Due at once, dead ones too; id 0: all, but what is held stays so. Returns how many. */
int64_t outbox_retry(struct database *database, int64_t id, int64_t now);
/* Nothing that is pending or dead goes to this receiver, whatever its case, any more. */
void outbox_drop_receiver(struct database *database, const char *receiver, int64_t now);
/* Never to be sent. Returns how many. */
int64_t outbox_drop(struct database *database, int64_t id, int64_t now);

#endif
