/* SPDX-License-Identifier: ISC */
#include "config/pattern.h"
#include "watch/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "model/change.h"
#include "unit/processor_time.h"

#define HEAD "reading 1\npage\tP\toperational\tok\n"
#define OTHERS "indicator\t*\t\t*\toperational\t\n"

static struct reading parse(const char *text)
{
	struct reading reading = {0};

	assert_true(reading_parse(text, strlen(text), &reading, NULL));
	return reading;
}

/* The changes between two texts, as they are written to the archive. */
static void assert_changes(const char *before, const char *after, const char *expected)
{
	struct reading old = parse(before), new = parse(after);
	struct changes changes = {0};
	struct buffer out = {0};

	diff(&old, &new, &changes);
	changes_write(&changes, &out);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
	changes_release(&changes);
	reading_release(&old);
	reading_release(&new);
}

static void test_equal_readings_differ_in_nothing(void **state)
{
	const char *text =
		HEAD "indicator\ta\tG\tA\toperational\tw\nincident\ti\tT\tdegraded\tw\ts\t\t\t\n"
		     "maintenance\tm\tT\ts\t\t\t\t\naffects\ti\ta\nupdate\ti\t\ts\ttext\n";

	(void)state;
	assert_changes(text, text, "");
}

static void test_level_and_word_of_the_page_and_of_an_indicator(void **state)
{
	(void)state;
	assert_changes(HEAD, "reading 1\npage\tP\tdegraded\tslow\n",
		"overall\t\tP\toperational\tdegraded\tslow\n");
	assert_changes(HEAD "indicator\ta\tG\tA\toperational\tok\n",
		HEAD "indicator\ta\tG\tA\tdegraded\tslow\n",
		"indicator\ta\tG / A\toperational\tdegraded\tslow\n");
	assert_changes(HEAD "indicator\ta\t\tA\tunknown\tfoo\n",
		HEAD "indicator\ta\t\tA\tunknown\tbar\n",
		"indicator\ta\tA\tunknown\tunknown\tbar\n");
}

static void test_indicators_come_and_go(void **state)
{
	(void)state;
	assert_changes(HEAD "indicator\ta\t\tA\toperational\t\n",
		HEAD "indicator\tb\t\tB\tdegraded\tslow\n",
		"indicator-new\tb\tB\t\tdegraded\tslow\nindicator-gone\ta\tA\toperational\t\t\n");
}

static void test_a_new_id_under_the_same_group_and_name_is_no_new_indicator(void **state)
{
	(void)state;
	assert_changes(HEAD "indicator\ta\tG\tA\toperational\t\n",
		HEAD "indicator\tz\tG\tA\tdegraded\t\n",
		"indicator\tz\tG / A\toperational\tdegraded\t\n");
	assert_changes(HEAD "indicator\ta\tG\tA\toperational\t\n",
		HEAD "indicator\tz\tH\tA\toperational\t\n",
		"indicator-new\tz\tH / A\t\toperational\t\nindicator-gone\ta\tG / "
		"A\toperational\t\t\n");
}

static void test_a_name_that_another_id_still_bears_matches_nothing(void **state)
{
	(void)state;
	assert_changes(HEAD "indicator\t1\t\tA\toperational\t\n",
		HEAD "indicator\t1\t\tA\toperational\t\nindicator\t2\t\tA\tmajor_outage\t\n",
		"indicator-new\t2\tA\t\tmajor_outage\t\n");
}

static void test_what_is_not_listed_has_the_level_of_the_others(void **state)
{
	(void)state;
	assert_changes(HEAD OTHERS, HEAD OTHERS "indicator\ta\t\tA\tmajor_outage\tdown\n",
		"indicator\ta\tA\toperational\tmajor_outage\tdown\n");
	assert_changes(HEAD OTHERS "indicator\ta\t\tA\tmajor_outage\tdown\n", HEAD OTHERS,
		"indicator\ta\tA\tmajor_outage\toperational\t\n");
}

static void test_being_listed_at_the_level_of_the_others_is_only_a_detail(void **state)
{
	(void)state;
	assert_changes(HEAD OTHERS, HEAD OTHERS "indicator\ta\t\tA\toperational\tok\n",
		"other\t\tdetails\t\t\t\n");
}

static void test_incidents_open_change_and_close(void **state)
{
	(void)state;
	assert_changes(HEAD, HEAD "incident\ti\tT\tmajor_outage\tcritical\tinvestigating\t\t\t\n",
		"incident-new\ti\tT\t\tinvestigating\tcritical\n");
	assert_changes(HEAD "incident\ti\tT\tmajor_outage\tcritical\tinvestigating\t\t\t\n",
		HEAD "incident\ti\tT\tmajor_outage\tcritical\tmonitoring\t\t\t\n",
		"incident\ti\tT\tinvestigating\tmonitoring\tcritical\n");
	assert_changes(HEAD "incident\ti\tT\tmajor_outage\tcritical\tinvestigating\t\t\t\n", HEAD,
		"incident-closed\ti\tT\tinvestigating\t\t\n");
}

