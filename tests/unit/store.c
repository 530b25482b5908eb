/* SPDX-License-Identifier: ISC */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "run/schema.h"
#include "store/alarm.h"

static char folder[64], *path;
static struct database *database;

static int open_store(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lampwatch-unit-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	path = file_join(folder, "lampwatch.db");
	database = database_open(path, schema, false, NULL);
	return database == NULL;
}

static int close_store(void **state)
{
	(void)state;
	database_close(database);
	free(path);
	return !file_remove_tree(folder, NULL);
}

static struct page_state *state_new(struct page_state *state, const char *name)
{
	*state = (struct page_state){.name = memory_string(name), .loaded = true};
	return state;
}

static struct page_state load(const char *name)
{
	struct page_states states = {0};
	struct page_state *found, state;

	store_pages(database, &states);
	found = page_states_find(&states, name);
	assert_non_null(found);
	state = *found;
	*found = (struct page_state){0};
	page_states_release(&states);
	return state;
}

static void test_a_state_comes_back_as_it_was_saved(void **state)
{
	struct page_state one, read;
	struct indicator_state *indicator;

	(void)state;
	state_new(&one, "one");
	one.url = memory_string("https://status.example.com/");
	one.known = one.unreadable = one.lost = one.red = one.unconfirmed = true;
	one.last_fetch = 1, one.last_success = 2, one.last_full = 3, one.retry_at = 4,
	one.failures = 5;
	one.failing_since = 6, one.snapshot = 7, one.confirmed = 8, one.last_confirmed = 9;
	one.failure = memory_string("HTTP 503");
	one.head = memory_string("abc");
	one.reading = memory_string("reading 1\n");
	one.validators[1].url = memory_string("https://status.example.com/two");
	one.validators[1].etag = memory_string("W/\"1\"");
	strcpy(one.validators[1].body, "digest");
	indicator = indicator_states_add(&one.indicators, "a", "G", "A");
	indicator->level = LEVEL_MAJOR_OUTAGE, indicator->before = LEVEL_NOTICE;
	indicator->gone = indicator->red = indicator->alarm = true;
	indicator->since = 10, indicator->count = 11, indicator->count_since = 12,
	indicator->alarm_since = 13;
	store_save(database, &one);
	page_state_release(&one);

	read = load("one");
	assert_null(read.reading);
	assert_true(read.known && read.unreadable && read.lost && read.red && read.unconfirmed);
	assert_int_equal(read.last_fetch, 1);
	assert_int_equal(read.last_success, 2);
	assert_int_equal(read.last_full, 3);
	assert_int_equal(read.retry_at, 4);
	assert_int_equal(read.failures, 5);
	assert_int_equal(read.failing_since, 6);
	assert_int_equal(read.snapshot, 7);
	assert_int_equal(read.confirmed, 8);
	assert_int_equal(read.last_confirmed, 9);
	assert_string_equal(read.failure, "HTTP 503");
	assert_string_equal(read.head, "abc");
	assert_null(read.validators[0].url);
	assert_string_equal(read.validators[1].etag, "W/\"1\"");
	assert_null(read.validators[1].last_modified);
	assert_string_equal(read.validators[1].body, "digest");
	store_load(database, &read);
	assert_string_equal(read.reading, "reading 1\n");
	assert_int_equal(read.indicators.count, 1);
	indicator = &read.indicators.list[0];
	assert_string_equal(indicator->group, "G");
	assert_int_equal(indicator->level, LEVEL_MAJOR_OUTAGE);
	assert_int_equal(indicator->before, LEVEL_NOTICE);
	assert_true(indicator->gone && indicator->red && indicator->alarm);
	assert_int_equal(indicator->since, 10);
	assert_int_equal(indicator->count, 11);
	assert_int_equal(indicator->count_since, 12);
	assert_int_equal(indicator->alarm_since, 13);
	page_state_release(&read);
}

static void test_what_was_not_loaded_is_not_lost_by_saving(void **state)
{
	struct page_state one;

	(void)state;
	state_new(&one, "one");
	one.reading = memory_string("reading 1\n");
	indicator_states_add(&one.indicators, "a", "", "A");
	store_save(database, &one);
	page_state_release(&one);
	one = load("one");
	store_save(database, &one);
	store_load(database, &one);
	assert_string_equal(one.reading, "reading 1\n");
	assert_int_equal(one.indicators.count, 1);
	page_state_release(&one);
}

