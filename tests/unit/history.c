/* SPDX-License-Identifier: ISC */
#include "store/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "run/schema.h"
#include "store/store.h"

enum { EVERY = 100 * 1000 }; /* milliseconds: a fetch holds for 100 seconds, stale after 300 */

static char folder[64], *path;
static struct database *database;
static struct page_state page;

static int open_store(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lampwatch-unit-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	path = file_join(folder, "lampwatch.db");
	database = database_open(path, schema, false, NULL);
	page = (struct page_state){.name = memory_string("one"), .loaded = true, .known = true};
	return database == NULL;
}

static int close_store(void **state)
{
	(void)state;
	page_state_release(&page);
	database_close(database);
	free(path);
	return !file_remove_tree(folder, NULL);
}

static void snapshot(int64_t sequence, int64_t time)
{
	static char text[] = "-";
	struct snapshot_row row = {sequence, time, text, text, text};

	store_add_snapshot(database, "one", &row);
}

static void change(int64_t time, enum change_type type, char *id, char *before, char *after)
{
	static char name[] = "Name", none[] = "";
	struct change row = {type, id, name, before, after, none};

	store_add_change(database, "one", time, 0, &row, false);
}

static void transition(int64_t time, char *before, char *after)
{
	static char id[] = "a";

	change(time, CHANGE_INDICATOR, id, before, after);
}

static void event(int64_t time, const char *type)
{
	store_add_event(database, "one", time, type, "", "", "", "", "");
}

/* The page is seen at these times, ended by 0. */
static void seen(const int64_t *times)
{
	for (; *times != 0; times++) {
		page_state_seen(&page, EVERY, *times);
		store_save(database, &page);
		page.gap = 0;
	}
}

/* "100 operational 200 unknown 300": the stretches of the history's indicator of that number. */
static void expect(size_t indicator, int64_t since, int64_t now, const char *expected)
{
	struct page_history history = {0};
	struct buffer text = {0};
	const struct stretches *stretches;

	history_load(database, &page, EVERY, since, now, &history);
	assert_true(indicator < history.count);
	stretches = &history.list[indicator].stretches;
	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];

		if (i > 0)
			assert_int_equal(stretch->begin, stretches->list[i - 1].end);
		buffer_format(&text, "%d %s ", (int)stretch->begin, level_name(stretch->level));
		if (i + 1 == stretches->count)
			buffer_format(&text, "%d", (int)stretch->end);
	}
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
	history_release(&history);
}

static void add_indicator(const char *id, enum level level)
{
	indicator_states_add(&page.indicators, id, "", id)->level = level;
}

static void test_levels_follow_from_the_changes(void **state)
{
	static char id_b[] = "b", none[] = "", up[] = "operational", down[] = "major_outage",
		    id_c[] = "c", middling[] = "degraded";

	(void)state;
	add_indicator("a", LEVEL_DEGRADED);
	add_indicator("b", LEVEL_OPERATIONAL);
	snapshot(1, 1000);
	transition(1100, up, down);
	transition(1200, down, middling);
	change(1150, CHANGE_INDICATOR_NEW, id_b, none, up);
	change(1250, CHANGE_INDICATOR_GONE, id_c, down, none);
	seen((const int64_t[]){1000, 1100, 1200, 1300, 0});
	expect(0, 0, 1300, "1000 operational 1100 major_outage 1200 degraded 1301");
	expect(0, 1150, 1300, "1150 major_outage 1200 degraded 1301");
	expect(1, 0, 1300, "1150 operational 1301");               /* not listed before */
	expect(2, 0, 1300, "1000 major_outage 1250 unknown 1301"); /* forgotten */
}

static void test_without_a_snapshot_there_is_no_history(void **state)
{
	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	expect(0, 0, 1000, "");
}

static void test_one_that_is_gone_is_unknown(void **state)
{
	static char up[] = "operational", none[] = "", id[] = "a";

	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	page.indicators.list[0].gone = true;
	snapshot(1, 1000);
	change(1100, CHANGE_INDICATOR_GONE, id, up, none);
	seen((const int64_t[]){1000, 1100, 0});
	expect(0, 0, 1200, "1000 operational 1100 unknown 1201");
}

static void test_where_nobody_looked_nothing_is_known(void **state)
{
	static char up[] = "operational", down[] = "major_outage";

	(void)state;
	add_indicator("a", LEVEL_MAJOR_OUTAGE);
	snapshot(1, 1000);
	snapshot(2, 2100);
	transition(2100, up, down);
	seen((const int64_t[]){1000, 1300, 2100, 2200, 0}); /* 300 seconds apart: no gap yet */
	expect(0, 0, 2200, "1000 operational 1400 unknown 2100 major_outage 2201");
	expect(0, 1500, 2200, "1500 unknown 2100 major_outage 2201");
}

static void test_gaps_reach_back_to_where_a_lamp_began(void **state)
{
	struct page_history history = {0};

	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	page.indicators.list[0].since = 1000;
	snapshot(1, 1000);
	seen((const int64_t[]){1000, 2000, 2100, 0});
	history_load(database, &page, EVERY, 2050, 2100, &history);
	assert_int_equal(history.begin, 2050);
	assert_int_equal(history_sight(&history.unseen, 1000, history.end).unseen, 900);
	history_release(&history);
}

