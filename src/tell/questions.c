/* SPDX-License-Identifier: ISC */
#include "tell/questions.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/memory.h"

/* Names of pages have no blanks. */
static void read_pages(const char *text, struct text_list *pages)
{
	char *copy = memory_string(text), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			text_list_add(pages, word);
	free(copy);
}

void questions_load(struct database *database, struct questions *questions)
{
	struct statement *row = database_query(
		database, "SELECT id, mail, pages, asked FROM question ORDER BY id", "");

	while (statement_row(row)) {
		struct question *question =
			memory_append(&questions->list, &questions->count, sizeof *questions->list);

		question->id = statement_integer(row, 0);
		question->mail = memory_string(statement_text(row, 1));
		read_pages(statement_text(row, 2), &question->pages);
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
	struct buffer pages = {0};

	for (size_t i = 0; i < question->pages.count; i++)
		buffer_format(&pages, "%s%s", i > 0 ? " " : "", question->pages.list[i]);
	database_do(database, "INSERT INTO question (mail, pages, asked) VALUES (?, ?, ?)", "tti",
		question->mail, buffer_string(&pages), question->asked);
	buffer_release(&pages);
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
