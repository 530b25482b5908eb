/* SPDX-License-Identifier: ISC */
#include "model/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "run/schema.h"
#include "store/crowd.h"

enum { DAY = 86400, NOW = 1390590300 /* 2014-01-24T19:05:00Z */, WINDOWS = 28 };

static const struct crowd_rule rule = {900 * 1000, 4, 10};

/* One of each day before, at this time of the day: usually 2, but 50 or none at times. */
struct history {
	struct crowd_window list[WINDOWS];
	struct crowd_windows windows;
};

static struct crowd_windows *fill(struct history *history, size_t days)
{
	for (int i = 0; i < WINDOWS; i++)
		history->list[i] = (struct crowd_window){NOW - (i + 1) * DAY,
			i % 4 == 0   ? 50
			: i % 4 == 1 ? 0
				     : 2,
			7200};
	history->windows = (struct crowd_windows){history->list, days};
	return &history->windows;
}

static enum crowd_state judge(
	struct history *history, int64_t count, int64_t newest, bool loud, int64_t *usual)
{
	const struct crowd_window window = {NOW, count, 600};

	return crowd_judge(&rule, &window, newest, &history->windows, loud, usual);
}

static void test_loud_is_times_the_median_and_at_least_so_many(void **state)
{
	struct history history;
	int64_t usual;

	(void)state;
	fill(&history, WINDOWS);
	assert_int_equal(judge(&history, 10, NOW, false, &usual), CROWD_LOUD);
	assert_int_equal(usual, 2);
	assert_int_equal(judge(&history, 9, NOW, false, &usual), CROWD_QUIET);
	for (int i = 0; i < WINDOWS; i++)
		history.list[i].count = 3;
	assert_int_equal(judge(&history, 11, NOW, false, &usual), CROWD_QUIET);
	assert_int_equal(judge(&history, 12, NOW, false, &usual), CROWD_LOUD);
}

static void test_once_loud_it_is_so_until_half_of_that_is_left(void **state)
{
	struct history history;
	int64_t usual;

	(void)state;
	fill(&history, WINDOWS);
	assert_int_equal(judge(&history, 5, NOW, true, &usual), CROWD_LOUD);
	assert_int_equal(judge(&history, 4, NOW, true, &usual), CROWD_QUIET);
}

static void test_nothing_is_usual_before_a_week_or_at_another_time_of_the_day(void **state)
{
	struct history history;
	int64_t usual;

	(void)state;
	assert_false(crowd_usual(fill(&history, 6), NOW, &usual));
	assert_true(crowd_usual(fill(&history, 7), NOW, &usual));
	assert_true(crowd_usual(fill(&history, WINDOWS), NOW + 3600, &usual));
	assert_false(crowd_usual(&history.windows, NOW + 3601, &usual));
	assert_false(crowd_usual(&history.windows, NOW + 24 * DAY, &usual));
	assert_int_equal(judge(&history, 1000, NOW, false, &usual), CROWD_LOUD);
	fill(&history, 6);
	assert_int_equal(judge(&history, 1000, NOW, false, &usual), CROWD_LEARNING);
}

static void test_what_is_judged_is_not_what_is_usual(void **state)
{
	struct history history;
	int64_t usual;

	(void)state;
	fill(&history, WINDOWS);
	for (int i = 0; i < WINDOWS; i++)
		history.list[i] = (struct crowd_window){NOW - i * 100, 50, 0};
	assert_false(crowd_usual(&history.windows, NOW, &usual));
}

static void test_a_feed_has_stopped_after_twice_its_longest_silence(void **state)
{
	struct history history;
	int64_t usual;

	(void)state;
	fill(&history, WINDOWS);
	assert_int_equal(judge(&history, 0, 0, false, &usual), CROWD_STOPPED);
	assert_int_equal(judge(&history, 0, NOW - 14400, false, &usual), CROWD_QUIET);
	assert_int_equal(judge(&history, 0, NOW - 14401, false, &usual), CROWD_STOPPED);
	fill(&history, 0);
	assert_int_equal(judge(&history, 0, NOW - 1200, false, &usual), CROWD_LEARNING);
	assert_int_equal(judge(&history, 0, NOW - 1201, false, &usual), CROWD_STOPPED);
}

static void parse(const char *rows, struct reading *entries)
{
	char *text = memory_format("reading 1\npage\tfeed\tnotice\t\n%s", rows);

	assert_true(reading_parse(text, strlen(text), entries, NULL));
	free(text);
}

#define ENTRY(id, word, time)                                                                      \
	"incident\t" id "\tIs " id " down?\tnotice\t" word "\t\t" time "\t\t\n"

static const char rows[] = ENTRY("a", "match", "2014-01-24T19:05:00Z")
	ENTRY("b", "entry", "2014-01-24T19:04:00Z") ENTRY("c", "match", "2014-01-24T18:50:01Z")
		ENTRY("d", "match", "2014-01-24T18:50:00Z")
			ENTRY("e", "match", "2014-01-24T19:05:01Z") ENTRY("f", "match", "");

