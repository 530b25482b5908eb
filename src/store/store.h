/* SPDX-License-Identifier: ISC
 *
 * store/: the database of pages, alarms and silences.
 *
 * Kept between runs: the state of each page, its indicators, alarms, snapshots and changes, in
 * archive/.state/lampwatch.db. The outbox lives in the same database (tell/outbox.h), so that a
 * page's new state and the resulting deliveries are one transaction.
 */
#ifndef LAMPWATCH_STORE_H
#define LAMPWATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "base/digest.h"
#include "model/change.h"
#include "model/impact.h"
#include "model/indicator_state.h"
#include "model/validator.h"

struct buffer;
struct text_list;

/* A page between runs. Strings owned; NULL or "" alike mean "none". Times are
 * seconds since 1970, 0 for never. */
struct page_state {
	char *name;
	char *url, *kind_digest, *program; /* that the last reading was made with */
	char *host;                        /* of the final URL */
	char *network; /* of its host at first sight: "public", "private"; "": not seen yet. Of a
			* probe's hosts as fetch->networks_now (watch/fetch.h) */
	char *mislabelled; /* the Content-Encoding that its body is not in, as was said; "": none */
	bool known;        /* its baseline is taken */
	int64_t last_fetch;   /* successful or not */
	int64_t last_success; /* read, or unchanged */
	int64_t last_full;    /* fetched without conditions */
	int64_t retry_at;     /* not to be fetched before, by Retry-After */
	int64_t failures;     /* fetches in a row that failed or could not be read */
	char *failure;        /* why the last one did */
	int64_t failing_since;
	bool unreadable; /* the last failure was: does not fit its kind */
	bool lost;       /* its loss has been announced */
	bool gone_told;  /* the operator has received this episode's fault line */
	bool unkept;     /* it has changed, and no snapshot could be kept: the next fetch is */
	bool red, unconfirmed; /* from its indicators: due at each run */
	struct validator validators[PAGE_DOCUMENTS_MAX];
	int64_t snapshot;  /* sequence of the chain's last line, 0 for none */
	char *folder;      /* of the last one, relative to the page's own */
	char *sums;        /* SHA-256 of its SHA256SUMS */
	char *head;        /* SHA-256 of the last line of the chain */
	int64_t confirmed; /* fetches with the same content since that snapshot, including it */
	int64_t last_confirmed; /* when the last of them was */

	int64_t gap; /* from when on nothing was known of it until the last success, where too long
		      * passed since the one before; 0: none. Written once, as a row of its own */

	/* Loaded only by store_load(): */
	bool loaded;
	char *reading; /* canonical text of the last reading; NULL for none */
	struct indicator_states indicators;
	struct impacts impacts;
};

struct page_states {
	struct page_state *list; /* sorted by name */
	size_t count;
};

/* The file, in the archive's ARCHIVE_STATE and in a standby's folder. */
#define STORE_FILE "lampwatch.db"

/* The tables of pages, their snapshots, changes and events, and of facts. */
extern const struct schema_step store_schema[];

/* All pages, without readings and indicators. False where they could not be read. */
bool store_pages(struct database *database, struct page_states *states);
/* One page, as store_pages() has it, without validators. False where it is not there, or could not
 * be read. */
bool store_page(struct database *database, const char *name, struct page_state *state);
struct page_state *page_states_find(const struct page_states *states, const char *name);
void page_states_release(struct page_states *states);
void page_state_release(struct page_state *state);

/* Where the chains of all pages end that have one, in the order of their names: the sequence of the
 * last line and its SHA-256, borrowed during the call. False where that could not be read. */
bool store_chain_ends(struct database *database,
	void (*take)(void *context, const char *page, int64_t sequence, const char *digest),
	void *context);

/* Loads a state's reading and indicators, if not yet loaded. False where they could not be read. */
bool store_load(struct database *database, struct page_state *state);

/* Reads again where its chain ends: its last snapshot as the database has it. */
void store_load_chain(struct database *database, struct page_state *state);

/* Writes where its chain ends, and nothing else of it. */
void store_set_chain(struct database *database, const struct page_state *state);

/* Frees what store_load() loaded: for a thousand pages that is several megabytes. */
void store_unload(struct page_state *state);

