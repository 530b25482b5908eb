/* SPDX-License-Identifier: ISC
 *
 * Statements of a database, and rows of structs.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/database_p.h"
#include "base/list.h"
#include "base/memory.h"

void statement_free(struct statement *statement)
{
	sqlite3_finalize(statement->inner);
	free(statement);
}

/* With each * put out in full. The parameters of columns follow those that are already there. */
static char *expand(const char *sql, const struct column *columns, size_t parameters)
{
	struct buffer out = {0};

	for (const char *star; (star = strchr(sql, '*')) != NULL; sql = star + 1) {
		bool values, set;

		buffer_add(&out, sql, (size_t)(star - sql));
		values = strstr(buffer_string(&out), "VALUES") != NULL;
		set = strstr(buffer_string(&out), " SET ") != NULL;
		for (size_t i = 0; columns[i].name != NULL; i++) {
			buffer_format(&out, "%s%s%s", i > 0 ? ", " : "",
				values ? "" : columns[i].name, set ? " = " : "");
			if (values || set)
				buffer_format(&out, "?%zu", parameters + i + 1);
		}
	}
	buffer_text(&out, sql);
	return buffer_take(&out);
}

/* Where the statement is kept, or would be; NULL: all places are taken. */
static struct statement **place_of(
	struct database *database, const char *sql, const struct column *columns)
{
	for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
		struct statement **place = &database->kept[((uintptr_t)sql + i) % STATEMENTS_KEPT];

		if (*place == NULL ||
			((*place)->sql == sql && (*place)->columns == columns && !(*place)->used))
			return place;
	}
	return NULL;
}

static struct statement *prepare(
	struct database *database, const char *sql, const struct column *columns, size_t parameters)
{
	struct statement **place = place_of(database, sql, columns), *statement;
	char *text;

	if (place != NULL && *place != NULL)
		return *place;
	statement = memory_zero(1, sizeof *statement);
	*statement = (struct statement){.database = database, .sql = sql, .columns = columns};
	text = columns != NULL ? expand(sql, columns, parameters) : NULL;
	if (!database->failed && sqlite3_prepare_v2(database->inner, text != NULL ? text : sql, -1,
					 &statement->inner, NULL) != SQLITE_OK)
		database_fail(database);
	free(text);
	statement->kept = statement->inner != NULL && place != NULL;
	if (statement->kept)
		*place = statement;
	return statement;
}

/* A parameter that found no memory would be NULL. */
static void bound(struct database *database, int code)
{
	if (code != SQLITE_OK)
		database_fail(database);
}

/* What a member is in its column. */
struct cell {
	bool is_text;
	int64_t number;
	const char *text; /* borrowed */
};

static struct cell cell_of(const struct column *column, const void *row)
{
	const void *member = (const char *)row + column->offset;

	switch (column->type) {
	case COLUMN_INTEGER:
		return (struct cell){.number = *(const int64_t *)member};
	case COLUMN_INT:
		return (struct cell){.number = *(const int *)member};
	case COLUMN_BOOLEAN:
		return (struct cell){.number = *(const bool *)member};
	case COLUMN_WORD:
		return (struct cell){true, .text = column->words[*(const int *)member]};
	default:
		return (struct cell){true, .text = *(char *const *)member};
	}
}

static struct statement *query(
	struct database *database, const char *sql, const char *types, va_list values)
{
	const struct column *columns =
		*types == '*' || *types == 'r' ? va_arg(values, const struct column *) : NULL;
	const void *row = *types == 'r' ? va_arg(values, const void *) : NULL, *bytes;
	struct statement *statement;
	sqlite3_stmt *inner;
	int i = 1;

	types += columns != NULL;
	statement = prepare(database, sql, columns, strlen(types));
	inner = statement->inner;
	statement->used = true;
	for (; inner != NULL && *types != '\0'; types++, i++) {
		switch (*types) {
		case 'i':
			bound(database, sqlite3_bind_int64(inner, i, va_arg(values, int64_t)));
			break;
		case 't':
			bound(database, sqlite3_bind_text(inner, i, va_arg(values, const char *),
						-1, SQLITE_STATIC));
			break;
		case 'b':
			bytes = va_arg(values, const void *);
			bound(database, sqlite3_bind_blob64(inner, i, bytes, va_arg(values, size_t),
						SQLITE_STATIC));
			break;
		default:
			abort();
		}
	}
	for (; inner != NULL && row != NULL && columns->name != NULL; columns++, i++) {
		struct cell cell = cell_of(columns, row);

		bound(database, cell.is_text
					? sqlite3_bind_text(inner, i, cell.text, -1, SQLITE_STATIC)
					: sqlite3_bind_int64(inner, i, cell.number));
	}
	return statement;
}

struct statement *database_query(struct database *database, const char *sql, const char *types, ...)
{
	struct statement *statement;
	va_list values;

