/* SPDX-License-Identifier: ISC */
#include "base/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

/* Two modules, of which one grew. */
static const struct schema_step things[] = {
	{1, "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE, bytes BLOB)"},
	{0},
};
static const struct schema_step things_grown[] = {
	{1, "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE, bytes BLOB)"},
	{2, "ALTER TABLE thing ADD COLUMN more TEXT"},
	{0},
};
static const struct schema_step others[] = {{1, "CREATE TABLE other (id INTEGER)"}, {0}};
static const struct schema_step *const first[] = {others, things, NULL}, *const second[] = {others,
										 things_grown,
										 NULL};

static char folder[64], *path;

static int open_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lampwatch-unit-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	path = file_join(folder, "test.db");
	return 0;
}

static int close_folder(void **state)
{
	(void)state;
	free(path);
	return !file_remove_tree(folder, NULL);
}

static struct database *open_here(const struct schema_step *const *schema)
{
	struct error error = {0};
	struct database *database = database_open(path, schema, false, &error);

	if (database == NULL)
		print_error("%s\n", error.text);
	assert_non_null(database);
	return database;
}

static int64_t count(struct database *database)
{
	struct statement *row = database_query(database, "SELECT count(*) FROM thing", "");
	int64_t number;

	assert_true(statement_row(row));
	number = statement_integer(row, 0);
	statement_end(row);
	return number;
}

static void add(struct database *database, const char *name)
{
	database_do(database, "INSERT INTO thing (name) VALUES (?)", "t", name);
}

static void test_a_new_database_is_its_owners_alone(void **state)
{
	struct database *database = open_here(first);
	struct stat status;

	(void)state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	database_close(database);
}

static void test_a_transaction_is_there_whole(void **state)
{
	struct database *database = open_here(first);

	(void)state;
	database_begin(database);
	add(database, "a");
	add(database, "b");
	assert_int_equal(database_changed(database), 1);
	assert_int_equal(database_last_row(database), 2);
	assert_true(database_commit(database, NULL));
	database_close(database);
	database = open_here(first);
	assert_int_equal(count(database), 2);
	database_close(database);
}

static void test_or_not_at_all_and_the_first_reason_is_told(void **state)
{
	struct database *database = open_here(first);
	struct error error = {0};

	(void)state;
	database_begin(database);
	add(database, "a");
	add(database, "a"); /* twice the same: fails as a full disk does, in the middle */
	assert_true(database_failed(database));
	add(database, "c"); /* does nothing */
	assert_true(database_kept(database, &error));
	assert_false(database_commit(database, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "UNIQUE"));
	assert_false(database_failed(database));
	assert_false(database_kept(database, &error));
	assert_non_null(strstr(error.text, "the database cannot be written: UNIQUE"));
	assert_int_equal(count(database), 0);
	database_begin(database);
	add(database, "a");
	assert_true(database_commit(database, &error));
	assert_int_equal(count(database), 1);
	database_close(database);
}