static void test_a_lamp_that_left_is_not_there_any_more(void **state)
{
	struct page_state one;

	(void)state;
	state_new(&one, "one");
	indicator_states_add(&one.indicators, "a", "", "A");
	store_save(database, &one);
	indicator_states_release(&one.indicators);
	indicator_states_add(&one.indicators, "b", "", "B");
	store_save(database, &one);
	page_state_release(&one);
	one = load("one");
	store_load(database, &one);
	assert_int_equal(one.indicators.count, 1);
	assert_string_equal(one.indicators.list[0].id, "b");
	page_state_release(&one);
}

enum { LAMP_MEMBERS = 18 };

static void change_lamp(struct indicator_state *lamp, int member)
{
	int64_t *const numbers[] = {&lamp->since, &lamp->count, &lamp->count_since,
		&lamp->alarm_since, &lamp->flaps.time, &lamp->flaps.changed, &lamp->rising};
	bool *const flags[] = {&lamp->gone, &lamp->red, &lamp->alarm, &lamp->flapping};
	enum level *const levels[] = {&lamp->level, &lamp->before, &lamp->peak};
	char **const texts[] = {&lamp->group, &lamp->name, &lamp->word};

	if (member < 7)
		++*numbers[member];
	else if (member < 10)
		*levels[member - 7] = LEVEL_MAJOR_OUTAGE;
	else if (member < 13)
		memory_set(texts[member - 10], "other");
	else if (member < 17)
		*flags[member - 13] = !*flags[member - 13];
	else
		strcpy(lamp->flaps.states, "01");
}

static int64_t rows_saved(const struct page_state *one)
{
	int64_t before = database_changes(database);

	store_save(database, one);
	return database_changes(database) - before;
}

static void test_a_lamp_is_written_when_anything_of_it_has_changed(void **state)
{
	struct page_state one;
	int64_t others;

	(void)state;
	state_new(&one, "one");
	for (int i = 0; i < 3; i++)
		indicator_states_add(&one.indicators, (char[]){(char)('a' + i), '\0'}, "", "A")
			->alarm = true;
	store_save(database, &one);
	others = rows_saved(&one);
	for (int member = 0; member < LAMP_MEMBERS; member++) {
		change_lamp(&one.indicators.list[1], member);
		assert_int_equal(rows_saved(&one), others + 1);
		store_unload(&one);
		store_load(database, &one);
		assert_int_equal(rows_saved(&one), others);
	}
	page_state_release(&one);
}

static void test_a_touch_writes_times_and_nothing_else(void **state)
{
	struct page_state one;

	(void)state;
	state_new(&one, "one");
	one.url = memory_string("u");
	one.failures = 2;
	store_save(database, &one);
	memory_set(&one.url, "v");
	one.last_fetch = one.last_confirmed = 60, one.confirmed = 2, one.failures = 9;
	store_touch(database, &one);
	page_state_release(&one);
	one = load("one");
	assert_string_equal(one.url, "u");
	assert_int_equal(one.failures, 2);
	assert_int_equal(one.last_fetch, 60);
	assert_int_equal(one.confirmed, 2);
	page_state_release(&one);
}

static void add_snapshot(int64_t sequence, int64_t time, const char *name)
{
	char *copy = memory_string(name);
	struct snapshot_row row = {sequence, time, copy, copy, copy};

	store_add_snapshot(database, "one", &row);
	free(copy);
}

static void assert_at(int64_t time, int64_t before, int64_t after)
{
	struct snapshot_row row = {0};

	assert_int_equal(store_snapshot_at(database, "one", time, &row) ? row.sequence : 0, before);
	snapshot_row_release(&row);
	assert_int_equal(
		store_snapshot_after(database, "one", time, &row) ? row.sequence : 0, after);
	snapshot_row_release(&row);
}

