/* SPDX-License-Identifier: ISC */
#include "tell/saves.h"

#include <stdlib.h>

#include "base/date.h"
#include "tell/attempt.h"
#include "tell/save_page_now.h"

const struct schema_step saves_schema[] = {
	{15, "CREATE TABLE save (page TEXT PRIMARY KEY, sums TEXT NOT NULL, asked INTEGER,"
	     " next_try INTEGER, job TEXT NOT NULL DEFAULT '', stamp TEXT NOT NULL DEFAULT '',"
	     " reason TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("page", struct save, page, COLUMN_TEXT),
	COLUMN("sums", struct save, sums, COLUMN_TEXT),
	COLUMN("asked", struct save, asked, COLUMN_INTEGER),
	COLUMN("next_try", struct save, next_try, COLUMN_INTEGER),
	COLUMN("job", struct save, job, COLUMN_TEXT),
	COLUMN("stamp", struct save, stamp, COLUMN_TEXT),
	COLUMN("reason", struct save, reason, COLUMN_TEXT),
	{0},
};

/* What was asked for after now was so before the clock went back. */
#define WAITS " stamp = '' AND (asked > ?1 OR asked + 86400 > ?1)"

_Static_assert(SAVES_SECONDS == 86400, "as in WAITS");

void saves_add(struct database *database, const char *page, const char *sums, int64_t now)
{
	database_do(database,
		"INSERT OR REPLACE INTO save (page, sums, asked, next_try) VALUES (?, ?, ?, ?)",
		"ttii", page, sums, now, now);
}

void saves_forget(struct database *database, const char *page)
{
	database_do(database, "DELETE FROM save WHERE page = ?", "t", page);
}

void saves_load(struct database *database, struct saves *saves)
{
	rows_take(database_query(database, "SELECT * FROM save ORDER BY page", "*", columns),
		&saves->list, &saves->count, sizeof *saves->list);
}

void save_release(struct save *save)
{
	row_release(columns, save);
}

void saves_release(struct saves *saves)
{
	for (size_t i = 0; i < saves->count; i++)
		save_release(&saves->list[i]);
	free(saves->list);
	*saves = (struct saves){0};
}

bool saves_due(struct database *database, int64_t now)
{
	return statement_number(database_query(database,
		       "SELECT count(*) FROM save WHERE" WAITS " AND next_try <= ?1", "i", now)) >
	       0;
}

bool saves_next(struct database *database, int64_t now, struct save *save)
{
	return row_take(database_query(database,
				"SELECT * FROM save WHERE" WAITS " ORDER BY next_try LIMIT 1", "*i",
				columns, now),
		save);
}

void saves_answer(struct database *database, const struct save *save, const struct attempt *attempt,
	int64_t now)
{
	int64_t age = now > save->asked ? now - save->asked : 0, time;
	int64_t pause = SAVES_RETRY + age / 2;
	bool captured = attempt->outcome == OUTCOME_DELIVERED && date_stamp(attempt->text, &time);
	bool done = captured && time >= save->asked;
	bool begun = !done && attempt->outcome == OUTCOME_TEMPORARY && attempt->posted > 0 &&
		     save_job_valid(attempt->text);

	if (attempt->retry_after > pause)
		pause = attempt->retry_after;
	if (pause > SAVES_RETRY_MAX)
		pause = SAVES_RETRY_MAX;
	if (begun)
		pause = SAVES_POLL + age / 4;
	database_do(database,
		"UPDATE save SET job = ?, stamp = ?, reason = ?, next_try = ?"
		" WHERE page = ? AND asked = ?",
		"tttiti", begun ? attempt->text : "", done ? attempt->text : "",
		captured || begun ? "" : attempt->text, now + pause, save->page, save->asked);
	if (attempt->of_session && attempt->retry_after > 0)
		database_do(
			database, "UPDATE save SET next_try = max(next_try, ?)", "i", now + pause);
}
