/* SPDX-License-Identifier: ISC */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/schedule.h"
#include "model/validator.h"

const struct schema_step store_schema[] = {
	{1, "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	    "CREATE TABLE page (  name TEXT PRIMARY KEY, url TEXT, kind_digest TEXT,"
	    " program TEXT,  known INTEGER, last_fetch INTEGER, last_success INTEGER,"
	    " last_full INTEGER, retry_at INTEGER,  failures INTEGER, failure TEXT,"
	    " failing_since INTEGER, unreadable INTEGER, lost INTEGER,  gone_told INTEGER,"
	    " red INTEGER, unconfirmed INTEGER,  snapshot INTEGER, folder TEXT, sums TEXT,"
	    " head TEXT, confirmed INTEGER, last_confirmed INTEGER) WITHOUT ROWID;"
	    "CREATE TABLE reading (page TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
	    "CREATE TABLE validator (page TEXT, position INTEGER, url TEXT, etag TEXT,"
	    " last_modified TEXT, body TEXT,  PRIMARY KEY (page, position)) WITHOUT ROWID;"
	    "CREATE TABLE lamp (page TEXT, id TEXT, grouping TEXT, name TEXT, level TEXT,"
	    " word TEXT, gone INTEGER,  red INTEGER, since INTEGER, count INTEGER,"
	    " count_since INTEGER, before TEXT, alarm INTEGER,  alarm_since INTEGER,"
	    " PRIMARY KEY (page, id)) WITHOUT ROWID;"
	    "CREATE TABLE snapshot (page TEXT, sequence INTEGER, time INTEGER, folder TEXT,"
	    " sums TEXT, line TEXT,  PRIMARY KEY (page, sequence)) WITHOUT ROWID;"
	    "CREATE INDEX snapshot_time ON snapshot (page, time);"
	    "CREATE INDEX snapshot_folder ON snapshot (page, folder);"
	    "CREATE TABLE change (id INTEGER PRIMARY KEY, page TEXT, time INTEGER,"
	    " snapshot INTEGER, type TEXT,  item TEXT, name TEXT, before TEXT, after TEXT,"
	    " text TEXT, anew INTEGER);"
	    "CREATE INDEX change_page ON change (page, time);"
	    "CREATE TABLE event (id INTEGER PRIMARY KEY, page TEXT, time INTEGER, type TEXT,"
	    " indicator TEXT,  label TEXT, before TEXT, after TEXT, text TEXT);"
	    "CREATE INDEX event_page ON event (page, time);"},
	{2, "ALTER TABLE page ADD COLUMN host TEXT;"},
	/* flapping */
	{3, "ALTER TABLE lamp ADD COLUMN ring TEXT NOT NULL DEFAULT '';"
	    "ALTER TABLE lamp ADD COLUMN ring_time INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE lamp ADD COLUMN ring_changed INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE lamp ADD COLUMN flapping INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE lamp ADD COLUMN peak TEXT NOT NULL DEFAULT '';"
	    "ALTER TABLE lamp ADD COLUMN rising INTEGER NOT NULL DEFAULT 0;"},
	/* what the site has written of each page, and indexes for its queries */
	{5, "CREATE TABLE site (page TEXT PRIMARY KEY, snapshot INTEGER, failing INTEGER,"
	    " day INTEGER,  strip TEXT, lamps TEXT) WITHOUT ROWID;"
	    "CREATE INDEX change_time ON change (time);"
	    "CREATE INDEX change_item ON change (page, item, time);"
	    "CREATE INDEX event_time ON event (time);"},
	/* when nobody saw a page */
	{6, "CREATE TABLE gap (page TEXT, begins INTEGER, ends INTEGER, PRIMARY KEY (page,"
	    " begins))  WITHOUT ROWID;"},
	/* what was packed and pruned, and readings that show an alteration */
	{8, "CREATE TABLE note (page TEXT, sequence INTEGER, line TEXT NOT NULL,"
	    "  PRIMARY KEY (page, sequence)) WITHOUT ROWID;"
	    "ALTER TABLE snapshot ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE reading ADD COLUMN sha256 TEXT;"},
	{12, "ALTER TABLE page ADD COLUMN unkept INTEGER NOT NULL DEFAULT 0;"},
	/* open incidents beside green lamps */
	{13, "CREATE TABLE impact (page TEXT, indicator TEXT, count INTEGER,"
	     " count_since INTEGER, alarm INTEGER, alarm_since INTEGER, level TEXT, title TEXT,"
	     " known TEXT,  PRIMARY KEY (page, indicator)) WITHOUT ROWID;"},
	/* what its host resolved to, and what was said of its coding */
	{14, "ALTER TABLE page ADD COLUMN network TEXT;"
	     "ALTER TABLE page ADD COLUMN mislabelled TEXT;"},
	{0},
};

enum { PAGE_TOUCHED = 19 }; /* index of the first column that an unchanged page changes too */

static const struct column page_columns[] = {
	COLUMN("name", struct page_state, name, COLUMN_TEXT),
	COLUMN("url", struct page_state, url, COLUMN_TEXT),
	COLUMN("kind_digest", struct page_state, kind_digest, COLUMN_TEXT),
	COLUMN("program", struct page_state, program, COLUMN_TEXT),
	COLUMN("host", struct page_state, host, COLUMN_TEXT),
	COLUMN("known", struct page_state, known, COLUMN_BOOLEAN),
	COLUMN("failures", struct page_state, failures, COLUMN_INTEGER),
	COLUMN("failure", struct page_state, failure, COLUMN_TEXT),
	COLUMN("failing_since", struct page_state, failing_since, COLUMN_INTEGER),
	COLUMN("unreadable", struct page_state, unreadable, COLUMN_BOOLEAN),
	COLUMN("lost", struct page_state, lost, COLUMN_BOOLEAN),
	COLUMN("gone_told", struct page_state, gone_told, COLUMN_BOOLEAN),
	COLUMN("unkept", struct page_state, unkept, COLUMN_BOOLEAN),
	COLUMN("red", struct page_state, red, COLUMN_BOOLEAN),
	COLUMN("unconfirmed", struct page_state, unconfirmed, COLUMN_BOOLEAN),
	COLUMN("snapshot", struct page_state, snapshot, COLUMN_INTEGER),
	COLUMN("folder", struct page_state, folder, COLUMN_TEXT),
	COLUMN("sums", struct page_state, sums, COLUMN_TEXT),
	COLUMN("head", struct page_state, head, COLUMN_TEXT),
	COLUMN("last_fetch", struct page_state, last_fetch, COLUMN_INTEGER),
	COLUMN("last_success", struct page_state, last_success, COLUMN_INTEGER),
	COLUMN("last_full", struct page_state, last_full, COLUMN_INTEGER),
	COLUMN("retry_at", struct page_state, retry_at, COLUMN_INTEGER),
	COLUMN("confirmed", struct page_state, confirmed, COLUMN_INTEGER),
	COLUMN("last_confirmed", struct page_state, last_confirmed, COLUMN_INTEGER),
	COLUMN("network", struct page_state, network, COLUMN_TEXT),
	COLUMN("mislabelled", struct page_state, mislabelled, COLUMN_TEXT),
	{0},
};

static const struct column chain_columns[] = {
	COLUMN("snapshot", struct page_state, snapshot, COLUMN_INTEGER),
	COLUMN("folder", struct page_state, folder, COLUMN_TEXT),
	COLUMN("sums", struct page_state, sums, COLUMN_TEXT),
	COLUMN("head", struct page_state, head, COLUMN_TEXT),
	COLUMN("confirmed", struct page_state, confirmed, COLUMN_INTEGER),
	COLUMN("last_confirmed", struct page_state, last_confirmed, COLUMN_INTEGER),
	{0},
};

static const struct column validator_columns[] = {
	COLUMN("url", struct validator, url, COLUMN_TEXT),
	COLUMN("etag", struct validator, etag, COLUMN_OPTIONAL),
	COLUMN("last_modified", struct validator, last_modified, COLUMN_OPTIONAL),
	{0},
};

static const struct column lamp_columns[] = {
	COLUMN("id", struct indicator_state, id, COLUMN_TEXT),
	COLUMN("grouping", struct indicator_state, group, COLUMN_TEXT),
	COLUMN("name", struct indicator_state, name, COLUMN_TEXT),
	COLUMN_OF_WORDS("level", struct indicator_state, level, level_names, LEVEL_UNKNOWN),
	COLUMN("word", struct indicator_state, word, COLUMN_TEXT),
	COLUMN("gone", struct indicator_state, gone, COLUMN_BOOLEAN),
	COLUMN("red", struct indicator_state, red, COLUMN_BOOLEAN),
	COLUMN("since", struct indicator_state, since, COLUMN_INTEGER),
	COLUMN("count", struct indicator_state, count, COLUMN_INTEGER),
	COLUMN("count_since", struct indicator_state, count_since, COLUMN_INTEGER),
	COLUMN_OF_WORDS("before", struct indicator_state, before, level_names, LEVEL_UNKNOWN),
	COLUMN("alarm", struct indicator_state, alarm, COLUMN_BOOLEAN),
	COLUMN("alarm_since", struct indicator_state, alarm_since, COLUMN_INTEGER),
	COLUMN("ring_time", struct indicator_state, flaps.time, COLUMN_INTEGER),
	COLUMN("ring_changed", struct indicator_state, flaps.changed, COLUMN_INTEGER),
	COLUMN("flapping", struct indicator_state, flapping, COLUMN_BOOLEAN),
	COLUMN("rising", struct indicator_state, rising, COLUMN_INTEGER),
	{0},
};

static const struct column impact_columns[] = {
	COLUMN("indicator", struct impact, indicator, COLUMN_TEXT),
	COLUMN("count", struct impact, count, COLUMN_INTEGER),
	COLUMN("count_since", struct impact, count_since, COLUMN_INTEGER),
	COLUMN("alarm", struct impact, alarm, COLUMN_BOOLEAN),
	COLUMN("alarm_since", struct impact, alarm_since, COLUMN_INTEGER),
	COLUMN_OF_WORDS("level", struct impact, level, level_names, LEVEL_UNKNOWN),
	COLUMN("title", struct impact, title, COLUMN_TEXT),
	{0},
};

static const struct column snapshot_columns[] = {
	COLUMN("sequence", struct snapshot_row, sequence, COLUMN_INTEGER),
	COLUMN("time", struct snapshot_row, time, COLUMN_INTEGER),
	COLUMN("folder", struct snapshot_row, folder, COLUMN_TEXT),
	COLUMN("sums", struct snapshot_row, sums, COLUMN_TEXT),
	COLUMN("line", struct snapshot_row, line, COLUMN_TEXT),
	{0},
};

static const struct column change_columns[] = {
	COLUMN_OF_WORDS("type", struct change, type, change_type_names, CHANGE_OTHER),
	COLUMN("item", struct change, id, COLUMN_TEXT),
	COLUMN("name", struct change, name, COLUMN_TEXT),
	COLUMN("before", struct change, before, COLUMN_TEXT),
	COLUMN("after", struct change, after, COLUMN_TEXT),
	COLUMN("text", struct change, text, COLUMN_TEXT),
	{0},
};

static const struct column log_columns[] = {
	COLUMN("time", struct log_entry, time, COLUMN_INTEGER),
	COLUMN("snapshot", struct log_entry, snapshot, COLUMN_INTEGER),
	COLUMN("page", struct log_entry, page, COLUMN_TEXT),
	COLUMN("'change'", struct log_entry, what, COLUMN_TEXT),
	COLUMN("type", struct log_entry, type, COLUMN_TEXT),
	COLUMN("item", struct log_entry, item, COLUMN_TEXT),
	COLUMN("name", struct log_entry, name, COLUMN_TEXT),
	COLUMN("before", struct log_entry, before, COLUMN_TEXT),
	COLUMN("after", struct log_entry, after, COLUMN_TEXT),
	COLUMN("text", struct log_entry, text, COLUMN_TEXT),
	COLUMN("anew", struct log_entry, reread, COLUMN_BOOLEAN),
	{0},
};

/* In a table that was altered they stand as they stand, and one that is not found where it must be
 * would be taken for a page that nobody has seen. */
static void check_order(struct database *database, const struct page_states *states)
{
	for (size_t i = 1; i < states->count; i++)
		if (strcmp(states->list[i - 1].name, states->list[i].name) >= 0) {
			database_distrust(
				database, "it is damaged: its pages are not in their order");
			return;
		}
}

bool store_pages(struct database *database, struct page_states *states)
{
	struct statement *row;

	rows_take(database_query(database, "SELECT * FROM page ORDER BY name", "*", page_columns),
		&states->list, &states->count, sizeof *states->list);
	check_order(database, states);
	row = database_query(
		database, "SELECT page, position, body, * FROM validator", "*", validator_columns);
	while (statement_row(row)) {
		struct page_state *state = page_states_find(states, statement_text(row, 0));
		int64_t position = statement_integer(row, 1);

		if (state == NULL || position < 0 || position >= PAGE_DOCUMENTS_MAX)
			continue;
		row_read(row, 3, &state->validators[position]);
		snprintf(state->validators[position].body, DIGEST_TEXT, "%s",
			statement_text(row, 2));
	}
	statement_end(row);
	return !database_failed(database);
}

bool store_page(struct database *database, const char *name, struct page_state *state)
{
	return row_take(database_query(database, "SELECT * FROM page WHERE name = ?", "*t",
				page_columns, name),
		state);
}

bool store_chain_ends(struct database *database,
	void (*take)(void *context, const char *page, int64_t sequence, const char *digest),
	void *context)
{
	struct statement *row = database_query(database,
		"SELECT name, snapshot, head FROM page WHERE snapshot > 0 ORDER BY name", "");

	while (statement_row(row))
		take(context, statement_text(row, 0), statement_integer(row, 1),
			statement_text(row, 2));
	statement_end(row);
	return !database_failed(database);
}

static int by_page_name(const void *key, const void *state)
{
	return strcmp(key, ((const struct page_state *)state)->name);
}

struct page_state *page_states_find(const struct page_states *states, const char *name)
{
	if (states->count == 0)
		return NULL;
	return bsearch(name, states->list, states->count, sizeof *states->list, by_page_name);
}

void page_state_release(struct page_state *state)
{
	row_release(page_columns, state);
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		validator_release(&state->validators[i]);
	store_unload(state);
	*state = (struct page_state){0};
}

void page_states_release(struct page_states *states)
{
	for (size_t i = 0; i < states->count; i++)
		page_state_release(&states->list[i]);
	free(states->list);
	*states = (struct page_states){0};
}

/* In this order indicators stand in a page's state, too. */
static struct statement *lamps_of(struct database *database, const char *page)
{
	return database_query(database, "SELECT ring, peak, * FROM lamp WHERE page = ? ORDER BY id",
		"*t", lamp_columns, page);
}

static void load_impacts(struct database *database, struct page_state *state)
{
	struct statement *row = database_query(database,
		"SELECT known, * FROM impact WHERE page = ?", "*t", impact_columns, state->name);

	while (statement_row(row)) {
		struct impact *impact =
			memory_append(&state->impacts.list, &state->impacts.count, sizeof *impact);

		row_read(row, 1, impact);
		impact_known_parse(impact, statement_text(row, 0));
	}
	statement_end(row);
}

bool store_load(struct database *database, struct page_state *state)
{
	struct indicator_states *indicators = &state->indicators;
	struct statement *row;

	if (state->loaded)
		return true;
	state->reading = statement_string(database_query(
		database, "SELECT text FROM reading WHERE page = ?", "t", state->name));
	row = lamps_of(database, state->name);
	while (statement_row(row)) {
		struct indicator_state *indicator =
			memory_append(&indicators->list, &indicators->count, sizeof *indicator);

		row_read(row, 2, indicator);
		flap_history_parse(&indicator->flaps, statement_text(row, 0));
		/* Older versions have no peak: it is the alarm's current level. */
		if (text_empty(statement_text(row, 1)))
			indicator->peak = indicator->level;
		else if (!level_parse(statement_text(row, 1), &indicator->peak))
			indicator->peak = LEVEL_UNKNOWN;
	}
	statement_end(row);
	load_impacts(database, state);
	state->loaded = !database_failed(database);
	return state->loaded;
}

void store_load_chain(struct database *database, struct page_state *state)
{
	row_release(chain_columns, state);
	state->snapshot = state->confirmed = state->last_confirmed = 0;
	row_take(database_query(database, "SELECT * FROM page WHERE name = ?", "*t", chain_columns,
			 state->name),
		state);
}

void store_set_chain(struct database *database, const struct page_state *state)
{
	database_do(database, "UPDATE page SET * WHERE name = ?1", "rt", chain_columns, state,
		state->name);
}

void store_unload(struct page_state *state)
{
	memory_set(&state->reading, NULL);
	indicator_states_release(&state->indicators);
	impacts_release(&state->impacts);
	state->loaded = false;
}

void page_state_seen(struct page_state *state, int64_t every, int64_t now)
{
	const struct schedule schedule = {.every = every, .last_success = state->last_success};

	if (state->known && state->last_success != 0 && schedule_stale(&schedule, now))
		state->gap = schedule_held_until(&schedule);
	state->last_fetch = state->last_success = now;
}

static void save_gap(struct database *database, const struct page_state *state)
{
	if (state->gap != 0)
		database_do(database, "INSERT OR IGNORE INTO gap VALUES (?, ?, ?)", "tii",
			state->name, state->gap, state->last_success);
}

static void save_impacts(struct database *database, const struct page_state *state)
{
	database_do(database, "DELETE FROM impact WHERE page = ?", "t", state->name);
	for (size_t i = 0; i < state->impacts.count; i++) {
		const struct impact *impact = &state->impacts.list[i];
		char *known = impact_known_write(impact);

		database_do(database,
			"INSERT OR REPLACE INTO impact (page, known, *) VALUES (?, ?, *)", "rtt",
			impact_columns, impact, state->name, known);
		free(known);
	}
}

static const char *peak_of(const struct indicator_state *indicator)
{
	return indicator->alarm ? level_name(indicator->peak) : "";
}

/* Which of the indicators stand there as they are; false where there are other ones. */
static bool lamps_kept(struct database *database, const struct page_state *state, bool *kept)
{
	const struct indicator_states *indicators = &state->indicators;
	struct statement *row = lamps_of(database, state->name);
	bool same = true;

	for (size_t i = 0; same && i < indicators->count; i++) {
		const struct indicator_state *indicator = &indicators->list[i];

		same = statement_row(row) && text_equal(statement_text(row, 2), indicator->id);
		kept[i] = same && text_equal(statement_text(row, 0), indicator->flaps.states) &&
			  text_equal(statement_text(row, 1), peak_of(indicator)) &&
			  row_says(row, 2, indicator);
	}
	same = same && !statement_row(row);
	statement_end(row);
	return same;
}

/* Of the many indicators of a page mostly one has changed: the others are not written again. */
static void save_lamps(struct database *database, const struct page_state *state)
{
	const struct indicator_states *indicators = &state->indicators;
	bool *kept = memory_zero(indicators->count, sizeof *kept);
	bool same = lamps_kept(database, state, kept);

	if (!same)
		database_do(database, "DELETE FROM lamp WHERE page = ?", "t", state->name);
	for (size_t i = 0; i < indicators->count; i++) {
		const struct indicator_state *indicator = &indicators->list[i];

		if (same && kept[i])
			continue;
		database_do(database,
			"INSERT OR REPLACE INTO lamp (page, ring, peak, *) VALUES (?, ?, ?, *)",
			"rttt", lamp_columns, indicator, state->name, indicator->flaps.states,
			peak_of(indicator));
	}
	free(kept);
}

void store_save(struct database *database, const struct page_state *state)
{
	char digest[DIGEST_TEXT];

	database_do(
		database, "INSERT OR REPLACE INTO page (*) VALUES (*)", "r", page_columns, state);
	database_do(database, "DELETE FROM validator WHERE page = ?", "t", state->name);
	for (int64_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		if (state->validators[i].url != NULL)
			database_do(database,
				"INSERT INTO validator (page, position, body, *)"
				" VALUES (?, ?, ?, *)",
				"rtit", validator_columns, &state->validators[i], state->name, i,
				state->validators[i].body);
	save_gap(database, state);
	if (!state->loaded)
		return;
	if (state->reading != NULL) {
		digest_sha256(state->reading, strlen(state->reading), digest);
		database_do(database,
			"INSERT OR REPLACE INTO reading (page, text, sha256) VALUES (?, ?, ?)",
			"ttt", state->name, state->reading, digest);
	}
	save_lamps(database, state);
	save_impacts(database, state);
}

void store_touch(struct database *database, const struct page_state *state)
{
	database_do(database, "UPDATE page SET * WHERE name = ?1", "rt",
		page_columns + PAGE_TOUCHED, state, state->name);
	save_gap(database, state);
}

void store_add_snapshot(struct database *database, const char *page, const struct snapshot_row *row)
{
	database_do(database, "INSERT INTO snapshot (page, *) VALUES (?, *)", "rt",
		snapshot_columns, row, page);
}

bool store_snapshot(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row)
{
	return row_take(
		database_query(database, "SELECT * FROM snapshot WHERE page = ? AND sequence = ?",
			"*ti", snapshot_columns, page, sequence),
		row);
}

bool store_snapshot_at(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row)
{
	return row_take(database_query(database,
				"SELECT * FROM snapshot WHERE page = ? AND time <= ? AND NOT pruned"
				" ORDER BY time DESC, sequence DESC LIMIT 1",
				"*ti", snapshot_columns, page, time),
		row);
}

bool store_snapshot_after(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row)
{
	return row_take(database_query(database,
				"SELECT * FROM snapshot WHERE page = ? AND time > ? AND NOT pruned"
				" ORDER BY time, sequence LIMIT 1",
				"*ti", snapshot_columns, page, time),
		row);
}

int64_t store_first_time(struct database *database, const char *page)
{
	struct snapshot_row row = {0};
	int64_t time = store_snapshot_after(database, page, INT64_MIN, &row) ? row.time : 0;

	snapshot_row_release(&row);
	return time;
}

void store_snapshots(struct database *database, const char *page,
	bool (*each)(void *context, const struct snapshot_row *row), void *context)
{
	struct statement *row = database_query(database,
		"SELECT * FROM snapshot WHERE page = ? AND NOT pruned ORDER BY sequence", "*t",
		snapshot_columns, page);
	bool go_on = true;

	while (go_on && statement_row(row)) {
		struct snapshot_row snapshot;

		row_read(row, 0, &snapshot);
		go_on = each(context, &snapshot);
		snapshot_row_release(&snapshot);
	}
	statement_end(row);
}

bool store_has_folder(struct database *database, const char *page, const char *folder)
{
	return statement_number(database_query(database,
		       "SELECT 1 FROM snapshot WHERE page = ? AND folder = ?", "tt", page,
		       folder)) != 0;
}

char *store_line(struct database *database, const char *page, int64_t sequence)
{
	return statement_string(database_query(database,
		"SELECT line FROM snapshot WHERE page = ?1 AND sequence = ?2"
		" UNION ALL SELECT line FROM note WHERE page = ?1 AND sequence = ?2",
		"ti", page, sequence));
}

void store_rewrite_site(struct database *database, const char *page)
{
	database_do(database, "UPDATE site SET snapshot = 0 WHERE page = ?", "t", page);
}

void store_prune(struct database *database, const char *page, int64_t first, int64_t last)
{
	database_do(database,
		"UPDATE snapshot SET pruned = 1 WHERE page = ? AND sequence BETWEEN ? AND ?", "tii",
		page, first, last);
	store_rewrite_site(database, page);
}

void store_add_note(struct database *database, const char *page, int64_t sequence, const char *line,
	const char *head)
{
	database_do(database, "INSERT INTO note (page, sequence, line) VALUES (?, ?, ?)", "tit",
		page, sequence, line);
	database_do(database, "UPDATE page SET snapshot = ?, head = ? WHERE name = ?", "itt",
		sequence, head, page);
}

/* The line's fields are separated by tabs, the address and the sums being the fourth and fifth. */
char *store_memento(struct database *database, const char *page, const char *sums)
{
	char *line = statement_string(database_query(database,
		"SELECT line FROM note WHERE page = ?1 AND line LIKE 'note' || char(9) || '%'"
		" AND instr(line, char(9) || ?2 || char(9)) > 0 ORDER BY sequence DESC LIMIT 1",
		"tt", page, sums));
	char *rest = line, *field = NULL, *address;

	for (int i = 0; i < 4 && rest != NULL; i++)
		field = strsep(&rest, "\t");
	address = memory_string(rest != NULL ? field : "");
	free(line);
	return address;
}

bool store_is_pruned(struct database *database, const char *page, int64_t sequence)
{
	return statement_number(database_query(database,
		       "SELECT 1 FROM snapshot WHERE page = ? AND sequence = ? AND pruned", "ti",
		       page, sequence)) != 0;
}

void store_pruned(
	struct database *database, const char *page, int64_t first, struct text_list *folders)
{
	statement_texts(
		database_query(database,
			"SELECT folder FROM snapshot WHERE page = ? AND sequence >= ? AND pruned",
			"ti", page, first),
		folders);
}

bool store_snapshot_beyond(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row)
{
	return row_take(database_query(database,
				"SELECT * FROM snapshot WHERE page = ? AND sequence > ?"
				" ORDER BY sequence LIMIT 1",
				"*ti", snapshot_columns, page, sequence),
		row);
}

bool store_reading_whole(struct database *database, const char *page)
{
	struct statement *row = database_query(
		database, "SELECT text, sha256 FROM reading WHERE page = ?", "t", page);
	char digest[DIGEST_TEXT];
	bool whole = statement_row(row);

	if (whole && !statement_null(row, 1)) {
		digest_sha256(statement_text(row, 0), strlen(statement_text(row, 0)), digest);
		whole = strcmp(digest, statement_text(row, 1)) == 0;
	}
	statement_end(row);
	return whole;
}

void snapshot_row_release(struct snapshot_row *row)
{
	row_release(snapshot_columns, row);
	*row = (struct snapshot_row){0};
}

void store_add_change(struct database *database, const char *page, int64_t time, int64_t snapshot,
	const struct change *change, bool reread)
{
	database_do(database,
		"INSERT INTO change (page, time, snapshot, anew, *) VALUES (?, ?, ?, ?, *)",
		"rtiii", change_columns, change, page, time, snapshot, (int64_t)reread);
}

void store_changes_text(
	struct database *database, const char *page, int64_t snapshot, struct buffer *out)
{
	struct changes changes = {0};

	rows_take(database_query(database,
			  "SELECT * FROM change WHERE page = ?1 AND snapshot = ?2 AND time ="
			  " (SELECT time FROM snapshot WHERE page = ?1 AND sequence = ?2)"
			  " ORDER BY id",
			  "*ti", change_columns, page, snapshot),
		&changes.list, &changes.count, sizeof *changes.list);
	changes_write(&changes, out);
	changes_release(&changes);
}

void store_log(struct database *database, const char *page, int64_t since, int64_t limit,
	struct log_entries *histories)
{
	rows_take(database_query(database,
			  "SELECT *, 0 AS late, id FROM change"
			  " WHERE time >= ?1 AND (?2 IS NULL OR page = ?2)"
			  " UNION ALL SELECT time, 0, page, 'event', type, indicator, label,"
			  " before, after, text, 0, 1, id FROM event"
			  " WHERE time >= ?1 AND (?2 IS NULL OR page = ?2)"
			  " ORDER BY 1 DESC, late DESC, id DESC LIMIT ?3",
			  "*iti", log_columns, since, page, limit),
		&histories->list, &histories->count, sizeof *histories->list);
}

void log_entries_release(struct log_entries *histories)
{
	for (size_t i = 0; i < histories->count; i++)
		row_release(log_columns, &histories->list[i]);
	free(histories->list);
	*histories = (struct log_entries){0};
}

void store_add_event(struct database *database, const char *page, int64_t time, const char *type,
	const char *indicator, const char *label, const char *before, const char *after,
	const char *text)
{
	database_do(database,
		"INSERT INTO event (page, time, type, indicator, label, before, after, text)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"titttttt", page, time, type, indicator, label, before, after, text);
}

void store_troubled(struct database *database, struct text_list *pages)
{
	statement_texts(
		database_query(database,
			"SELECT name FROM page WHERE red OR lost UNION SELECT page FROM alarm"
			" WHERE kind = 'early' AND closed IS NULL",
			""),
		pages);
}

char *store_fact(struct database *database, const char *name)
{
	char *value = statement_string(
		database_query(database, "SELECT value FROM fact WHERE name = ?", "t", name));

	return value != NULL ? value : memory_string("");
}

void store_set_fact(struct database *database, const char *name, const char *value)
{
	database_do(database, "INSERT OR REPLACE INTO fact VALUES (?, ?)", "tt", name, value);
}
