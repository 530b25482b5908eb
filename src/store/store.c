/* SPDX-License-Identifier: ISC */
#include "store/store.h"

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
	/* what the site has written of each page, and the ways by which its pages are found */
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
	{0},
};

static char *column(struct statement *row, int i)
{
	return memory_string(statement_text(row, i));
}

static void load_validators(struct database *database, struct page_states *states)
{
	struct statement *row = database_query(database,
		"SELECT page, position, url, etag, last_modified, body FROM validator", "");

	while (statement_row(row)) {
		struct page_state *state = page_states_find(states, statement_text(row, 0));
		int64_t position = statement_integer(row, 1);
		struct validator *validator;

		if (state == NULL || position < 0 || position >= PAGE_DOCUMENTS_MAX)
			continue;
		validator = &state->validators[position];
		validator->url = column(row, 2);
		validator->etag = statement_null(row, 3) ? NULL : column(row, 3);
		validator->last_modified = statement_null(row, 4) ? NULL : column(row, 4);
		memcpy(validator->body, statement_text(row, 5),
			strnlen(statement_text(row, 5), DIGEST_TEXT - 1));
	}
	statement_end(row);
}

void store_pages(struct database *database, struct page_states *states)
{
	struct statement *row = database_query(database,
		"SELECT name, url, kind_digest, program, known, last_fetch, last_success, "
		"last_full, retry_at,"
		" failures, failure, failing_since, unreadable, lost, gone_told, red, unconfirmed, "
		"snapshot,"
		" folder, sums, head, confirmed, last_confirmed, host FROM page ORDER BY name",
		"");

	while (statement_row(row)) {
		struct page_state *state =
			memory_append(&states->list, &states->count, sizeof *state);

		state->name = column(row, 0);
		state->url = column(row, 1);
		state->kind_digest = column(row, 2);
		state->program = column(row, 3);
		state->known = statement_integer(row, 4);
		state->last_fetch = statement_integer(row, 5);
		state->last_success = statement_integer(row, 6);
		state->last_full = statement_integer(row, 7);
		state->retry_at = statement_integer(row, 8);
		state->failures = statement_integer(row, 9);
		state->failure = column(row, 10);
		state->failing_since = statement_integer(row, 11);
		state->unreadable = statement_integer(row, 12);
		state->lost = statement_integer(row, 13);
		state->gone_told = statement_integer(row, 14);
		state->red = statement_integer(row, 15);
		state->unconfirmed = statement_integer(row, 16);
		state->snapshot = statement_integer(row, 17);
		state->folder = column(row, 18);
		state->sums = column(row, 19);
		state->head = column(row, 20);
		state->confirmed = statement_integer(row, 21);
		state->last_confirmed = statement_integer(row, 22);
		state->host = column(row, 23);
	}
	statement_end(row);
	load_validators(database, states);
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
	char *strings[] = {state->name, state->url, state->kind_digest, state->program,
		state->failure, state->folder, state->sums, state->head, state->host,
		state->reading};

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		free(strings[i]);
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		validator_release(&state->validators[i]);
	lamps_release(&state->lamps);
	*state = (struct page_state){0};
}

void page_states_release(struct page_states *states)
{
	for (size_t i = 0; i < states->count; i++)
		page_state_release(&states->list[i]);
	free(states->list);
	*states = (struct page_states){0};
}

static enum level level_column(struct statement *row, int i)
{
	enum level level = LEVEL_UNKNOWN;

	level_parse(statement_text(row, i), &level);
	return level;
}

/* Of an alarm that a program without these columns opened, its level is all that was told. */
static void load_signal(struct statement *row, struct lamp *lamp)
{
	ring_parse(&lamp->ring, statement_text(row, 13));
	lamp->ring.time = statement_integer(row, 14);
	lamp->ring.changed = statement_integer(row, 15);
	lamp->flapping = statement_integer(row, 16);
	lamp->peak = text_empty(statement_text(row, 17)) ? lamp->level : level_column(row, 17);
	lamp->rising = statement_integer(row, 18);
}

static void load_lamps(struct database *database, struct page_state *state)
{
	struct statement *row = database_query(database,
		"SELECT id, grouping, name, level, word, gone, red, since, count, count_since, "
		"before, alarm,"
		" alarm_since, ring, ring_time, ring_changed, flapping, peak, rising FROM lamp"
		" WHERE page = ? ORDER BY id",
		"t", state->name);

	while (statement_row(row)) {
		struct lamp *lamp = lamps_add(&state->lamps, statement_text(row, 0),
			statement_text(row, 1), statement_text(row, 2));

		lamp->level = level_column(row, 3);
		memory_set(&lamp->word, statement_text(row, 4));
		lamp->gone = statement_integer(row, 5);
		lamp->red = statement_integer(row, 6);
		lamp->since = statement_integer(row, 7);
		lamp->count = statement_integer(row, 8);
		lamp->count_since = statement_integer(row, 9);
		lamp->before = level_column(row, 10);
		lamp->alarm = statement_integer(row, 11);
		lamp->alarm_since = statement_integer(row, 12);
		load_signal(row, lamp);
	}
	statement_end(row);
}

