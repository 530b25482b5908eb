/* SPDX-License-Identifier: ISC */
#include "tell/pending_subscription.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

const struct schema_step pending_subscriptions_schema[] = {
	{11, "CREATE TABLE question (id INTEGER PRIMARY KEY, mail TEXT NOT NULL,"
	     " pages TEXT NOT NULL,  asked INTEGER NOT NULL);"},
	/* what a letter asks for, which names no more than pages */
	{17, "ALTER TABLE question ADD COLUMN floor TEXT NOT NULL DEFAULT 'degraded';"
	     "ALTER TABLE question ADD COLUMN wanted INTEGER NOT NULL DEFAULT 107;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("id", struct pending_subscription, id, COLUMN_INTEGER),
	COLUMN("mail", struct pending_subscription, mail, COLUMN_TEXT),
	COLUMN("asked", struct pending_subscription, asked, COLUMN_INTEGER),
	COLUMN_OF_WORDS(
		"floor", struct pending_subscription, wants.floor, level_names, LEVEL_DEGRADED),
	COLUMN("wanted", struct pending_subscription, wants.on, COLUMN_INT),
	{0},
};

void pending_subscriptions_load(struct database *database, struct pending_subscriptions *questions)
{
	struct statement *row =
		database_query(database, "SELECT pages, * FROM question ORDER BY id", "*", columns);

	while (statement_row(row)) {
		struct pending_subscription *question =
			memory_append(&questions->list, &questions->count, sizeof *question);

		question->wants = subscription_default;
		row_read(row, 1, question);
		text_list_add_words(&question->wants.pages, statement_text(row, 0));
	}
	statement_end(row);
}

void pending_subscriptions_release(struct pending_subscriptions *questions)
{
	for (size_t i = 0; i < questions->count; i++) {
		row_release(columns, &questions->list[i]);
		subscription_release(&questions->list[i].wants);
	}
	free(questions->list);
	*questions = (struct pending_subscriptions){0};
}

int64_t pending_subscription_add(
	struct database *database, const struct pending_subscription *question)
{
	char *pages = text_list_words(&question->wants.pages); /* whose names have no blanks */

	database_do(database, "INSERT INTO question (pages, *) VALUES (?, *)", "rt", &columns[1],
		question, pages);
	free(pages);
	return database_last_row(database);
}

char *pending_subscription_about(const struct pending_subscription *question)
{
	char *lower = text_lower(question->mail);
	char *about =
		memory_format("%s|%" PRId64 "|%" PRId64, lower, question->id, question->asked);

	free(lower);
	return about;
}

void pending_subscriptions_forget(struct database *database, const char *mail)
{
	database_do(database, "DELETE FROM question WHERE mail = ? COLLATE NOCASE", "t", mail);
}

void pending_subscriptions_expire(struct database *database, int64_t before)
{
	database_do(database, "DELETE FROM question WHERE asked < ?", "i", before);
}
