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

void alarms_load(struct database *database, const char *page, struct alarms *alarms)
{
	struct statement *row = database_query(database,
		"SELECT id, page, indicator, opened, acknowledged, reminded FROM alarm"
		" WHERE closed IS NULL AND kind = 'red' AND (?1 IS NULL OR page = ?1)"
		" ORDER BY page, id",
		"t", page);

	while (statement_row(row)) {
		struct alarm *alarm =
			memory_append(&alarms->list, &alarms->count, sizeof *alarms->list);

		alarm->id = statement_integer(row, 0);
		alarm->page = memory_string(statement_text(row, 1));
		alarm->indicator = memory_string(statement_text(row, 2));
		alarm->opened = statement_integer(row, 3);
		alarm->acknowledged = statement_integer(row, 4);
		alarm->reminded = statement_integer(row, 5);
	}
	statement_end(row);
}

void alarms_release(struct alarms *alarms)
{
	for (size_t i = 0; i < alarms->count; i++) {
		free(alarms->list[i].page);
		free(alarms->list[i].indicator);
	}
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
