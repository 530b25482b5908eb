/* SPDX-License-Identifier: ISC */
#include "tell/pending_subscription.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/list.h"
#include "base/memory.h"

const struct schema_step questions_schema[] = {
	{11, "CREATE TABLE question (id INTEGER PRIMARY KEY, mail TEXT NOT NULL,"
	     " pages TEXT NOT NULL,  asked INTEGER NOT NULL);"},
	{0},
};

void questions_load(struct database *database, struct questions *questions)
{
	struct statement *row = database_query(
		database, "SELECT id, mail, pages, asked FROM question ORDER BY id", "");

	while (statement_row(row)) {
		struct question *question =
			memory_append(&questions->list, &questions->count, sizeof *questions->list);

		question->id = statement_integer(row, 0);
		question->mail = memory_string(statement_text(row, 1));
		text_list_add_words(&question->pages, statement_text(row, 2));
		question->asked = statement_integer(row, 3);
	}
	statement_end(row);
}

void questions_release(struct questions *questions)
{
	for (size_t i = 0; i < questions->count; i++) {
		free(questions->list[i].mail);
		text_list_release(&questions->list[i].pages);
	}
	free(questions->list);
	*questions = (struct questions){0};
}

int64_t question_add(struct database *database, const struct question *question)
{
	char *pages = text_list_words(&question->pages); /* whose names have no blanks */

	database_do(database, "INSERT INTO question (mail, pages, asked) VALUES (?, ?, ?)", "tti",
		question->mail, pages, question->asked);
	free(pages);
	return database_last_row(database);
}

void questions_forget(struct database *database, const char *mail)
{
	database_do(database, "DELETE FROM question WHERE mail = ? COLLATE NOCASE", "t", mail);
}

void questions_expire(struct database *database, int64_t before)
{
	database_do(database, "DELETE FROM question WHERE asked < ?", "i", before);
}