static void test_maintenances_open_change_and_close(void **state)
{
	const char *was = HEAD "maintenance\tm\tT\tscheduled\t2014-01-25T00:00:00Z\t\t\t\n";

	(void)state;
	assert_changes(HEAD, was, "maintenance-new\tm\tT\t\tscheduled\t2014-01-25T00:00:00Z\n");
	assert_changes(was, HEAD "maintenance\tm\tT\tscheduled\t2014-01-26T00:00:00Z\t\t\t\n",
		"maintenance\tm\tT\tscheduled\tscheduled\t2014-01-26T00:00:00Z\n");
	assert_changes(was, HEAD, "maintenance-closed\tm\tT\tscheduled\t\t\n");
}

static void test_what_was_written_is_a_change_once(void **state)
{
	const char *one =
		HEAD "incident\ti\tT\tdegraded\tminor\topen\t\t\t\nupdate\ti\t\topen\tWe look.\n";
	const char *two =
		HEAD "incident\ti\tT\tdegraded\tminor\topen\t\t\t\nupdate\ti\t\topen\tWe found.\n"
		     "update\ti\t\topen\tWe look.\n";

	(void)state;
	assert_changes(one, two, "update\ti\tT\t\topen\tWe found.\n");
	assert_changes(two, two, "");
}

static void test_whatever_else_the_text_shows_is_never_silent(void **state)
{
	const char *was = HEAD "incident\ti\tT\tdegraded\tminor\topen\t\t\thttps://one.example/\n";

	(void)state;
	assert_changes(was,
		HEAD "incident\ti\tT\tdegraded\tminor\topen\t\t\thttps://two.example/\n",
		"other\t\tdetails\t\t\t\n");
	assert_changes(HEAD, "reading 1\npage\tQ\toperational\tok\n", "other\t\ttitle\tP\tQ\t\n");
}

static void test_fields_are_escaped_in_the_file_of_changes(void **state)
{
	(void)state;
	assert_changes(HEAD, HEAD "indicator\ta\t\tA\\tB\tdegraded\tline\\nline\n",
		"indicator-new\ta\tA\\tB\t\tdegraded\tline\\nline\n");
}

static void test_a_field_that_is_null_is_an_empty_one(void **state)
{
	struct reading one = {.level = LEVEL_OPERATIONAL}, two = {.level = LEVEL_OPERATIONAL};
	struct changes changes = {0};

	(void)state;
	reading_add_indicator(&one);
	reading_add_incident(&one);
	reading_add_maintenance(&one);
	reading_add_affects(&one);
	reading_add_update(&one);
	reading_add_update(&one);
	diff(&one, &one, &changes);
	assert_int_equal(changes.count, 0);
	diff(&one, &two, &changes);
	diff(&two, &one, &changes);
	assert_true(changes.count > 0);
	changes_release(&changes);
	reading_release(&one);
	reading_release(&two);
}

