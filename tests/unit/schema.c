/* SPDX-License-Identifier: ISC
 *
 * What the modules bring, put together, is the schema that is in every archive: tests/schema holds,
 * as SQL, databases that were written when the list still stood in one place.
 */
#include "run/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/store.h"
#include "tell/hosts.h"
#include "tell/outbox.h"
#include "tell/subscribers.h"

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

static struct database *open_with(const struct schema_step *const *with, bool read_only)
{
	struct error error = {0};
	struct database *database = database_open(path, with, read_only, &error);

	if (database == NULL)
		print_error("%s\n", error.text);
	assert_non_null(database);
	return database;
}

/* The database as tests/schema has it of that version, under path. */
static void write_old(int64_t version)
{
	char *name = memory_format("tests/schema/%lld.sql", (long long)version);
	struct buffer text = {0};
	struct schema_step steps[2] = {{0}};
	const struct schema_step *const old[] = {steps, NULL};

	assert_true(file_read(name, &text, NULL));
	steps[0] = (struct schema_step){version, buffer_string(&text)};
	database_close(open_with(old, false));
	buffer_release(&text);
	free(name);
}

/* Its tables and indexes by name, as SQL. To be freed. */
static char *schema_of(struct database *database)
{
	struct statement *row = database_query(
		database, "SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name", "");
	struct buffer text = {0};

	while (statement_row(row))
		buffer_format(&text, "%s;\n", statement_text(row, 0));
	statement_end(row);
	return buffer_take(&text);
}

static void test_an_archive_of_before_is_at_the_newest_version(void **state)
{
	struct database *database;
	struct error error = {0};

	(void)state;
	write_old(11);
	database_close(open_with(schema, false));
	database = open_with(schema, true); /* which migrates nothing */
	assert_true(database_examine(database, &error));
	database_close(database);
}

static void test_a_new_database_and_older_ones_get_that_schema(void **state)
{
	static const int64_t versions[] = {1, 9, 11};
	struct database *database;
	char *wanted, *is;

	(void)state;
	database = open_with(schema, false);
	wanted = schema_of(database);
	database_close(database);
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		assert_int_equal(remove(path), 0);
		write_old(versions[i]);
		database = open_with(schema, false);
		is = schema_of(database);
		assert_string_equal(is, wanted);
		free(is);
		database_close(database);
	}
	free(wanted);
}

static void test_what_an_older_one_held_is_there(void **state)
{
	struct subscribers subscribers = {0};
	struct page_states pages = {0};
	struct delivery delivery = {0};
	struct deliveries deliveries = {0};
	struct content content;
	struct hosts hosts = {0};
	struct database *database;

	(void)state;
	write_old(9);
	database = open_with(schema, false);
	store_pages(database, &pages);
	assert_int_equal(pages.count, 1);
	store_load(database, &pages.list[0]);
	assert_string_equal(pages.list[0].reading, "reading 1");
	assert_string_equal(pages.list[0].validators[0].etag, "\"e\"");
	assert_int_equal(pages.list[0].indicators.list[0].peak, LEVEL_MAJOR_OUTAGE);
	page_states_release(&pages);
	assert_true(outbox_get(database, 1, &delivery));
	outbox_content(database, delivery.content, &content);
	assert_true(content.whole);
	assert_int_equal(content.length, 5);
	assert_memory_equal(content.bytes, "From:", 5);
	content_release(&content);
	*(struct delivery *)memory_append(&deliveries.list, &deliveries.count, sizeof delivery) =
		delivery;
	deliveries_release(&deliveries);
	subscribers_load(database, &subscribers);
	assert_int_equal(subscribers.count, 1); /* who has only asked is none */
	assert_string_equal(subscribers.list[0].is.mail, "a@example.com");
	assert_int_equal((subscribers.list[0].is.subscription.on & 1 << EVENT_RED) != 0,
		(subscribers.list[0].is.subscription.on & 1 << EVENT_INCIDENT) != 0);
	assert_int_not_equal(subscribers.list[0].is.subscription.on & 1 << EVENT_EARLY, 0);
	subscribers_release(&subscribers);
	hosts_load(database, &hosts);
	assert_string_equal(hosts.list[0].records[0].value, "192.0.2.1");
	hosts_release(&hosts);
	database_close(database);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_an_archive_of_before_is_at_the_newest_version),
		test_here(test_a_new_database_and_older_ones_get_that_schema),
		test_here(test_what_an_older_one_held_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
