/* SPDX-License-Identifier: ISC */
#include "store/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/memory.h"

const struct schema_step alarm_schema[] = {
	{1, "CREATE TABLE alarm (id INTEGER PRIMARY KEY, page TEXT, kind TEXT, indicator TEXT,"
	    " opened INTEGER,  closed INTEGER);"
	    "CREATE INDEX alarm_open ON alarm (page, kind, indicator) WHERE closed IS NULL;"},
	{3, "ALTER TABLE alarm ADD COLUMN acknowledged INTEGER;"
	    "ALTER TABLE alarm ADD COLUMN reminded INTEGER;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("id", struct alarm, id, COLUMN_INTEGER),
	COLUMN("page", struct alarm, page, COLUMN_TEXT),
	COLUMN("indicator", struct alarm, indicator, COLUMN_TEXT),
	COLUMN("opened", struct alarm, opened, COLUMN_INTEGER),
	COLUMN("acknowledged", struct alarm, acknowledged, COLUMN_INTEGER),
	COLUMN("reminded", struct alarm, reminded, COLUMN_INTEGER),
	{0},
};

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

void alarms_load(struct database *database, const char *page, struct alarms *alarms)
{
	rows_take(database_query(database,
			  "SELECT * FROM alarm WHERE closed IS NULL AND kind = 'red'"
			  " AND (?1 IS NULL OR page = ?1) ORDER BY page, id",
			  "*t", columns, page),
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

void alarm_remind(struct database *database, int64_t alarm, int64_t now)
{
	database_do(database, "UPDATE alarm SET reminded = ? WHERE id = ?", "ii", now, alarm);
}
