/* SPDX-License-Identifier: ISC */
#include "store/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/digest.h"
#include "base/memory.h"

const struct schema_step alarm_schema[] = {
	{1, "CREATE TABLE alarm (id INTEGER PRIMARY KEY, page TEXT, kind TEXT, indicator TEXT,"
	    " opened INTEGER,  closed INTEGER);"
	    "CREATE INDEX alarm_open ON alarm (page, kind, indicator) WHERE closed IS NULL;"},
	{3, "ALTER TABLE alarm ADD COLUMN acknowledged INTEGER;"
	    "ALTER TABLE alarm ADD COLUMN reminded INTEGER;"},
	/* what Message-IDs are made from; of older ones, whose messages are out, their number */
	{12, "ALTER TABLE alarm ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
	     "ALTER TABLE alarm ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;"
	     "UPDATE alarm SET turn = id;"
	     "CREATE INDEX alarm_origin ON alarm (page, kind, indicator, origin);"},
	/* of "follows": what it follows from */
	{16, "ALTER TABLE alarm ADD COLUMN cause INTEGER;"},
	{18, "CREATE INDEX alarm_cause ON alarm (cause) WHERE cause IS NOT NULL;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("id", struct alarm, id, COLUMN_INTEGER),
	COLUMN("page", struct alarm, page, COLUMN_TEXT),
	COLUMN("indicator", struct alarm, indicator, COLUMN_TEXT),
	COLUMN("kind = 'early'", struct alarm, early, COLUMN_BOOLEAN),
	COLUMN("opened", struct alarm, opened, COLUMN_INTEGER),
	COLUMN("closed", struct alarm, closed, COLUMN_INTEGER),
	COLUMN("acknowledged", struct alarm, acknowledged, COLUMN_INTEGER),
	COLUMN("reminded", struct alarm, reminded, COLUMN_INTEGER),
	{0},
};

char *store_origin(struct database *database, const char *page, int64_t time)
{
	char digest[DIGEST_TEXT] = "";
	char *line = statement_string(database_query(database,
		"SELECT line FROM snapshot WHERE page = ? AND time < ?"
		" ORDER BY time DESC, sequence DESC LIMIT 1",
		"ti", page, time));

	if (line != NULL)
		digest_sha256(line, strlen(line), digest);
	free(line);
	return memory_string(digest);
}

int64_t store_open_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t time, const char *origin)
{
	database_do(database,
		"INSERT INTO alarm (page, kind, indicator, opened, origin, turn)"
		" VALUES (?1, ?2, ?3, ?4, ?5, (SELECT count(*) FROM alarm"
		"  WHERE page = ?1 AND kind = ?2 AND indicator = ?3 AND origin = ?5))",
		"tttit", page, kind, indicator, time, origin);
	return database_last_row(database);
}

char *store_alarm_origin(struct database *database, int64_t alarm)
{
	char *origin = statement_string(database_query(
		database, "SELECT origin || '/' || turn FROM alarm WHERE id = ?", "i", alarm));

	return origin != NULL ? origin : memory_string("");
}

int64_t store_find_alarm(
	struct database *database, const char *page, const char *kind, const char *indicator)
{
	return statement_number(database_query(database,
		"SELECT id FROM alarm WHERE page = ? AND kind = ? AND indicator = ? AND closed IS "
		"NULL ORDER BY id DESC LIMIT 1",
		"ttt", page, kind, indicator));
}

int64_t store_first_alarm(struct database *database, const char *page, const char *kind)
{
	return statement_number(database_query(database,
		"SELECT id FROM alarm WHERE page = ? AND kind = ? AND closed IS NULL"
		" ORDER BY id LIMIT 1",
		"tt", page, kind));
}

void store_apart(struct database *database, struct text_list *pages)
{
	statement_texts(database_query(database,
				"SELECT DISTINCT page FROM alarm WHERE closed IS NULL"
				" AND kind IN ('early', 'late') ORDER BY page",
				""),
		pages);
}

int64_t store_alarm_opened(struct database *database, int64_t alarm)
{
	return statement_number(
		database_query(database, "SELECT opened FROM alarm WHERE id = ?", "i", alarm));
}

bool store_alarm_since(struct database *database, const char *page, const char *kind, int64_t time)
{
	return statement_number(database_query(database,
		       "SELECT 1 FROM alarm WHERE page = ? AND kind = ?"
		       " AND (closed IS NULL OR closed >= ?) LIMIT 1",
		       "tti", page, kind, time)) != 0;
}