	va_start(values, types);
	statement = query(database, sql, types, values);
	va_end(values);
	return statement;
}

bool statement_row(struct statement *statement)
{
	int code;

	if (statement->inner == NULL || statement->database->failed)
		return false;
	code = sqlite3_step(statement->inner);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		database_fail(statement->database);
	return code == SQLITE_ROW;
}

int64_t statement_integer(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->inner, column);
}

/* A value that found no memory is not NULL. */
static void check_column(struct statement *statement, const void *bytes, int column)
{
	if (bytes == NULL && sqlite3_column_type(statement->inner, column) != SQLITE_NULL &&
		sqlite3_errcode(statement->database->inner) == SQLITE_NOMEM)
		database_fail(statement->database);
}

const char *statement_text(struct statement *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement->inner, column);

	check_column(statement, text, column);
	return text != NULL ? (const char *)text : "";
}

bool statement_null(struct statement *statement, int column)
{
	return sqlite3_column_type(statement->inner, column) == SQLITE_NULL;
}

const void *statement_blob(struct statement *statement, int column, size_t *length)
{
	const void *bytes = sqlite3_column_blob(statement->inner, column);

	check_column(statement, bytes, column);
	*length = (size_t)sqlite3_column_bytes(statement->inner, column);
	return bytes != NULL ? bytes : "";
}

void statement_end(struct statement *statement)
{
	statement->used = false;
	if (statement->inner != NULL) {
		sqlite3_reset(statement->inner);
		sqlite3_clear_bindings(statement->inner);
	}
	if (!statement->kept)
		statement_free(statement);
}

int64_t statement_number(struct statement *statement)
{
	int64_t number = statement_row(statement) ? statement_integer(statement, 0) : 0;

	statement_end(statement);
	return number;
}

char *statement_string(struct statement *statement)
{
	char *text = statement_row(statement) ? memory_string(statement_text(statement, 0)) : NULL;

	statement_end(statement);
	return text;
}

void statement_texts(struct statement *statement, struct text_list *texts)
{
	while (statement_row(statement))
		text_list_add(texts, statement_text(statement, 0));
	statement_end(statement);
}

void database_do(struct database *database, const char *sql, const char *types, ...)
{
	struct statement *statement;
	va_list values;

	va_start(values, types);
	statement = query(database, sql, types, values);
	va_end(values);
	statement_row(statement);
	statement_end(statement);
}

void row_read(struct statement *statement, int first, void *row)
{
	for (const struct column *column = statement->columns; column->name != NULL;
		column++, first++) {
		void *member = (char *)row + column->offset;

		if (column->type == COLUMN_INTEGER) {
			*(int64_t *)member = statement_integer(statement, first);
		} else if (column->type == COLUMN_INT) {
			*(int *)member = (int)statement_integer(statement, first);
		} else if (column->type == COLUMN_BOOLEAN) {
			*(bool *)member = statement_integer(statement, first) != 0;
		} else if (column->type == COLUMN_WORD) {
			const char *word = statement_text(statement, first);
			int i = 0;

			while (column->words[i] != NULL && strcmp(column->words[i], word) != 0)
				i++;
			*(int *)member = column->words[i] != NULL ? i : column->otherwise;
		} else {
			bool none =
				column->type == COLUMN_OPTIONAL && statement_null(statement, first);

			*(char **)member =
				none ? NULL : memory_string(statement_text(statement, first));
		}
	}
}

bool row_says(struct statement *statement, int first, const void *row)
{
	const struct column *column = statement->columns;
	bool same = true;

	for (; same && column->name != NULL; column++, first++) {
		struct cell cell = cell_of(column, row);

		if (!cell.is_text)
			same = statement_integer(statement, first) == cell.number;
		else
			same = cell.text != NULL && !statement_null(statement, first) &&
			       strcmp(statement_text(statement, first), cell.text) == 0;
	}
	return same;
}

bool row_take(struct statement *statement, void *row)
{
	bool found = statement_row(statement);

	if (found)
		row_read(statement, 0, row);
	statement_end(statement);
	return found;
}

void rows_take(struct statement *statement, void *array, size_t *count, size_t size)
{
	while (statement_row(statement))
		row_read(statement, 0, memory_append(array, count, size));
	statement_end(statement);
}

void row_release(const struct column *columns, void *row)
{
	for (; columns->name != NULL; columns++)
		if (columns->type == COLUMN_TEXT || columns->type == COLUMN_OPTIONAL)
			memory_set((char **)(void *)((char *)row + columns->offset), NULL);
}

int64_t database_last_row(const struct database *database)
{
	return sqlite3_last_insert_rowid(database->inner);
}

int64_t database_changed(const struct database *database)
{
	return sqlite3_changes(database->inner);
}

int64_t database_changes(const struct database *database)
{
	return sqlite3_total_changes(database->inner);
}
