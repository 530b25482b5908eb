/* SPDX-License-Identifier: ISC
 *
 * What our own checks say of an indicator: of the checks that `facts:` names for it, what each was
 * last found to be, from the states of the probes' pages.
 */
#ifndef LAMPWATCH_FACTS_H
#define LAMPWATCH_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "model/agreement.h"
#include "store/store.h"

struct buffer;
struct database;

/* States that were looked up, each once. Zeroed at first but for the first members. */
struct known_states {
	struct database *database; /* borrowed */
	bool holds;                /* what was said last holds, however long ago that was */
	int64_t now;
	struct page_states all;   /* owned; none: each is looked up by itself */
	struct known_state *list; /* owned */
	size_t count;
};

/* The state of a page or probe, with its indicators if loaded; NULL where it was never seen. Valid
 * until known_states_release(). */
struct page_state *known_states_find(struct known_states *known, const char *name, bool loaded);
void known_states_release(struct known_states *known);

/* True where the page was read lately. */
bool known_states_fresh(const struct known_states *known, const struct page_config *page,
	const struct page_state *state);

/* One of the checks. Borrowed from the states, but for check. */
struct known_check {
	const char *check; /* "PROBE/CHECK", of the configuration */
	struct fact is;
	enum level level;
	const char *word; /* why it fails: "HTTP 500"; "" where it did not when it was made last */
};

/* What they say together. */
struct known_fact {
	struct fact is;
	struct known_check *checks; /* in the order of the configuration; owned */
	size_t count;
};

/*
 * A check fails once that is confirmed, and until it is confirmed that it works. It is unknown
 * where its probe has never been seen, cannot be read now, was not read lately, or does not list
 * it, and while nobody can ask it. A page of kind crowd is one, too: it fails while it is degraded;
 * where any check suffices, and it is unknown, the others decide.
 */
void fact_look_up(struct known_states *known, const struct config *config,
	const struct page_config *page, const struct fact_config *config_of,
	struct known_fact *fact);
void known_fact_release(struct known_fact *fact);

/* The worst level of those that fail. */
enum level known_fact_level(const struct known_fact *fact);

/* Adds " WORD 19:02 UTC", or with the day where that is not today's. */
void known_time_add(
	const char *word, int64_t time, int64_t now, const char *zone, struct buffer *out);

/* "PROBE" of the first check that fails, or of the first of all; owned by the caller. */
char *known_fact_probe(const struct known_fact *fact);

/*
 * "web, api: HTTP 500 since 19:02 UTC; imap: …": those that fail, with one word for what fails
 * alike, so that a subject names them; or "web, imap" where none does. The day stands there where
 * it is not that of now. Owned by the caller.
 */
char *known_fact_words(const struct known_fact *fact, int64_t now, const char *zone);

#endif