static void test_snapshots_are_found_by_time_and_the_sequence_decides_within_a_second(void **state)
{
	(void)state;
	add_snapshot(1, 100, "a");
	add_snapshot(2, 200, "b");
	add_snapshot(3, 200, "b-2");
	assert_at(99, 0, 1);
	assert_at(100, 1, 2);
	assert_at(199, 1, 2);
	assert_at(200, 3, 0);
	assert_true(store_has_folder(database, "one", "b-2"));
	assert_false(store_has_folder(database, "two", "b-2"));
}

static bool take_two(void *context, const struct snapshot_row *row)
{
	int64_t *last = context;

	assert_int_equal(row->sequence, *last + 1);
	*last = row->sequence;
	return *last < 2;
}

static void test_snapshots_are_walked_oldest_first_until_enough(void **state)
{
	int64_t last = 0;

	(void)state;
	for (int64_t i = 3; i > 0; i--)
		add_snapshot(i, 100, "a");
	store_snapshots(database, "one", take_two, &last);
	assert_int_equal(last, 2);
}

/* One that was first seen on the page at turned. */
static int64_t open_alarm(const char *indicator, int64_t time, int64_t turned)
{
	char *origin = store_origin(database, "one", turned);
	int64_t alarm = store_open_alarm(database, "one", "red", indicator, time, origin);

	free(origin);
	return alarm;
}

static void test_alarms_are_episodes(void **state)
{
	int64_t first, second;

	(void)state;
	first = open_alarm("a", 100, 100);
	assert_int_equal(store_find_alarm(database, "one", "red", "a"), first);
	assert_int_equal(store_find_alarm(database, "one", "red", "b"), 0);
	assert_int_equal(store_find_alarm(database, "one", "lost", "a"), 0);
	store_rename_alarm(database, "one", "a", "b");
	assert_int_equal(store_find_alarm(database, "one", "red", "a"), 0);
	assert_int_equal(store_find_alarm(database, "one", "red", "b"), first);
	store_close_alarm(database, first, 200);
	assert_int_equal(store_find_alarm(database, "one", "red", "b"), 0);
	store_rename_alarm(database, "one", "b", "c"); /* history stays as it was */
	second = open_alarm("b", 300, 300);
	assert_int_not_equal(first, second);
}

/* From whichever database it is asked: what the chain said before it turned, and which turn it is
 * since. */
static void test_the_origin_of_an_alarm_is_the_line_before_it_turned(void **state)
{
	char folders[][2] = {"a", "b"}, none[] = "", lines[][9] = {"line one", "line two"};
	struct snapshot_row rows[] = {
		{1, 100, folders[0], none, lines[0]}, {2, 200, folders[1], none, lines[1]}};
	char *first, *second, *before, digest[DIGEST_TEXT];

	(void)state;
	before = store_alarm_origin(database, open_alarm("a", 50, 50));
	assert_string_equal(before, "/0");
	for (size_t i = 0; i < 2; i++)
		store_add_snapshot(database, "one", &rows[i]);
	/* It turned at 200, and the fetch that confirmed it came later. */
	first = store_alarm_origin(database, open_alarm("a", 260, 200));
	digest_sha256("line one", 8, digest);
	assert_memory_equal(first, digest, 64);
	assert_string_equal(first + 64, "/0");
	second = store_alarm_origin(database, open_alarm("a", 300, 150));
	assert_memory_equal(second, digest, 64);
	assert_string_equal(second + 64, "/1");
	free(first);
	free(second);
	free(before);
}