/* Writes the whole state, including the indicators if loaded. */
void store_save(struct database *database, const struct page_state *state);

/* Writes only the times and counters, for an unchanged page. */
void store_touch(struct database *database, const struct page_state *state);

/* Records in state that the page was seen at now, and whether that ends a gap; every in
 * milliseconds. */
void page_state_seen(struct page_state *state, int64_t every, int64_t now);

struct snapshot_row {
	int64_t sequence, time;
	char *folder, *sums, *line; /* line: of the chain, without newline */
};

void store_add_snapshot(
	struct database *database, const char *page, const struct snapshot_row *row);
/* True and filled in if the page has it; the caller releases it. */
bool store_snapshot(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row);
/* The last one not later than time. */
bool store_snapshot_at(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row);
/* The first one later than time. */
bool store_snapshot_after(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row);
/* The time of the first one that is not pruned; 0 if there is none. */
int64_t store_first_time(struct database *database, const char *page);
/* Calls each for all of a page, oldest first, until it returns false. */
void store_snapshots(struct database *database, const char *page,
	bool (*each)(void *context, const struct snapshot_row *row), void *context);
/* The line of the chain with that sequence, whatever its type: owned by the caller, NULL where
 * there is none. */
char *store_line(struct database *database, const char *page, int64_t sequence);
/* Marks the site's pages of all snapshots as out of date: the next passes write them again.
 */
void store_rewrite_site(struct database *database, const char *page);

/* Marks snapshots as pruned: afterwards only store_snapshot() and the functions about pruned ones
 * find them. */
void store_prune(struct database *database, const char *page, int64_t first, int64_t last);
/* Adds a line of the chain that belongs to no snapshot; head is its digest, the new end of the
 * chain. */
void store_add_note(struct database *database, const char *page, int64_t sequence, const char *line,
	const char *head);
/* The address of the memento that the chain notes for the snapshot with these sums, the last one;
 * "" where there is none. Owned by the caller. */
char *store_memento(struct database *database, const char *page, const char *sums);
bool store_is_pruned(struct database *database, const char *page, int64_t sequence);
/* Adds the folders of those that are pruned, from that sequence on. */
void store_pruned(
	struct database *database, const char *page, int64_t first, struct text_list *folders);
/* The first one with a higher sequence. */
bool store_snapshot_beyond(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row);
bool store_has_folder(struct database *database, const char *page, const char *folder);
void snapshot_row_release(struct snapshot_row *row);

/* reread: the difference comes from a change of ours, not from the page. */
void store_add_change(struct database *database, const char *page, int64_t time, int64_t snapshot,
	const struct change *change, bool reread);

/* Adds the changes that a snapshot was kept for, as they stand in its folder. */
void store_changes_text(
	struct database *database, const char *page, int64_t snapshot, struct buffer *out);

/* False if the last reading is missing or does not match the digest stored with it. */
bool store_reading_whole(struct database *database, const char *page);

/* One line of a page's history: a change, or an event that followed. All strings owned. */
struct log_entry {
	int64_t time, snapshot; /* snapshot: sequence, 0 for none */
	char *page, *what;      /* what: "change" or "event" */
	char *type, *item, *name, *before, *after, *text;
	bool reread; /* from a change of ours, not of the page */
};

struct log_entries {
	struct log_entry *list;
	size_t count;
};

/* The newest of a page (NULL: of all), not before since, newest first; events follow their changes.
 */
void store_log(struct database *database, const char *page, int64_t since, int64_t limit,
	struct log_entries *histories);
void log_entries_release(struct log_entries *histories);

/* Records an event for `log`, whether or not it is delivered. */
void store_add_event(struct database *database, const char *page, int64_t time, const char *type,
	const char *indicator, const char *label, const char *before, const char *after,
	const char *text);

/* Adds the names of the pages that are red or lost now, or of which something fails that they do
 * not say (an alarm of kind "early" is open). */
void store_troubled(struct database *database, struct text_list *pages);

/* Facts about the archive as a whole: "simulated", "key". "" if there is none; owned by the caller.
 */
char *store_fact(struct database *database, const char *name);
void store_set_fact(struct database *database, const char *name, const char *value);

#endif