void store_load(struct database *database, struct page_state *state)
{
	struct statement *row;

	if (state->loaded)
		return;
	row = database_query(database, "SELECT text FROM reading WHERE page = ?", "t", state->name);
	if (statement_row(row))
		state->reading = column(row, 0);
	statement_end(row);
	load_lamps(database, state);
	state->loaded = !database_failed(database);
}

void store_unload(struct page_state *state)
{
	memory_set(&state->reading, NULL);
	lamps_release(&state->lamps);
	state->loaded = false;
}

static void save_lamps(struct database *database, const struct page_state *state)
{
	database_do(database, "DELETE FROM lamp WHERE page = ?", "t", state->name);
	for (size_t i = 0; i < state->lamps.count; i++) {
		const struct lamp *lamp = &state->lamps.list[i];

		database_do(database,
			"INSERT OR REPLACE INTO lamp (page, id, grouping, name, level, word, gone, "
			"red, since, count,"
			" count_since, before, alarm, alarm_since, ring, ring_time, ring_changed, "
			"flapping, peak, rising) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
			"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"ttttttiiiiitiitiiiti", state->name, lamp->id, lamp->group, lamp->name,
			level_name(lamp->level), lamp->word, (int64_t)lamp->gone,
			(int64_t)lamp->red, lamp->since, lamp->count, lamp->count_since,
			level_name(lamp->before), (int64_t)lamp->alarm, lamp->alarm_since,
			lamp->ring.states, lamp->ring.time, lamp->ring.changed,
			(int64_t)lamp->flapping, lamp->alarm ? level_name(lamp->peak) : "",
			lamp->rising);
	}
}

static void save_validators(struct database *database, const struct page_state *state)
{
	database_do(database, "DELETE FROM validator WHERE page = ?", "t", state->name);
	for (int64_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		const struct validator *validator = &state->validators[i];

		if (validator->url != NULL)
			database_do(database, "INSERT INTO validator VALUES (?, ?, ?, ?, ?, ?)",
				"titttt", state->name, i, validator->url, validator->etag,
				validator->last_modified, validator->body);
	}
}

