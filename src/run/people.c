/* SPDX-License-Identifier: ISC */
#include "run/people.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/database.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "store/store.h"

enum { PEOPLE_MAX = 256 * 1024 * 1024 };

#define FACT_PEOPLE "people" /* the file's length when it was last compared */

static char *people_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/people");
}

/* Every row, as it is now. */
static struct statement *rows(struct database *database)
{
	return database_query(database,
		"SELECT json_object('subscriber', mail, 'second', second, 'pages', pages,"
		" 'indicators', indicators, 'floor', floor, 'wanted', wanted, 'state', state,"
		" 'words', 8, 'created', created, 'changed', changed, 'reason', reason)"
		" FROM subscriber"
		" UNION ALL SELECT json_object('silence', id, 'page', page, 'begins', begins,"
		" 'ends', ends, 'reason', reason) FROM silence"
		" UNION ALL SELECT json_object('acknowledged', acknowledged, 'page', page, 'kind',"
		" kind, 'indicator', indicator, 'opened', opened) FROM alarm"
		" WHERE acknowledged > 0 AND closed IS NULL",
		"");
}

bool people_write(const char *archive, struct database *database, struct error *error)
{
	char *path = people_path(archive), *rest, *line, *text;
	struct buffer file = {.maximum = PEOPLE_MAX}, added = {0};
	struct text_list known = {0};
	struct statement *row;
	bool done = file_absent(path) || file_read(path, &file, error);

	text = rest = buffer_take(&file);
	while ((line = strsep(&rest, "\n")) != NULL)
		text_list_add(&known, line);
	text_list_sort(&known);
	row = rows(database);
	while (done && statement_row(row))
		if (!text_list_search(&known, statement_text(row, 0)))
			buffer_format(&added, "%s\n", statement_text(row, 0));
	statement_end(row);
	done = done && database_good(database, error) &&
	       (added.length == 0 ||
		       file_append(path, added.data, added.length, PRIVATE_FILE_MODE, error));
	text_list_release(&known);
	buffer_release(&added);
	free(text);
	free(path);
	return done;
}

/* What is asked for in a line is the name of its first member. Lines from before `on:` had eight
 * words do not know that red brings early (bits 0 and 6). */
static void take_line(struct database *database, const char *line)
{
	struct value *value = json_parse(line, strlen(line), NULL); /* a crash may have cut it */

	if (value_get(value, "subscriber") != NULL)
		database_do(database,
			"INSERT OR REPLACE INTO subscriber (mail, second, pages, indicators, floor,"
			" wanted, state, created, changed, reason)"
			" SELECT ?1 ->> 'subscriber', ?1 ->> 'second', ?1 ->> 'pages',"
			" ?1 ->> 'indicators', ?1 ->> 'floor',"
			" iif(?1 ->> 'words' IS NULL AND ?1 ->> 'wanted' & 1,"
			"  ?1 ->> 'wanted' | 64, ?1 ->> 'wanted'), ?1 ->> 'state',"
			" ?1 ->> 'created', ?1 ->> 'changed', ?1 ->> 'reason'"
			" WHERE NOT EXISTS (SELECT 1 FROM subscriber"
			"  WHERE mail = ?1 ->> 'subscriber' AND changed > ?1 ->> 'changed')",
			"t", line);
	else if (value_get(value, "silence") != NULL)
		database_do(database,
			"INSERT OR REPLACE INTO silence (id, page, begins, ends, reason)"
			" SELECT ?1 ->> 'silence', ?1 ->> 'page', ?1 ->> 'begins', ?1 ->> 'ends',"
			" ?1 ->> 'reason'",
			"t", line);
	else if (value_get(value, "acknowledged") != NULL)
		database_do(database,
			"UPDATE alarm SET acknowledged = ?1 ->> 'acknowledged'"
			" WHERE page = ?1 ->> 'page' AND kind = ?1 ->> 'kind'"
			" AND indicator = ?1 ->> 'indicator' AND closed IS NULL"
			" AND opened <= ?1 ->> 'acknowledged'",
			"t", line);
	value_free(value);
}

enum file_presence people_read(const char *archive, struct database *database, struct error *error)
{
	char *path = people_path(archive), *text, *rest, *line;
	struct buffer file = {.maximum = PEOPLE_MAX};
	enum file_presence found = file_presence(path, error);

	if (found == FILE_PRESENT && !file_read(path, &file, error))
		found = FILE_UNKNOWN;
	text = rest = buffer_take(&file);
	while (found == FILE_PRESENT && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			take_line(database, line);
	free(text);
	free(path);
	return found;
}

bool people_compare(const char *archive, struct database *database, struct error *error)
{
	char *path = people_path(archive), *known = store_fact(database, FACT_PEOPLE);
	struct stat status;
	bool there = stat(path, &status) == 0;
	bool done = there || system_error_absent(errno) ||
		    system_error_set(error, path, "cannot be looked at");
	char length[32] = "0";

	if (there)
		snprintf(length, sizeof length, "%lld", (long long)status.st_size);
	if (done && (!there || strcmp(known, length) != 0)) {
		done = there || people_write(archive, database, error);
		database_begin(database);
		if (there)
			done = people_read(archive, database, error) == FILE_PRESENT;
		if (done)
			store_set_fact(database, FACT_PEOPLE, length);
		done = database_commit(database, error) && done;
	}
	free(known);
	free(path);
	return done;
}