static void test_text_bytes_and_null_come_back_as_they_went(void **state)
{
	struct database *database = open_here(first);
	struct statement *row;
	const void *bytes;
	size_t length;

	(void)state;
	database_do(database, "INSERT INTO thing VALUES (?, ?, ?)", "itb", (int64_t)1 << 62,
		"\xc3\xa4", "a\0b", (size_t)3);
	database_do(database, "INSERT INTO thing VALUES (?, ?, ?)", "itb", (int64_t)-1, NULL, NULL,
		(size_t)0);
	row = database_query(database, "SELECT id, name, bytes FROM thing ORDER BY id DESC", "");
	assert_true(statement_row(row));
	assert_true(statement_integer(row, 0) == (int64_t)1 << 62);
	assert_string_equal(statement_text(row, 1), "\xc3\xa4");
	bytes = statement_blob(row, 2, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(bytes, "a\0b", 3);
	assert_true(statement_row(row));
	assert_true(statement_null(row, 1));
	assert_string_equal(statement_text(row, 1), "");
	assert_false(statement_row(row));
	statement_end(row);
	database_close(database);
}

static const char by_name[] = "SELECT id FROM thing WHERE name = ?";

static void test_the_same_statement_may_be_under_way_twice(void **state)
{
	struct database *database = open_here(first);
	struct statement *one, *two;

	(void)state;
	add(database, "a");
	add(database, "b");
	one = database_query(database, by_name, "t", "a");
	two = database_query(database, by_name, "t", "b");
	assert_true(statement_row(one));
	assert_true(statement_row(two));
	assert_int_equal(statement_integer(one, 0), 1);
	assert_int_equal(statement_integer(two, 0), 2);
	statement_end(one);
	statement_end(two);
	database_close(database);
}

static const char *const moods[] = {"good", "bad", NULL};

struct row {
	int64_t big;
	int small;
	bool flag;
	char *text, *optional;
	enum mood { GOOD, BAD, UNHEARD_OF } mood;
};

static const struct column row_columns[] = {
	COLUMN("big", struct row, big, COLUMN_INTEGER),
	COLUMN("small", struct row, small, COLUMN_INT),
	COLUMN("flag", struct row, flag, COLUMN_BOOLEAN),
	COLUMN("text", struct row, text, COLUMN_TEXT),
	COLUMN("optional", struct row, optional, COLUMN_OPTIONAL),
	COLUMN_OF_WORDS("mood", struct row, mood, moods, UNHEARD_OF),
	{0},
};

static const struct schema_step rows[] = {
	{1, "CREATE TABLE row (id INTEGER PRIMARY KEY, owner TEXT, big, small, flag, text,"
	    " optional, mood)"},
	{0},
};

static void test_a_struct_comes_back_from_its_row_as_it_went(void **state)
{
	static const struct schema_step *const schema[] = {rows, NULL};
	struct database *database = open_here(schema);
	struct row in = {-((int64_t)1 << 40), -2, true, memory_string("text"), NULL, BAD}, out;
	struct {
		struct row *list;
		size_t count;
	} all = {0};

	(void)state;
	database_do(
		database, "INSERT INTO row (owner, *) VALUES (?, *)", "rt", row_columns, &in, "me");
	assert_true(row_take(database_query(database, "SELECT * FROM row WHERE owner = ?", "*t",
				     row_columns, "me"),
		&out));
	assert_true(out.big == -((int64_t)1 << 40));
	assert_int_equal(out.small, -2);
	assert_true(out.flag);
	assert_string_equal(out.text, "text");
	assert_null(out.optional);
	assert_int_equal(out.mood, BAD);
	row_release(row_columns, &out);
	assert_null(out.text);
	assert_false(row_take(database_query(database, "SELECT * FROM row WHERE owner = ?", "*t",
				      row_columns, "you"),
		&out));

	memory_set(&in.optional, "more");
	in.mood = GOOD;
	in.big = 7; /* stands before what is written */
	database_do(
		database, "UPDATE row SET * WHERE owner = ?1", "rt", &row_columns[3], &in, "me");
	database_do(database, "INSERT INTO row (mood) VALUES ('new')", "");
	rows_take(database_query(database, "SELECT * FROM row ORDER BY id", "*", row_columns),
		&all.list, &all.count, sizeof *all.list);
	assert_int_equal(all.count, 2);
	assert_true(all.list[0].big == -((int64_t)1 << 40));
	assert_string_equal(all.list[0].optional, "more");
	assert_int_equal(all.list[0].mood, GOOD);
	assert_string_equal(all.list[1].text, "");
	assert_null(all.list[1].optional);
	assert_int_equal(all.list[1].mood, UNHEARD_OF);
	for (size_t i = 0; i < all.count; i++)
		row_release(row_columns, &all.list[i]);
	free(all.list);
	row_release(row_columns, &in);
	database_close(database);
}

static void test_an_older_one_is_brought_forward_and_a_newer_one_refused(void **state)
{
	struct database *database = open_here(first);
	struct error error = {0};

	(void)state;
	add(database, "a");
	database_close(database);
	assert_null(database_open(path, second, true, &error)); /* a reader changes nothing */
	assert_non_null(strstr(error.text, "older"));
	database = open_here(second);
	database_do(database, "UPDATE thing SET more = ?", "t", "x");
	assert_int_equal(database_changed(database), 1);
	database_close(database);
	assert_null(database_open(path, first, false, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "newer"));
}

static void test_what_is_no_database_is_refused_and_left_alone(void **state)
{
	static const char text[] =
		"this is not a database, whatever its name says, and it is long enough to be one";
	struct error error = {0};
	struct stat status;

	(void)state;
	assert_true(file_write(path, text, sizeof text, 0600, NULL));
	assert_null(database_open(path, first, false, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, sizeof text);
}

/* Overwrites what lies behind the first pages of a database with many rows. */
static void damage(void)
{
	struct database *database = open_here(first);
	struct error error = {0};
	FILE *file;

	database_begin(database);
	for (int i = 0; i < 2000; i++) {
		char *name = memory_format("a name that fills the pages of the file, number %d", i);

		add(database, name);
		free(name);
	}
	assert_true(database_commit(database, &error));
	assert_true(database_examine(database, &error));
	database_close(database);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (long at = 8192; at < 60000; at += 512) {
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		assert_int_equal(fwrite("damage", 1, 6, file), 6);
	}
	assert_int_equal(fclose(file), 0);
}

static void test_a_database_whose_pages_were_overwritten_is_found_damaged(void **state)
{
	struct database *database;
	struct error error = {0};

	(void)state;
	damage();
	database = open_here(first);
	assert_false(database_examine(database, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	database_close(database);
}

static void test_what_could_not_be_read_is_not_empty(void **state)
{
	struct database *database;
	struct error error = {0};
	struct statement *row;

	(void)state;
	damage();
	database = open_here(first);
	assert_true(database_good(database, &error));
	row = database_query(database, "SELECT id, name FROM thing", "");
	while (statement_row(row))
		;
	statement_end(row);
	assert_true(database_failed(database));
	assert_false(database_good(database, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "test.db: cannot be read: "));
	/* What followed from it must not be kept, and what is read now must not be believed. */
	database_begin(database);
	database_do(database, "INSERT INTO other VALUES (1)", "");
	assert_false(database_commit(database, &error));
	assert_non_null(strstr(error.text, "test.db: cannot be read: "));
	assert_false(database_good(database, NULL));
	database_close(database);
	database = open_here(first);
	assert_int_equal(
		statement_number(database_query(database, "SELECT count(*) FROM other", "")), 0);
	assert_true(database_good(database, NULL));
	database_close(database);
}

static void test_a_read_that_fails_in_a_transaction_fails_the_transaction_only(void **state)
{
	struct database *database;
	struct error error = {0};
	struct statement *row;

	(void)state;
	damage();
	database = open_here(first);
	database_begin(database);
	row = database_query(database, "SELECT id, name FROM thing", "");
	while (statement_row(row))
		;
	statement_end(row);
	database_do(database, "INSERT INTO other VALUES (1)", "");
	assert_false(database_commit(database, &error));
	assert_true(database_good(database, NULL));
	database_begin(database);
	database_do(database, "INSERT INTO other VALUES (2)", "");
	assert_true(database_commit(database, &error));
	database_close(database);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_a_new_database_is_its_owners_alone),
		test_here(test_a_transaction_is_there_whole),
		test_here(test_or_not_at_all_and_the_first_reason_is_told),
		test_here(test_text_bytes_and_null_come_back_as_they_went),
		test_here(test_the_same_statement_may_be_under_way_twice),
		test_here(test_a_struct_comes_back_from_its_row_as_it_went),
		test_here(test_an_older_one_is_brought_forward_and_a_newer_one_refused),
		test_here(test_what_is_no_database_is_refused_and_left_alone),
		test_here(test_a_database_whose_pages_were_overwritten_is_found_damaged),
		test_here(test_what_could_not_be_read_is_not_empty),
		test_here(test_a_read_that_fails_in_a_transaction_fails_the_transaction_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
