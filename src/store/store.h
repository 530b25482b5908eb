/* SPDX-License-Identifier: ISC
 *
 * store/: the database: what is remembered of pages, alarms and silences.
 *
 * What is remembered between runs: the state of each page, its lamps, alarms,
 * snapshots and changes, in archive/.state/lampwatch.db. The outbox lives in
 * the same database (tell/outbox.h), so that a page's new state and what is owed
 * because of it are one transaction.
 */
#ifndef LAMPWATCH_STORE_H
#define LAMPWATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "base/digest.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/validator.h"

struct buffer;
struct text_list;

/* A page between runs. Strings owned; NULL or "" alike mean "none". Times are
 * seconds since 1970, 0 for never. */
struct page_state {
	char *name;
	char *url, *kind_digest, *program; /* that the last reading was made with */
	char *host;                        /* that it came from in the end */
	bool known;                        /* its baseline is taken */
	int64_t last_fetch;                /* whatever came of it */
	int64_t last_success;              /* read, or unchanged */
	int64_t last_full;                 /* fetched without conditions */
	int64_t retry_at;                  /* a server asked not to come before */
	int64_t failures;                  /* fetches in a row that failed or could not be read */
	char *failure;                     /* why the last one did */
	int64_t failing_since;
	bool unreadable;       /* the last failure was: does not fit its kind */
	bool lost;             /* announced as lost */
	bool gone_told;        /* the operator was told of this episode's fault line */
	bool red, unconfirmed; /* of the lamps: due at each run */
	struct validator validators[PAGE_DOCUMENTS_MAX];
	int64_t snapshot;  /* sequence of the chain's last line, 0 for none */
	char *folder;      /* of the last one, relative to the page's own */
	char *sums;        /* SHA-256 of its SHA256SUMS */
	char *head;        /* SHA-256 of the last line of the chain */
	int64_t confirmed; /* fetches that said the same since that snapshot, itself included */
	int64_t last_confirmed; /* when the last of them was */

	int64_t gap; /* from when on nothing was known of it until the last success, where too long
		      * passed since the one before; 0: none. Written once, as a row of its own */

	/* Loaded only by store_load(): */
	bool loaded;
	char *reading; /* canonical text of the last reading; NULL for none */
	struct indicator_states indicators;
};

struct page_states {
	struct page_state *list; /* sorted by name */
	size_t count;
};

/* The tables of pages, their snapshots, changes and events, and of facts. */
extern const struct schema_step store_schema[];

/* All pages, without readings and lamps. */
void store_pages(struct database *database, struct page_states *states);
struct page_state *page_states_find(const struct page_states *states, const char *name);
void page_states_release(struct page_states *states);
void page_state_release(struct page_state *state);

/* Adds reading and lamps to a state; does nothing where they are there. */
void store_load(struct database *database, struct page_state *state);

/* Frees what store_load() loaded: of a thousand pages it is several megabytes. */
void store_unload(struct page_state *state);

/* Writes all of it, the lamps too where loaded. */
void store_save(struct database *database, const struct page_state *state);

/* Writes the times and counters alone: what an unchanged page needs. */
void store_touch(struct database *database, const struct page_state *state);

/* Notes in state that it was seen at now, and whether that ends a gap; every in milliseconds. */
void page_state_seen(struct page_state *state, int64_t every, int64_t now);

struct snapshot_row {
	int64_t sequence, time;
	char *folder, *sums, *line; /* line: of the chain, without newline */
};

void store_add_snapshot(
	struct database *database, const char *page, const struct snapshot_row *row);
/* True and filled in where the page has it; release it afterwards. */
bool store_snapshot(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row);
/* The last one that is not later than time. */
bool store_snapshot_at(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row);
/* The first one later than time. */
bool store_snapshot_after(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row);
/* The time of the first one that is there; 0 for none. */
int64_t store_first_time(struct database *database, const char *page);
/* Calls each for all of a page, oldest first, until it returns false. */
void store_snapshots(struct database *database, const char *page,
	bool (*each)(void *context, const struct snapshot_row *row), void *context);
/* The line of the chain with that sequence, whatever its type: owned by the caller, NULL where
 * there is none. */
char *store_line(struct database *database, const char *page, int64_t sequence);
/* What the site says of the page's snapshots does not hold any more: it is written anew, by and by.
 */
void store_rewrite_site(struct database *database, const char *page);

/* Marks snapshots as pruned: from here on only store_snapshot() finds them, and what asks for the
 * pruned. */
void store_prune(struct database *database, const char *page, int64_t first, int64_t last);
/* A line of the chain that is no snapshot's; head is its digest, with which the chain ends now. */
void store_add_note(struct database *database, const char *page, int64_t sequence, const char *line,
	const char *head);
bool store_is_pruned(struct database *database, const char *page, int64_t sequence);
/* Adds the folders of those that are pruned, from that sequence on. */
void store_pruned(
	struct database *database, const char *page, int64_t first, struct text_list *folders);
/* The first one with a higher sequence. */
bool store_snapshot_beyond(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row);
bool store_has_folder(struct database *database, const char *page, const char *folder);
void snapshot_row_release(struct snapshot_row *row);

/* anew: a difference of our own making. */
void store_add_change(struct database *database, const char *page, int64_t time, int64_t snapshot,
	const struct change *change, bool reread);

/* Adds the changes that a snapshot was kept for, as they stand in its folder. */
void store_changes_text(
	struct database *database, const char *page, int64_t snapshot, struct buffer *out);

/* False where the last reading is gone, or is not the one that was written: its digest is beside
 * it. */
bool store_reading_whole(struct database *database, const char *page);

/* One line of a page's history: a change, or an event that followed. All strings owned. */
struct log_entry {
	int64_t time, snapshot; /* snapshot: sequence, 0 for none */
	char *page, *what;      /* what: "change" or "event" */
	char *type, *item, *name, *before, *after, *text;
	bool reread; /* of our own making */
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

/* What was or would be told: for `log`. */
void store_add_event(struct database *database, const char *page, int64_t time, const char *type,
	const char *indicator, const char *label, const char *before, const char *after,
	const char *text);

/* Adds the names of the pages that are red or lost now. */
void store_troubled(struct database *database, struct text_list *pages);

/* Small facts of the archive as a whole: "simulated", "key". "" where there is none; owned by the
 * caller. */
char *store_fact(struct database *database, const char *name);
void store_set_fact(struct database *database, const char *name, const char *value);

#endif