static void test_entries_count_that_match_within_the_window(void **state)
{
	struct reading entries = {0}, none = {0};
	struct crowd_window window;
	int64_t newest;

	(void)state;
	parse(rows, &entries);
	window = crowd_count(&entries, &rule, NOW, &newest);
	assert_int_equal(window.end, NOW);
	assert_int_equal(window.count, 2);
	assert_int_equal(window.gap, 14 * 60 - 1);
	assert_int_equal(newest, NOW);
	window = crowd_count(&none, &rule, NOW, &newest);
	assert_int_equal(window.count + window.gap + newest, 0);
	reading_release(&entries);
}

static void test_the_reading_has_what_people_write(void **state)
{
	struct reading entries = {0}, out = {0};
	struct crowd_window window;
	struct buffer text = {0};
	int64_t newest;

	(void)state;
	parse(rows, &entries);
	window = crowd_count(&entries, &rule, NOW, &newest);
	crowd_write(CROWD_LOUD, &entries, &rule, &window, 1, &out);
	reading_write(&out, &text);
	assert_string_equal(buffer_string(&text),
		"reading 1\n"
		"page\tfeed\tdegraded\t\n"
		"indicator\tcrowd\t\tcrowd\tdegraded\t2 entries within 15 min, usually 1\n"
		"incident\tcrowd 2014-01-24T19:05:00Z\t2 entries within 15 min, usually 1\t"
		"degraded\t\t\t2014-01-24T19:05:00Z\t\t\n"
		"affects\tcrowd 2014-01-24T19:05:00Z\tcrowd\n"
		"update\tcrowd 2014-01-24T19:05:00Z\t2014-01-24T18:50:01Z\t\tIs c down?\n"
		"update\tcrowd 2014-01-24T19:05:00Z\t2014-01-24T19:05:00Z\t\tIs a down?\n");
	buffer_release(&text);
	reading_release(&out);
	out = (struct reading){0};
	crowd_write(CROWD_STOPPED, &entries, &rule, &window, 1, &out);
	reading_write(&out, &text);
	assert_string_equal(buffer_string(&text),
		"reading 1\npage\tfeed\tunknown\t\nindicator\tcrowd\t\tcrowd\tunknown\tno new "
		"entry\n");
	buffer_release(&text);
	reading_release(&out);
	reading_release(&entries);
}

static void test_an_incident_has_the_newest_titles_and_no_more(void **state)
{
	struct reading entries = {0}, out = {0};
	struct crowd_window window;
	int64_t newest;

	(void)state;
	for (int i = 0; i < 2 * CROWD_TITLES_MAX; i++) {
		char time[DATE_TEXT_MAX];

		date_write(NOW - i, time);
		*reading_add_incident(&entries) =
			(struct incident){memory_format("%d", i), memory_format("entry %d", i),
				LEVEL_NOTICE, memory_string(CROWD_MATCH), memory_string(""),
				memory_string(time), memory_string(""), memory_string("")};
	}
	window = crowd_count(&entries, &rule, NOW, &newest);
	assert_int_equal(window.count, 2 * CROWD_TITLES_MAX);
	crowd_write(CROWD_LOUD, &entries, &rule, &window, 1, &out);
	assert_int_equal(out.update_count, CROWD_TITLES_MAX);
	assert_string_equal(out.updates[0].text, "entry 0");
	reading_release(&out);
	reading_release(&entries);
}

static void test_windows_are_kept_for_four_weeks_by_page_and_rule(void **state)
{
	struct error error = {0};
	struct database *database = database_copy("/nonexistent/lampwatch.db", schema, &error);
	struct crowd_windows windows = {0};

	(void)state;
	assert_non_null(database);
	database_begin(database);
	crowd_window_save(database, "one", "a", &(struct crowd_window){NOW - 28 * DAY, 1, 60});
	crowd_window_save(database, "two", "a", &(struct crowd_window){NOW - 28 * DAY - 1, 2, 60});
	crowd_window_save(database, "one", "b", &(struct crowd_window){NOW, 3, 60});
	crowd_window_save(database, "one", "a", &(struct crowd_window){NOW, 4, 120});
	assert_true(database_commit(database, &error));
	crowd_windows_load(database, "one", "a", &windows);
	assert_int_equal(windows.count, 2);
	assert_int_equal(windows.list[0].count, 1);
	assert_int_equal(windows.list[1].end, NOW);
	assert_int_equal(windows.list[1].count, 4);
	assert_int_equal(windows.list[1].gap, 120);
	free(windows.list);
	windows = (struct crowd_windows){0};
	crowd_windows_load(database, "two", "a", &windows);
	assert_int_equal(windows.count, 0);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loud_is_times_the_median_and_at_least_so_many),
		cmocka_unit_test(test_once_loud_it_is_so_until_half_of_that_is_left),
		cmocka_unit_test(test_nothing_is_usual_before_a_week_or_at_another_time_of_the_day),
		cmocka_unit_test(test_what_is_judged_is_not_what_is_usual),
		cmocka_unit_test(test_a_feed_has_stopped_after_twice_its_longest_silence),
		cmocka_unit_test(test_entries_count_that_match_within_the_window),
		cmocka_unit_test(test_the_reading_has_what_people_write),
		cmocka_unit_test(test_an_incident_has_the_newest_titles_and_no_more),
		cmocka_unit_test(test_windows_are_kept_for_four_weeks_by_page_and_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
