/* SPDX-License-Identifier: ISC */
#include "store/crowd.h"

const struct schema_step crowd_schema[] = {
	{16, "CREATE TABLE crowd (page TEXT, counted TEXT, end INTEGER, count INTEGER,"
	     " gap INTEGER, PRIMARY KEY (page, counted, end)) WITHOUT ROWID;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("end", struct crowd_window, end, COLUMN_INTEGER),
	COLUMN("count", struct crowd_window, count, COLUMN_INTEGER),
	COLUMN("gap", struct crowd_window, gap, COLUMN_INTEGER),
	{0},
};

void crowd_windows_load(struct database *database, const char *page, const char *counted,
	struct crowd_windows *windows)
{
	rows_take(database_query(database,
			  "SELECT * FROM crowd WHERE page = ? AND counted = ? ORDER BY end", "*tt",
			  columns, page, counted),
		&windows->list, &windows->count, sizeof *windows->list);
}

void crowd_windows_forget(struct database *database, int64_t now)
{
	database_do(database, "DELETE FROM crowd WHERE end < ?", "i", now - CROWD_HISTORY_SECONDS);
}

void crowd_window_save(struct database *database, const char *page, const char *counted,
	const struct crowd_window *window)
{
	crowd_windows_forget(database, window->end);
	database_do(database,
		"INSERT OR REPLACE INTO crowd (page, counted, end, count, gap)"
		" VALUES (?, ?, ?, ?, ?)",
		"ttiii", page, counted, window->end, window->count, window->gap);
}