static void test_history_is_newest_first_and_events_follow_their_changes(void **state)
{
	struct changes changes = {0};
	struct log_entries histories = {0};
	static const char *const expected[] = {"gone", "red", "indicator", "overall"};

	(void)state;
	changes_add(&changes, CHANGE_OVERALL, "", "P", "operational", "degraded", "");
	changes_add(&changes, CHANGE_INDICATOR, "a", "A", "operational", "major_outage", "down");
	store_add_change(database, "one", 100, 1, &changes.list[0], true);
	store_add_change(database, "one", 200, 2, &changes.list[1], false);
	store_add_event(
		database, "one", 200, "red", "a", "A", "operational", "major_outage", "down");
	store_add_event(database, "two", 300, "gone", "b", "B", "", "", "");
	store_log(database, NULL, 0, 10, &histories);
	assert_int_equal(histories.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(histories.list[i].type, expected[i]);
	assert_true(histories.list[3].reread);
	assert_int_equal(histories.list[2].snapshot, 2);
	log_entries_release(&histories);
	store_log(database, "one", 200, 1, &histories);
	assert_int_equal(histories.count, 1);
	assert_string_equal(histories.list[0].type, "red");
	log_entries_release(&histories);
	changes_release(&changes);
}

static void test_pages_in_trouble_are_those_that_are_red_or_lost(void **state)
{
	struct page_state one;
	struct text_list pages = {0};
	static const char *const names[] = {"green", "lost", "red"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		state_new(&one, names[i]);
		one.lost = i == 1;
		one.red = i == 2;
		store_save(database, &one);
		page_state_release(&one);
	}
	store_troubled(database, &pages);
	assert_int_equal(pages.count, 2);
	assert_true(text_list_has(&pages, "lost") && text_list_has(&pages, "red"));
	text_list_release(&pages);
}

static void assert_fact(const char *name, const char *expected)
{
	char *value = store_fact(database, name);

	assert_string_equal(value, expected);
	free(value);
}

static void test_facts_are_remembered(void **state)
{
	(void)state;
	assert_fact("key", "");
	store_set_fact(database, "key", "a");
	store_set_fact(database, "key", "b");
	assert_fact("key", "b");
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

static void test_changes_of_every_type_are_told_as_they_were_found(void **state)
{
	const struct snapshot_row snapshot = {.sequence = 1, .time = 100};
	struct changes changes = {0};
	struct buffer wanted = {0}, told = {0};

	(void)state;
	store_add_snapshot(database, "one", &snapshot);
	for (int i = CHANGE_OVERALL; i <= CHANGE_READABLE; i++)
		store_add_change(database, "one", 100, 1,
			changes_add(&changes, (enum change_type)i, "a", "A", "", "after", "text"),
			false);
	changes_write(&changes, &wanted);
	store_changes_text(database, "one", 1, &told);
	assert_string_equal(buffer_string(&told), buffer_string(&wanted));
	buffer_release(&wanted);
	buffer_release(&told);
	changes_release(&changes);
}

/* A byte of a page's name is another, as a disk may have it. */
static void test_pages_out_of_their_order_are_damage_and_not_new(void **state)
{
	struct page_state first, second;
	struct page_states states = {0};
	struct buffer bytes = {0};
	struct error error = {0};

	(void)state;
	store_save(database, state_new(&first, "alpha"));
	store_save(database, state_new(&second, "beta"));
	database_close(database);
	assert_true(file_read(path, &bytes, &error));
	for (char *at = bytes.data;
		(at = memmem(at, bytes.length - (size_t)(at - bytes.data), "alpha", 5)) != NULL;)
		*at = 'z';
	assert_true(file_write(path, bytes.data, bytes.length, 0600, &error));
	database = database_open(path, schema, false, &error);
	assert_non_null(database);
	assert_false(store_pages(database, &states));
	assert_false(database_good(database, &error));
	assert_non_null(strstr(error.text, "its pages are not in their order"));
	page_states_release(&states);
	page_state_release(&first);
	page_state_release(&second);
	buffer_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_a_state_comes_back_as_it_was_saved),
		test_here(test_what_was_not_loaded_is_not_lost_by_saving),
		test_here(test_a_lamp_that_left_is_not_there_any_more),
		test_here(test_a_lamp_is_written_when_anything_of_it_has_changed),
		test_here(test_a_touch_writes_times_and_nothing_else),
		test_here(
			test_snapshots_are_found_by_time_and_the_sequence_decides_within_a_second),
		test_here(test_snapshots_are_walked_oldest_first_until_enough),
		test_here(test_alarms_are_episodes),
		test_here(test_the_origin_of_an_alarm_is_the_line_before_it_turned),
		test_here(test_history_is_newest_first_and_events_follow_their_changes),
		test_here(test_changes_of_every_type_are_told_as_they_were_found),
		test_here(test_pages_in_trouble_are_those_that_are_red_or_lost),
		test_here(test_facts_are_remembered),
		test_here(test_pages_out_of_their_order_are_damage_and_not_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
