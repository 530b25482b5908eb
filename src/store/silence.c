/* SPDX-License-Identifier: ISC */
#include "store/silence.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/memory.h"

const struct schema_step silence_schema[] = {
	{3, "CREATE TABLE silence (id INTEGER PRIMARY KEY, page TEXT NOT NULL,"
	    " begins INTEGER NOT NULL,  ends INTEGER NOT NULL, reason TEXT NOT NULL);"
	    "CREATE INDEX silence_page ON silence (page, ends);"},
	{0},
};

static const struct column columns[] = {
	COLUMN("page", struct silence, page, COLUMN_TEXT),
	COLUMN("reason", struct silence, reason, COLUMN_TEXT),
	COLUMN("begins", struct silence, begins, COLUMN_INTEGER),
	COLUMN("ends", struct silence, ends, COLUMN_INTEGER),
	{0},
};

void silences_load(struct database *database, int64_t now, struct silences *silences)
{
	rows_take(database_query(database, "SELECT * FROM silence WHERE ends > ? ORDER BY ends, id",
			  "*i", columns, now),
		&silences->list, &silences->count, sizeof *silences->list);
}

void silences_release(struct silences *silences)
{
	for (size_t i = 0; i < silences->count; i++)
		row_release(columns, &silences->list[i]);
	free(silences->list);
	*silences = (struct silences){0};
}

const struct silence *silences_find(const struct silences *silences, const char *page, int64_t now)
{
	const struct silence *last = NULL;

	for (size_t i = 0; i < silences->count; i++) {
		const struct silence *silence = &silences->list[i];

		if (strcmp(silence->page, page) == 0 && silence->begins <= now &&
			now < silence->ends && (last == NULL || silence->ends > last->ends))
			last = silence;
	}
	return last;
}

void silence_begin(
	struct database *database, const char *page, int64_t now, int64_t ends, const char *reason)
{
	silence_end(database, page, now);
	database_do(database,
		"INSERT INTO silence (page, begins, ends, reason) VALUES (?, ?, ?, ?)", "tiit",
		page, now, ends, reason);
}

bool silence_end(struct database *database, const char *page, int64_t now)
{
	database_do(database, "UPDATE silence SET ends = ?2 WHERE page = ?1 AND ends > ?2", "ti",
		page, now);
	return database_changed(database) > 0;
}
