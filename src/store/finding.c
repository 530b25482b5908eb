/* SPDX-License-Identifier: ISC */
#include "store/finding.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct schema_step finding_schema[] = {
	{13, "CREATE TABLE finding (page TEXT, type TEXT, item TEXT, text TEXT, since INTEGER,"
	     " holds INTEGER,  PRIMARY KEY (page, type, item)) WITHOUT ROWID;"},
	{0},
};

static const struct column columns[] = {
	COLUMN("page", struct finding, page, COLUMN_TEXT),
	COLUMN("type", struct finding, type, COLUMN_TEXT),
	COLUMN("item", struct finding, item, COLUMN_TEXT),
	COLUMN("text", struct finding, text, COLUMN_TEXT),
	{0},
};

static bool is_of(const struct finding *finding, const char *page, const char *type)
{
	return strcmp(finding->page, page) == 0 && strcmp(finding->type, type) == 0;
}

void findings_add(struct findings *findings, const char *page, const char *type, const char *item,
	const char *text)
{
	size_t like = 0;

	for (size_t i = 0; i < findings->count; i++) {
		if (!is_of(&findings->list[i], page, type))
			continue;
		if (++like == FINDINGS_MAX || strcmp(findings->list[i].item, item) == 0)
			return;
	}
	*(struct finding *)memory_append(
		&findings->list, &findings->count, sizeof *findings->list) = (struct finding){
		memory_string(page), memory_string(type), memory_string(item), memory_string(text)};
}

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		row_release(columns, &findings->list[i]);
	free(findings->list);
	*findings = (struct findings){0};
}

void findings_load(struct database *database, const char *page, const char *type, bool past,
	struct findings *findings)
{
	rows_take(database_query(database,
			  "SELECT * FROM finding WHERE (?1 IS NULL OR page = ?1) AND type = ?2"
			  " AND (holds OR ?3) ORDER BY page, item",
			  "*tti", columns, page, type, (int64_t)past),
		&findings->list, &findings->count, sizeof *findings->list);
}

void findings_save(struct database *database, const char *page, const char *type,
	const struct findings *now, int64_t time, struct findings *fresh)
{
	int64_t known = statement_number(database_query(database,
		"SELECT count(*) FROM finding WHERE page = ? AND type = ?", "tt", page, type));

	database_do(database, "UPDATE finding SET holds = 0 WHERE page = ? AND type = ? AND holds",
		"tt", page, type);
	for (size_t i = 0; i < now->count; i++) {
		const struct finding *finding = &now->list[i];

		if (!is_of(finding, page, type))
			continue;
		database_do(database,
			"UPDATE finding SET holds = 1, text = ?"
			" WHERE page = ? AND type = ? AND item = ?",
			"tttt", finding->text, page, type, finding->item);
		if (database_changed(database) > 0 || known >= FINDINGS_MAX)
			continue;
		known++;
		database_do(database,
			"INSERT INTO finding (page, type, item, text, since, holds)"
			" VALUES (?, ?, ?, ?, ?, 1)",
			"tttti", page, type, finding->item, finding->text, time);
		findings_add(fresh, page, type, finding->item, finding->text);
	}
}

void finding_forget(struct database *database, const struct finding *finding)
{
	database_do(database, "DELETE FROM finding WHERE page = ? AND type = ? AND item = ?", "ttt",
		finding->page, finding->type, finding->item);
}