static void save_reading(struct database *database, const struct page_state *state)
{
	char digest[DIGEST_TEXT];

	digest_sha256(state->reading, strlen(state->reading), digest);
	database_do(database,
		"INSERT OR REPLACE INTO reading (page, text, sha256) VALUES (?, ?, ?)", "ttt",
		state->name, state->reading, digest);
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

void store_gaps(struct database *database, const char *page, int64_t since, struct gaps *gaps)
{
	struct statement *row = database_query(database,
		"SELECT begins, ends FROM gap WHERE page = ? AND ends > ? ORDER BY begins", "ti",
		page, since);

	while (statement_row(row))
		*(struct gap *)memory_append(&gaps->list, &gaps->count, sizeof *gaps->list) =
			(struct gap){statement_integer(row, 0), statement_integer(row, 1)};
	statement_end(row);
}

void store_save(struct database *database, const struct page_state *state)
{
	database_do(database,
		"INSERT OR REPLACE INTO page (name, url, kind_digest, program, known, last_fetch, "
		"last_success,"
		" last_full, retry_at, failures, failure, failing_since, unreadable, lost, "
		"gone_told, red, unconfirmed,"
		" snapshot, folder, sums, head, confirmed, last_confirmed, host)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ttttiiiiiitiiiiiiitttiit", state->name, state->url, state->kind_digest,
		state->program, (int64_t)state->known, state->last_fetch, state->last_success,
		state->last_full, state->retry_at, state->failures, state->failure,
		state->failing_since, (int64_t)state->unreadable, (int64_t)state->lost,
		(int64_t)state->gone_told, (int64_t)state->red, (int64_t)state->unconfirmed,
		state->snapshot, state->folder, state->sums, state->head, state->confirmed,
		state->last_confirmed, state->host);
	save_validators(database, state);
	save_gap(database, state);
	if (!state->loaded)
		return;
	if (state->reading != NULL)
		save_reading(database, state);
	save_lamps(database, state);
}

void store_touch(struct database *database, const struct page_state *state)
{
	database_do(database,
		"UPDATE page SET last_fetch = ?, last_success = ?, last_full = ?, retry_at = ?, "
		"confirmed = ?,"
		" last_confirmed = ? WHERE name = ?",
		"iiiiiit", state->last_fetch, state->last_success, state->last_full,
		state->retry_at, state->confirmed, state->last_confirmed, state->name);
	save_gap(database, state);
}

void store_add_snapshot(struct database *database, const char *page, const struct snapshot_row *row)
{
	database_do(database,
		"INSERT INTO snapshot (page, sequence, time, folder, sums, line)"
		" VALUES (?, ?, ?, ?, ?, ?)",
		"tiittt", page, row->sequence, row->time, row->folder, row->sums, row->line);
}

static bool snapshot_take(struct statement *row, struct snapshot_row *snapshot)
{
	bool found = statement_row(row);

	if (found)
		*snapshot = (struct snapshot_row){statement_integer(row, 0),
			statement_integer(row, 1), column(row, 2), column(row, 3), column(row, 4)};
	statement_end(row);
	return found;
}

bool store_snapshot(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row)
{
	return snapshot_take(database_query(database,
				     "SELECT sequence, time, folder, sums, line FROM snapshot "
				     "WHERE page = ? AND sequence = ?",
				     "ti", page, sequence),
		row);
}

bool store_snapshot_at(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row)
{
	return snapshot_take(database_query(database,
				     "SELECT sequence, time, folder, sums, line FROM snapshot "
				     "WHERE page = ? AND time <= ? AND NOT pruned"
				     " ORDER BY time DESC, sequence DESC LIMIT 1",
				     "ti", page, time),
		row);
}

bool store_snapshot_after(
	struct database *database, const char *page, int64_t time, struct snapshot_row *row)
{
	return snapshot_take(database_query(database,
				     "SELECT sequence, time, folder, sums, line FROM snapshot "
				     "WHERE page = ? AND time > ? AND NOT pruned"
				     " ORDER BY time, sequence LIMIT 1",
				     "ti", page, time),
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
		"SELECT sequence, time, folder, sums, line FROM snapshot WHERE page = ? AND NOT "
		"pruned ORDER BY sequence",
		"t", page);
	bool go_on = true;

	while (go_on && statement_row(row)) {
		struct snapshot_row snapshot = {statement_integer(row, 0),
			statement_integer(row, 1), column(row, 2), column(row, 3), column(row, 4)};

		go_on = each(context, &snapshot);
		snapshot_row_release(&snapshot);
	}
	statement_end(row);
}

bool store_has_folder(struct database *database, const char *page, const char *folder)
{
	struct statement *row = database_query(database,
		"SELECT 1 FROM snapshot WHERE page = ? AND folder = ?", "tt", page, folder);
	bool found = statement_row(row);

	statement_end(row);
	return found;
}

char *store_line(struct database *database, const char *page, int64_t sequence)
{
	struct statement *row = database_query(database,
		"SELECT line FROM snapshot WHERE page = ?1 AND sequence = ?2"
		" UNION ALL SELECT line FROM note WHERE page = ?1 AND sequence = ?2",
		"ti", page, sequence);
	char *line = statement_row(row) ? column(row, 0) : NULL;

	statement_end(row);
	return line;
}

void store_write_anew(struct database *database, const char *page)
{
	database_do(database, "UPDATE site SET snapshot = 0 WHERE page = ?", "t", page);
}

void store_prune(struct database *database, const char *page, int64_t first, int64_t last)
{
	database_do(database,
		"UPDATE snapshot SET pruned = 1 WHERE page = ? AND sequence BETWEEN ? AND ?", "tii",
		page, first, last);
	store_write_anew(database, page);
}

void store_add_note(struct database *database, const char *page, int64_t sequence, const char *line,
	const char *head)
{
	database_do(database, "INSERT INTO note (page, sequence, line) VALUES (?, ?, ?)", "tit",
		page, sequence, line);
	database_do(database, "UPDATE page SET snapshot = ?, head = ? WHERE name = ?", "itt",
		sequence, head, page);
}

bool store_is_pruned(struct database *database, const char *page, int64_t sequence)
{
	struct statement *row = database_query(database,
		"SELECT 1 FROM snapshot WHERE page = ? AND sequence = ? AND pruned", "ti", page,
		sequence);
	bool pruned = statement_row(row);

	statement_end(row);
	return pruned;
}

void store_pruned(
	struct database *database, const char *page, int64_t first, struct text_list *folders)
{
	struct statement *row = database_query(database,
		"SELECT folder FROM snapshot WHERE page = ? AND sequence >= ? AND pruned", "ti",
		page, first);

	while (statement_row(row))
		text_list_add(folders, statement_text(row, 0));
	statement_end(row);
}

bool store_snapshot_beyond(
	struct database *database, const char *page, int64_t sequence, struct snapshot_row *row)
{
	return snapshot_take(database_query(database,
				     "SELECT sequence, time, folder, sums, line FROM snapshot "
				     "WHERE page = ? AND sequence > ? ORDER BY sequence LIMIT 1",
				     "ti", page, sequence),
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
	free(row->folder);
	free(row->sums);
	free(row->line);
	*row = (struct snapshot_row){0};
}

void store_add_change(struct database *database, const char *page, int64_t time, int64_t snapshot,
	const struct change *change, bool anew)
{
	database_do(database,
		"INSERT INTO change (page, time, snapshot, type, item, name, before, after, text, "
		"anew)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tiitttttti", page, time, snapshot, change_type_name(change->type), change->id,
		change->name, change->before, change->after, change->text, (int64_t)anew);
}

void store_changes_text(
	struct database *database, const char *page, int64_t snapshot, struct buffer *out)
{
	struct statement *row = database_query(database,
		"SELECT type, item, name, before, after, text FROM change"
		" WHERE page = ?1 AND snapshot = ?2"
		" AND time = (SELECT time FROM snapshot WHERE page = ?1 AND sequence = ?2)"
		" ORDER BY id",
		"ti", page, snapshot);
	struct changes changes = {0};

	while (statement_row(row)) {
		enum change_type type = CHANGE_OTHER;

		change_type_parse(statement_text(row, 0), &type);
		changes_add(&changes, type, statement_text(row, 1), statement_text(row, 2),
			statement_text(row, 3), statement_text(row, 4), statement_text(row, 5));
	}
	statement_end(row);
	changes_write(&changes, out);
	changes_release(&changes);
}

void store_history(struct database *database, const char *page, int64_t since, int64_t limit,
	struct histories *histories)
{
	struct statement *row = database_query(database,
		"SELECT time, snapshot, page, 'change', type, item, name, before, after, text, "
		"anew, 0 AS late, id"
		" FROM change WHERE time >= ?1 AND (?2 IS NULL OR page = ?2)"
		" UNION ALL SELECT time, 0, page, 'event', type, indicator, label, before, after, "
		"text, 0, 1, id"
		" FROM event WHERE time >= ?1 AND (?2 IS NULL OR page = ?2)"
		" ORDER BY 1 DESC, late DESC, id DESC LIMIT ?3",
		"iti", since, page, limit);

	while (statement_row(row)) {
		struct history *history =
			memory_append(&histories->list, &histories->count, sizeof *histories->list);

		*history = (struct history){statement_integer(row, 0), statement_integer(row, 1),
			column(row, 2), column(row, 3), column(row, 4), column(row, 5),
			column(row, 6), column(row, 7), column(row, 8), column(row, 9),
			statement_integer(row, 10) != 0};
	}
	statement_end(row);
}

void histories_release(struct histories *histories)
{
	for (size_t i = 0; i < histories->count; i++) {
		struct history *history = &histories->list[i];
		char *strings[] = {history->page, history->what, history->type, history->item,
			history->name, history->before, history->after, history->text};

		for (size_t j = 0; j < sizeof strings / sizeof strings[0]; j++)
			free(strings[j]);
	}
	free(histories->list);
	*histories = (struct histories){0};
}

int64_t store_open_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t time)
{
	database_do(database,
		"INSERT INTO alarm (page, kind, indicator, opened) VALUES (?, ?, ?, ?)", "ttti",
		page, kind, indicator, time);
	return database_last_row(database);
}

int64_t store_find_alarm(
	struct database *database, const char *page, const char *kind, const char *indicator)
{
	struct statement *row = database_query(database,
		"SELECT id FROM alarm WHERE page = ? AND kind = ? AND indicator = ? AND closed IS "
		"NULL"
		" ORDER BY id DESC LIMIT 1",
		"ttt", page, kind, indicator);
	int64_t alarm = statement_row(row) ? statement_integer(row, 0) : 0;

	statement_end(row);
	return alarm;
}

void store_rename_alarm(
	struct database *database, const char *page, const char *former, const char *indicator)
{
	database_do(database,
		"UPDATE alarm SET indicator = ? WHERE page = ? AND indicator = ?"
		" AND closed IS NULL",
		"ttt", indicator, page, former);
}

void store_close_alarm(struct database *database, int64_t alarm, int64_t time)
{
	database_do(database, "UPDATE alarm SET closed = ? WHERE id = ?", "ii", time, alarm);
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
	struct statement *row =
		database_query(database, "SELECT name FROM page WHERE red OR lost", "");

	while (statement_row(row))
		text_list_add(pages, statement_text(row, 0));
	statement_end(row);
}

char *store_fact(struct database *database, const char *name)
{
	struct statement *row =
		database_query(database, "SELECT value FROM fact WHERE name = ?", "t", name);
	char *value = memory_string(statement_row(row) ? statement_text(row, 0) : "");

	statement_end(row);
	return value;
}

void store_set_fact(struct database *database, const char *name, const char *value)
{
	database_do(database, "INSERT OR REPLACE INTO fact VALUES (?, ?)", "tt", name, value);
}