int64_t store_later_alarm(struct database *database, const char *page, const char *kind,
	const char *indicator, int64_t alarm)
{
	return statement_number(database_query(database,
		"SELECT id FROM alarm WHERE page = ? AND kind = ? AND indicator = ? AND id > ?"
		" ORDER BY id DESC LIMIT 1",
		"ttti", page, kind, indicator, alarm));
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

#define OPEN "SELECT * FROM alarm WHERE closed IS NULL AND kind IN ('red', 'early')"
#define ORDERED " ORDER BY page, indicator, id"

void alarms_load(struct database *database, const char *page, struct alarms *alarms)
{
	rows_take(
		database_query(database, page != NULL ? OPEN " AND page = ?" ORDERED : OPEN ORDERED,
			page != NULL ? "*t" : "*", columns, page),
		&alarms->list, &alarms->count, sizeof *alarms->list);
}

void alarms_load_of(struct database *database, const char *kind, struct alarms *alarms)
{
	rows_take(database_query(database,
			  "SELECT * FROM alarm WHERE closed IS NULL AND kind = ?"
			  " ORDER BY page, indicator, id",
			  "*t", columns, kind),
		&alarms->list, &alarms->count, sizeof *alarms->list);
}

void alarms_load_since(
	struct database *database, const char *page, int64_t since, struct alarms *alarms)
{
	rows_take(database_query(database,
			  "SELECT * FROM alarm WHERE page = ? AND kind = 'red'"
			  " AND (closed IS NULL OR closed >= ?) ORDER BY id",
			  "*ti", columns, page, since),
		&alarms->list, &alarms->count, sizeof *alarms->list);
}

void alarms_release(struct alarms *alarms)
{
	for (size_t i = 0; i < alarms->count; i++)
		row_release(columns, &alarms->list[i]);
	free(alarms->list);
	*alarms = (struct alarms){0};
}

const struct alarm *alarms_find(const struct alarms *alarms, const char *indicator)
{
	for (size_t i = 0; i < alarms->count; i++)
		if (strcmp(alarms->list[i].indicator, indicator) == 0)
			return &alarms->list[i];
	return NULL;
}

void alarm_acknowledge(struct database *database, int64_t alarm, int64_t now)
{
	database_do(database, "UPDATE alarm SET acknowledged = ? WHERE id = ?", "ii", now, alarm);
}

void alarm_take_over(struct database *database, int64_t alarm, int64_t former)
{
	database_do(database,
		"UPDATE alarm SET acknowledged = (SELECT acknowledged FROM alarm WHERE id = ?2)"
		" WHERE id = ?1",
		"ii", alarm, former);
}

void alarm_remind(struct database *database, int64_t alarm, int64_t now)
{
	database_do(database, "UPDATE alarm SET reminded = ? WHERE id = ?", "ii", now, alarm);
}

void alarm_set_cause(struct database *database, int64_t alarm, int64_t cause)
{
	database_do(database, "UPDATE alarm SET cause = ? WHERE id = ?", "ii", cause, alarm);
}

bool alarm_cause(struct database *database, int64_t alarm, struct alarms *cause)
{
	rows_take(database_query(database,
			  "SELECT * FROM alarm WHERE id ="
			  " (SELECT f.cause FROM alarm f WHERE f.id = ?)",
			  "*i", columns, alarm),
		&cause->list, &cause->count, sizeof *cause->list);
	return cause->count > 0;
}

void alarms_load_recent(
	struct database *database, const char *page, int64_t after, struct alarms *alarms)
{
	rows_take(database_query(database,
			  "SELECT * FROM alarm WHERE page = ? AND kind IN ('red', 'early')"
			  " AND (closed IS NULL OR closed > ?)"
			  " ORDER BY closed IS NOT NULL, closed DESC, kind = 'early', id DESC",
			  "*ti", columns, page, after),
		&alarms->list, &alarms->count, sizeof *alarms->list);
}

bool alarm_stands(struct database *database, const char *page, const char *indicator, int64_t but,
	int64_t *ended)
{
	struct statement *row = database_query(database,
		"SELECT count(*) - count(closed), ifnull(max(closed), 0) FROM alarm WHERE page = ?"
		" AND kind IN ('red', 'early') AND indicator = ? AND id <> ?",
		"tti", page, indicator, but);
	bool stands = false;

	if (statement_row(row)) {
		stands = statement_integer(row, 0) > 0;
		if (ended != NULL)
			*ended = statement_integer(row, 1);
	}
	statement_end(row);
	return stands;
}