static void test_patterns_choose_by_id_name_and_group(void **state)
{
	static const struct {
		const char *patterns[3];
		bool gmail, drive;
	} cases[] = {
		{{NULL}, true, true},
		{{"gmail"}, true, false},
		{{"npdyhgecDJ6tB66MxXyo"}, true, false},
		{{"Google/Gmail"}, true, false},
		{{"Google/*"}, true, true},
		{{"*", "!Gmail"}, false, true},
		{{"!Gmail"}, false, true},
		{{"!*"}, false, false},
		{{"Mail"}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text_list patterns = {0};

		for (size_t j = 0; j < 3 && cases[i].patterns[j] != NULL; j++)
			text_list_add(&patterns, cases[i].patterns[j]);
		assert_int_equal(
			patterns_choose(&patterns, "npdyhgecDJ6tB66MxXyo", "Google", "Gmail"),
			cases[i].gmail);
		assert_int_equal(
			patterns_choose(&patterns, "VHNA7p3Z5p3iakj8sQiP", "Google", "Drive"),
			cases[i].drive);
		text_list_release(&patterns);
	}
}

static void test_the_watched_part_is_the_overall_level_the_chosen_and_what_touches_them_or_the_page(
	void **state)
{
	struct reading reading = parse(HEAD OTHERS
		"indicator\ta\t\tA\toperational\t\nindicator\tb\t\tB\toperational\t\n"
		"incident\t1\tone\tdegraded\tw\ts\t\t\t\nincident\t2\ttwo\tdegraded\tw\ts\t\t\t\n"
		"incident\t3\tthree\tdegraded\tw\ts\t\t\t\n"
		"maintenance\tm\tM\ts\t\t\t\t\n"
		"affects\t1\ta\naffects\t1\tb\naffects\t2\tb\naffects\tm\tA\n"
		"update\t1\t\ts\ttext one\nupdate\t2\t\ts\ttext two\n");
	struct text_list patterns = {0};
	struct reading part = {0};
	struct buffer out = {0};

	(void)state;
	text_list_add(&patterns, "A");
	reading_watched(&reading, &patterns, &part);
	reading_write(&part, &out);
	assert_string_equal(buffer_string(&out),
		HEAD OTHERS "indicator\ta\t\tA\toperational\t\n"
			    "incident\t1\tone\tdegraded\tw\ts\t\t\t\n"
			    "incident\t3\tthree\tdegraded\tw\ts\t\t\t\n"
			    "maintenance\tm\tM\ts\t\t\t\t\n"
			    "affects\t1\ta\naffects\t1\tb\naffects\tm\tA\n"
			    "update\t1\t\ts\ttext one\n");
	buffer_release(&out);
	reading_release(&part);
	reading_release(&reading);
	text_list_release(&patterns);
}

static void test_without_patterns_the_watched_part_is_everything(void **state)
{
	const char *text =
		HEAD "indicator\ta\t\tA\toperational\t\nincident\t1\tone\tdegraded\tw\ts\t\t\t\n"
		     "update\t1\t\ts\ttext\n";
	struct reading reading = parse(text), part = {0};
	struct text_list patterns = {0};
	struct buffer out = {0};

	(void)state;
	reading_watched(&reading, &patterns, &part);
	reading_write(&part, &out);
	assert_string_equal(buffer_string(&out), text);
	buffer_release(&out);
	reading_release(&part);
	reading_release(&reading);
}

static void fill(struct reading *reading, const char *prefix)
{
	reading->title = memory_string("P");
	for (int i = 0; i < READING_ROWS_MAX; i++) {
		struct indicator *indicator = reading_add_indicator(reading);
		struct incident *incident = reading_add_incident(reading);
		struct affects *affects = reading_add_affects(reading);
		struct update *update = reading_add_update(reading);

		indicator->id = memory_format("%s%d", prefix, i);
		indicator->name = memory_format("%d", i);
		incident->id = memory_format("%s%d", prefix, i);
		affects->id = memory_format("%s%d", prefix, i);
		affects->indicator = memory_format("%s%d", prefix, i);
		update->id = memory_format("%s%d", prefix, i);
	}
}

static void test_twenty_thousand_rows_of_each_type_take_no_time(void **state)
{
	struct reading one = {0}, two = {0}, part = {0};
	struct text_list patterns = {0};
	struct changes changes = {0};
	clock_t began = clock();

	(void)state;
	fill(&one, "x");
	fill(&two, "y");
	text_list_add(&patterns, "*9");
	diff(&one, &two, &changes);
	reading_watched(&one, &patterns, &part);
	assert_int_equal(part.incident_count, READING_ROWS_MAX / 10);
	assert_int_equal(part.update_count, READING_ROWS_MAX / 10);
	assert_processor_time(began, 10); /* pairs would be thousands of millions */
	changes_release(&changes);
	reading_release(&one);
	reading_release(&two);
	reading_release(&part);
	text_list_release(&patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_readings_differ_in_nothing),
		cmocka_unit_test(test_level_and_word_of_the_page_and_of_an_indicator),
		cmocka_unit_test(test_indicators_come_and_go),
		cmocka_unit_test(test_a_new_id_under_the_same_group_and_name_is_no_new_indicator),
		cmocka_unit_test(test_a_name_that_another_id_still_bears_matches_nothing),
		cmocka_unit_test(test_what_is_not_listed_has_the_level_of_the_others),
		cmocka_unit_test(test_being_listed_at_the_level_of_the_others_is_only_a_detail),
		cmocka_unit_test(test_incidents_open_change_and_close),
		cmocka_unit_test(test_maintenances_open_change_and_close),
		cmocka_unit_test(test_what_was_written_is_a_change_once),
		cmocka_unit_test(test_whatever_else_the_text_shows_is_never_silent),
		cmocka_unit_test(test_fields_are_escaped_in_the_file_of_changes),
		cmocka_unit_test(test_a_field_that_is_null_is_an_empty_one),
		cmocka_unit_test(test_patterns_choose_by_id_name_and_group),
		cmocka_unit_test(
			test_the_watched_part_is_the_overall_level_the_chosen_and_what_touches_them_or_the_page),
		cmocka_unit_test(test_without_patterns_the_watched_part_is_everything),
		cmocka_unit_test(test_twenty_thousand_rows_of_each_type_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
