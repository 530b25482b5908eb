/* SPDX-License-Identifier: ISC
 *
 * tell/: who must know, and by which route: events become messages, messages become deliveries in
 * the outbox, and the courier takes these to relays and webhooks.
 *
 * This is the first step: a confirmed transition of an indicator is an event; the events of a page
 * in one run become one delivery for each receiver, and receivers who are told the same share one
 * message. Pure.
 *
 * The data of a message, as templates get it. All times are both RFC 3339 and, under NAME_local,
 * in the configured zone.
 *
 * - page: {name, title, url, provider, provider_or_name}.
 * - headline: {red, green, both, update, lost, back, incident, over, gone, …}: true for those that
 * occur; {colour: "red", "green", "grey" or "yellow"; word: "red", "green", "red and green again",
 * …; count; more: how many more of its like, updates about incidents beside indicators not counted;
 *   several: more than one is shown}.
 * - first: the first event, as in events.
 * - events: a list, worst first, of {type: red, green, both (was red, is green again), update,
 *   lost, back, gone, …; is_TYPE: true}, and in each
 *   - indicator, group, id: as the page names it; overall: true for the page's own overall level;
 *   - label: "group / name", or the name alone;
 *   - is_check: true where it is a check of ours, and no page says it;
 *   - before, after: {level, words, colour}, such as operational, "operational", green;
 *   - impact: of incident and over: the same of the incident;
 *   - word: the provider's own;
 *   - said_at: when the page says it began, empty where it does not; seen_at: when we saw it;
 *   - since, duration: of green and both: when red was seen, how long it lasted;
 *   - last_read: of lost: when the page was read last, empty where it never was;
 *   - fetches: how many in a row confirm it; needed: how many were asked for;
 *   - reason: of lost: why; of what is about our own checks, and of red where they are facts of
 *     it: what they say;
 *   - cause: of red and early that follow from another indicator, for those who were told of
 *   that, and of unexplained: {label: "Gmail", words: "google/Gmail, red since 19:20 UTC", depth:
 *   how many causes stand before it, one after the other};
 *   - ahead: of red: how much earlier our own checks failed;
 *   - incidents: a list of {title, state, word, level, started, updated, url, updates: a list of
 *     {time, state, text}}.
 * - snapshot: {path, digest, head, url}: the folder, relative to the archive, the SHA-256 of its
 *   SHA256SUMS, the head of the chain of the page or, of early and late with their ends, of the
 *   probe that the folder is of; its page on the site (archive/snapshot_page.h), absent where it
 *   has none. Absent for lost, and where nothing could be kept.
 * - sent: {created}: when this message was made.
 * - others_red: a list of {label, words}: what else is red on this page now.
 * - measured: true where our own checks look, too: of a probe, of a page with facts, and where it
 *   says what they see.
 * - version: of lampwatch; simulated: true under --clock; test: true for `lampwatch try`.
 *
 * What is one receiver's own is not in the data and is added for templates (message.h):
 *
 * - message_id: without brackets; webhook_id: what stands before its "@".
 * - unsubscribe: the address to which a mail ends it; absent where nobody gets mail for us.
 */
#ifndef LAMPWATCH_PLAN_H
#define LAMPWATCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"
#include "tell/receivers.h"

struct buffer;
struct config;
struct page_config;
struct value;

/* Who was to get the red of an alarm, and how far that delivery got. Strings borrowed. */
struct owed {
	const char *receiver; /* "mail:ADDRESS" or "webhook:NAME" */
	int64_t alarm;
	const char *message_id;   /* of the red */
	const char *in_reply_to;  /* what the red answers; NULL: nothing */
	int64_t delivery;         /* of the red */
	bool out;                 /* it was delivered, or perhaps it was */
	bool dropped;             /* the operator dropped it: nothing more is sent */
	const struct value *data; /* of the red's message; the same value for all who were to get
				   * the same; NULL where out */
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
	const char *snapshot_url; /* of the snapshot's page on the site; NULL: it has none */
	int64_t now;
	bool simulated;
	const char *key; /* secret of the archive: makes Message-IDs that nobody can guess */
};

enum { PLAN_EVENTS_MAX = 1000 }; /* in one message */

/* A message: what one or more receivers are told. All owned. */
struct content_plan {
	struct value *data; /* what templates get */
	struct owed_alarm {
		int64_t alarm;
		enum event_type type; /* red, green, lost, back */
	} * alarms;
	size_t alarm_count;
	size_t left_out;     /* events beyond PLAN_EVENTS_MAX: counted, but not in data */
	bool digest_message; /* it also covers other pages, whose unsent message it took over */
	char *identity;      /* Message-IDs are derived from this, the page and the receiver */
};

/* One message to one receiver. All owned. */
struct delivery_plan {
	char *receiver;
	size_t content;     /* its place in the plan's contents */
	char *message_id;   /* with angle brackets; derived from alarms, types and receiver */
	char *in_reply_to;  /* Message-ID of the red that this one answers; NULL: none */
	char *unsubscribe;  /* a mail to this address unsubscribes; NULL: none */
	char *sender;       /* of the envelope; NULL: the configuration's `from` */
	int64_t held_until; /* not tried before: seconds since 1970, 0: at once */
	char *held_for;     /* a provider: not tried while it is in trouble; NULL: none */
	char *otherwise;    /* the receiver's second way, if it refuses; NULL: none */
	bool for_digest;    /* waits to be joined with others at the end of the run */
	int64_t *merged;    /* deliveries of reds that were never sent: this one replaces them */
	size_t merged_count;
};

struct plan {
	struct delivery_plan *list;
	size_t count;
	struct content_plan *contents;
	size_t content_count;
};

/*
 * Fills plan: at most one delivery for each receiver. Red goes to subscribers whose pages and
 * `on:` select it; green to everybody who was to get its red and wants green; a red that was never
 * sent becomes one message that says both; lost, back and gone go to the operator (lost and back
 * also to those who asked).
 */
void plan_make(const struct plan_input *input, struct plan *plan);

void plan_release(struct plan *plan);
void content_plan_release(struct content_plan *content);
void delivery_plan_release(struct delivery_plan *delivery);

/*
 * "<e.TYPE.…@domain>", from the type of the message's first alarm ("note" if it has none) and an
 * HMAC over text, which only this message to this receiver has. A repeat of the same message
 * carries the same Message-ID, from whichever database it is sent, no other outage ever has it, and
 * the archive's key makes it impossible to guess. Owned by the caller.
 */
char *plan_message_id(const struct config *config, const char *key, const struct content_plan *says,
	const struct buffer *text);

/*
 * The data of a message without events: page, snapshot, times. Used by plan_make(), and by `try`
 * for a message that no page caused (page NULL). Owned by the caller.
 */
struct value *plan_data(const struct plan_input *input);

/* Puts events (values), sorted worst first, and the headline derived from them and from left_out
 * more events. Takes ownership of events. */
void plan_put_events(struct value *data, struct value *events, size_t left_out);

#endif
