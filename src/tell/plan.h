/* SPDX-License-Identifier: ISC
 *
 * Who is owed what, because of what happened on a page: events become one
 * delivery for each receiver. Pure.
 *
 * The data of a message, as templates get it (all times are both RFC 3339 and, under
 * NAME_local, in the configured zone):
 *
 *   page        {name, title, url, provider, provider_or_name}
 *   headline    {red, green, both, update, lost, back, gone}: true for those that occur;
 *               {colour: "red"|"green"|"grey"|"yellow", word: "red"|"green"|"red and green"|…,
 * count, more: count - 1} first       the first event (as in events) events      a list, worst
 * first, of type      red, green, both (was red, is green again), update, lost, back, gone; and
 * is_TYPE: true indicator, group, id      as the page names it; overall: true for the page's own
 * overall level label     "group / name", or the name alone before, after             {level,
 * words, colour}: e.g. operational, "operational", green word      the provider's own word said_at,
 * said_at_local    when the page says it began; empty where it does not seen_at, seen_at_local when
 * lampwatch saw it since, since_local, duration   of green and both: when red was seen, how long it
 * lasted fetches   how many fetches in a row confirm it; needed: how many were asked for reason of
 * lost: why; of gone: empty incidents a list of {title, state, word, level, started, started_local,
 * updated, updated_local, url, updates: [{time, time_local, state, text}]} snapshot    {path,
 * digest, head}: folder, relative to the archive, SHA-256 of its SHA256SUMS, the page's chain head;
 * absent for lost sent        {created, created_local}: when this message was made others_red  a
 * list of {label, words}: what else is red on this page now message_id  without brackets;
 * webhook_id unsubscribe  the address to which a mail ends it; absent where nobody gets mail for us
 * version     of lampwatch simulated   true under --clock test        true for
 * `lampwatch try`
 */
#ifndef LAMPWATCH_PLAN_H
#define LAMPWATCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tell/event.h"
#include "tell/receivers.h"

struct config;
struct page_config;
struct value;

/* Who was owed the red of an alarm, and how far that got. Strings borrowed. */
struct owed {
	int64_t alarm;
	const char *receiver;     /* "mail:ADDRESS" or "webhook:NAME" */
	const char *message_id;   /* of the red */
	int64_t delivery;         /* of the red */
	bool out;                 /* it was delivered, or perhaps it was */
	bool dropped;             /* the operator dropped it: nothing more is owed */
	const struct value *data; /* of the red's message; NULL where out */
};

/* What happened on one page in one run. All borrowed. */
struct plan_input {
	const struct config *config;
	const struct receivers *receivers;
	const struct page_config *page;
	const char *title; /* the page's own, "" where it has none */
	const struct events *events;
	const struct owed *owed; /* of the alarms that events close */
	size_t owed_count;
	const struct value *others_red; /* a list of {label, words}; NULL: none */
	const char *snapshot_path, *snapshot_digest, *head; /* NULL: none */
	int64_t now;
	bool simulated;
	const char *key; /* secret of the archive: makes Message-IDs that nobody can guess */
};

enum { PLAN_EVENTS_MAX = 1000 }; /* in one message */

/* One message owed to one receiver. All owned. */
struct delivery_plan {
	char *receiver;
	char *message_id;   /* with angle brackets; derived from alarms, types and receiver */
	char *in_reply_to;  /* of the red that this one answers; NULL: none */
	struct value *data; /* what templates get */
	struct owed_alarm {
		int64_t alarm;
		enum event_type type; /* red, green, lost, back */
	} * alarms;
	size_t alarm_count;
	size_t left_out; /* events beyond PLAN_EVENTS_MAX: owed like the others, but not in data */
	int64_t held_until; /* not to be tried before: seconds since 1970, 0: at once */
	char *held_for;     /* a provider: not to be tried while it is in trouble; NULL: none */
	char *otherwise;    /* the receiver's second way, should it refuse; NULL: none */
	char *sender;       /* of the envelope; NULL: the configuration's `from` */
	bool gather;        /* waits to be joined with others at the end of the run */
	int64_t *merged;    /* deliveries of reds that never got out: this one stands for them */
	size_t merged_count;
	struct value
		*others; /* of other pages, that stood in those: as join.h has them; NULL: none */
};

struct plan {
	struct delivery_plan *list;
	size_t count;
};

/*
 * Fills plan: at most one delivery for each receiver. Red goes to those whose
 * pages and `on:` want it; green to whoever was owed its red and wants green; a
 * red that never got out becomes one message that says both; lost, back
 * and gone go to the operator (lost and back also to those who asked).
 */
void plan_make(const struct plan_input *input, struct plan *plan);

/* The Message-ID of a message that stands for those with the ids in text, and what data says of it.
 * Owned by the caller. */
char *plan_put_message_id(const struct config *config, const char *key, int64_t alarm,
	const char *type, const char *text, size_t length, struct value *data);
void plan_release(struct plan *plan);

/*
 * The data of a message, without events: page, snapshot, times. Used by plan_make(), and by `try`
 * for a message that no page has caused (page NULL). Owned by the caller.
 */
struct value *plan_data(const struct plan_input *input);

/*
 * What a mail to the receiver carries so that it can be ended and its bounces be known: its
 * address for unsubscribing goes under data, the envelope's sender (VERP) to the caller. NULL, and
 * nothing put, where nobody gets mail for us (`mail_in`) or the receiver is no address.
 */
char *plan_put_unsubscribe(
	struct value *data, const struct config *config, const char *key, const char *receiver);

/* Puts events (values, worst first) and the headline that follows from them and from left_out
 * more. Takes events. */
void plan_put_events(struct value *data, struct value *events, size_t left_out);

#endif