static void test_a_gap_reaches_over_a_change(void **state)
{
	static char up[] = "operational", down[] = "major_outage";

	(void)state;
	add_indicator("a", LEVEL_MAJOR_OUTAGE);
	snapshot(1, 1000);
	transition(1800, up, down); /* as after a clock that went back */
	seen((const int64_t[]){1000, 2000, 3000, 0});
	expect(0, 0, 3000,
		"1000 operational 1100 unknown 2000 major_outage 2100 unknown 3000 "
		"major_outage 3001");
}

static void test_what_is_stale_or_fails_is_unknown_until_now(void **state)
{
	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	snapshot(1, 1000);
	seen((const int64_t[]){1000, 0});
	expect(0, 0, 1300, "1000 operational 1301");
	expect(0, 0, 1301, "1000 operational 1100 unknown 1302");
	page.failures = 1, page.failing_since = 1050;
	expect(0, 0, 1060, "1000 operational 1050 unknown 1061");
	expect(0, 0, 1500, "1000 operational 1050 unknown 1501");
	page.failing_since = 900; /* of an episode before: what was seen since was seen */
	expect(0, 0, 1060, "1000 unknown 1061");
}

static void test_what_could_not_be_read_is_unknown_until_something_was(void **state)
{
	static char none[] = "";

	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	snapshot(1, 1000);
	snapshot(2, 1110);
	change(1110, CHANGE_UNREADABLE, none, none, none);
	change(1130, CHANGE_READABLE, none, none, none);
	seen((const int64_t[]){1000, 1100, 1130, 1200, 0});
	expect(0, 0, 1200, "1000 operational 1110 unknown 1130 operational 1201");
	expect(0, 1120, 1200, "1120 unknown 1130 operational 1201");
	expect(0, 1140, 1200, "1140 operational 1201");
}

static void test_what_was_lost_is_unknown_until_it_is_back(void **state)
{
	(void)state;
	add_indicator("a", LEVEL_OPERATIONAL);
	snapshot(1, 1000);
	event(1110, "lost");
	event(1130, "back");
	event(1150, "lost");
	snapshot(2, 1170);
	event(1180, "back"); /* told late: it was seen before */
	seen((const int64_t[]){1000, 1100, 1130, 1170, 1200, 0});
	expect(0, 0, 1200,
		"1000 operational 1110 unknown 1130 operational 1150 unknown 1170 operational "
		"1201");
	expect(0, 1120, 1200, "1120 unknown 1130 operational 1150 unknown 1170 operational 1201");
}

static void test_sight_tells_what_was_seen(void **state)
{
	struct gap list[] = {{100, 200}, {300, 400}, {500, 600}};
	struct gaps gaps = {list, 3};
	struct sight sight = history_sight(&gaps, 0, 50);

	(void)state;
	assert_true(sight.lasted == 50 && sight.unseen == 0 && sight.blind == 0);
	sight = history_sight(&gaps, 150, 450);
	assert_true(sight.lasted == 300 && sight.unseen == 150 && sight.blind == 0);
	sight = history_sight(&gaps, 0, 600);
	assert_true(sight.lasted == 500 && sight.unseen == 200 && sight.blind == 100);
	sight = history_sight(&gaps, 310, 390);
	assert_true(sight.lasted == 0 && sight.unseen == 0 && sight.blind == 80);
}

static void test_before_a_change_counts_from_the_change_before(void **state)
{
	static char up[] = "operational", down[] = "major_outage";
	struct sight sight;

	(void)state;
	snapshot(1, 1000);
	transition(1100, up, down);
	transition(3000, down, up);
	seen((const int64_t[]){1000, 1100, 1500, 1600, 3000, 0});
	sight = history_before(database, "one", "a", 1100);
	assert_true(sight.lasted == 100 && sight.unseen == 0 && sight.blind == 0);
	sight = history_before(database, "one", "a", 3000);
	assert_true(sight.lasted == 600 && sight.unseen == 300 && sight.blind == 1300);
	sight = history_before(database, "one", "a", 1000);
	assert_true(sight.lasted == 0 && sight.unseen == 0 && sight.blind == 0);
	sight = history_before(database, "another", "a", 1000);
	assert_true(sight.lasted == 0);
}

int main(void)
{
#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
	const struct CMUnitTest tests[] = {
		ON_A_STORE(test_levels_follow_from_the_changes),
		ON_A_STORE(test_without_a_snapshot_there_is_no_history),
		ON_A_STORE(test_one_that_is_gone_is_unknown),
		ON_A_STORE(test_where_nobody_looked_nothing_is_known),
		ON_A_STORE(test_gaps_reach_back_to_where_a_lamp_began),
		ON_A_STORE(test_a_gap_reaches_over_a_change),
		ON_A_STORE(test_what_is_stale_or_fails_is_unknown_until_now),
		ON_A_STORE(test_what_could_not_be_read_is_unknown_until_something_was),
		ON_A_STORE(test_what_was_lost_is_unknown_until_it_is_back),
		cmocka_unit_test(test_sight_tells_what_was_seen),
		ON_A_STORE(test_before_a_change_counts_from_the_change_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
