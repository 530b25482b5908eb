/* SPDX-License-Identifier: ISC */
#include "store/meaning.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

const struct schema_step meaning_schema[] = {
	{13, "CREATE TABLE meaning (page TEXT, pattern TEXT, id TEXT,"
	     "  PRIMARY KEY (page, pattern, id)) WITHOUT ROWID;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("page", struct meaning, page, COLUMN_TEXT),
	COLUMN("pattern", struct meaning, pattern, COLUMN_TEXT),
	COLUMN("id", struct meaning, id, COLUMN_TEXT),
	{0},
};

void meanings_load(struct database *database, struct meanings *meanings)
{
	rows_take(database_query(database, "SELECT * FROM meaning", "*", columns), &meanings->list,
		&meanings->count, sizeof *meanings->list);
}

void meanings_release(struct meanings *meanings)
{
	for (size_t i = 0; i < meanings->count; i++)
		row_release(columns, &meanings->list[i]);
	free(meanings->list);
	*meanings = (struct meanings){0};
}

void meanings_add(struct meanings *meanings, const char *page, const char *pattern, const char *id)
{
	*(struct meaning *)memory_append(
		&meanings->list, &meanings->count, sizeof *meanings->list) =
		(struct meaning){memory_string(page), memory_string(pattern), memory_string(id)};
}

void meanings_follow(
	struct meanings *meanings, const char *page, const char *former, const char *id)
{
	for (size_t i = 0; i < meanings->count; i++)
		if (text_equal(meanings->list[i].page, page) &&
			text_equal(meanings->list[i].id, former))
			memory_set(&meanings->list[i].id, id);
}

void meanings_save(struct database *database, const struct meanings *meanings, const char *page)
{
	database_do(database, "DELETE FROM meaning WHERE page = ?", "t", page);
	for (size_t i = 0; i < meanings->count; i++)
		if (text_equal(meanings->list[i].page, page))
			database_do(database, "INSERT OR IGNORE INTO meaning (*) VALUES (*)", "r",
				columns, &meanings->list[i]);
}

void meaning_drop(struct database *database, struct meanings *meanings, size_t place)
{
	struct meaning *meaning = &meanings->list[place];

	database_do(database, "DELETE FROM meaning WHERE page = ? AND pattern = ? AND id = ?",
		"ttt", meaning->page, meaning->pattern, meaning->id);
	row_release(columns, meaning);
	meanings->count--;
	memmove(meaning, meaning + 1, (meanings->count - place) * sizeof *meaning);
}

void meanings_expand(const struct meanings *meanings, const char *page,
	const struct text_list *patterns, struct text_list *out)
{
	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->list[i];
		bool leaves_out = pattern[0] == '!';

		text_list_add(out, pattern);
		for (size_t j = 0; j < meanings->count; j++) {
			const struct meaning *meaning = &meanings->list[j];
			char *id;

			if (!text_equal(meaning->page, page) ||
				!text_equal(meaning->pattern, pattern + leaves_out))
				continue;
			id = memory_format("%s%s", leaves_out ? "!" : "", meaning->id);
			text_list_add(out, id);
			free(id);
		}
	}
}

void meanings_of(const struct meanings *meanings, const char *page, const char *id,
	struct text_list *patterns)
{
	for (size_t i = 0; i < meanings->count; i++)
		if (text_equal(meanings->list[i].page, page) &&
			text_equal(meanings->list[i].id, id))
			text_list_add(patterns, meanings->list[i].pattern);
}
