/* SPDX-License-Identifier: ISC */
#include "watch/confirm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/memory.h"
#include "model/indicator_state.h"
#include "unit/processor_time.h"

#define OTHERS "indicator\t*\t\t*\toperational\t\n"

/* One page over several fetches. */
struct course {
	struct indicator_states indicators;
	struct text_list patterns;
	struct confirm_rules rules;
	int64_t now;
	bool known, silent;
	struct transitions transitions; /* of the last fetch */
};

static struct course course_new(int64_t worse, int64_t better)
{
	return (struct course){
		.rules = {.worse = worse, .better = better, .red = LEVEL_PARTIAL_OUTAGE},
		.now = 1000};
}

static void see_text(struct course *course, const char *text)
{
	struct reading reading = {0};

	assert_true(reading_parse(text, strlen(text), &reading, NULL));
	free(course->transitions.list);
	course->transitions = (struct transitions){0};
	course->rules.patterns = &course->patterns;
	course->now += 60;
	confirm(&course->indicators, &reading, &course->rules, !course->known, course->silent,
		course->now, &course->transitions);
	course->known = true;
	reading_release(&reading);
}

/* A page that is operational in its own words, with one indicator. */
static void see(struct course *course, const char *level)
{
	char *text = memory_format(
		"reading 1\npage\tP\toperational\tok\nindicator\ta\tG\tA\t%s\tw\n", level);

	see_text(course, text);
	free(text);
}

static void course_release(struct course *course)
{
	indicator_states_release(&course->indicators);
	text_list_release(&course->patterns);
	free(course->transitions.list);
}

static void assert_turn(const struct course *course, enum transition_type type, const char *id)
{
	assert_int_equal(course->transitions.count, 1);
	assert_int_equal(course->transitions.list[0].type, type);
	assert_string_equal(course->indicators.list[course->transitions.list[0].indicator].id, id);
}

static void test_red_is_confirmed_by_worse_fetches_in_a_row(void **state)
{
	struct course course = course_new(3, 1);

	(void)state;
	see(&course, "operational");
	see(&course, "partial_outage");
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_true(indicator_states_unconfirmed(&course.indicators));
	see(&course, "partial_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	assert_int_equal(course.transitions.list[0].fetches, 3);
	assert_int_equal(course.transitions.list[0].seen, course.now - 120);
	assert_int_equal(course.transitions.list[0].before, LEVEL_OPERATIONAL);
	assert_false(indicator_states_unconfirmed(&course.indicators));
	see(&course, "partial_outage");
	assert_int_equal(course.transitions.count, 0);
	course_release(&course);
}

static void test_anything_but_red_between_starts_the_count_anew(void **state)
{
	static const char *const levels[] = {
		"degraded", "maintenance", "unknown", "operational", "notice"};

	(void)state;
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		struct course course = course_new(2, 1);

		see(&course, "operational");
		see(&course, "major_outage");
		see(&course, levels[i]);
		see(&course, "major_outage");
		assert_int_equal(course.transitions.count, 0);
		see(&course, "major_outage");
		assert_turn(&course, TRANSITION_RED, "a");
		course_release(&course);
	}
}

static void test_green_is_confirmed_by_better_fetches_and_tells_since_when_it_was_red(void **state)
{
	struct course course = course_new(1, 2);
	int64_t red;

	(void)state;
	see(&course, "operational");
	see(&course, "major_outage");
	red = course.now;
	see(&course, "operational");
	assert_int_equal(course.transitions.count, 0);
	see(&course, "notice"); /* green too */
	assert_turn(&course, TRANSITION_GREEN, "a");
	assert_int_equal(course.transitions.list[0].since, red);
	assert_int_equal(course.transitions.list[0].seen, course.now - 60);
	assert_int_equal(course.transitions.list[0].before, LEVEL_MAJOR_OUTAGE);
	assert_int_equal(course.transitions.list[0].after, LEVEL_NOTICE);
	course_release(&course);
}

static void test_yellow_blue_and_grey_between_change_no_alarm(void **state)
{
	static const char *const levels[] = {"degraded", "maintenance", "unknown"};

	(void)state;
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		struct course course = course_new(1, 1);

		see(&course, "operational");
		see(&course, "major_outage");
		for (int n = 0; n < 3; n++) {
			see(&course, levels[i]);
			assert_int_equal(course.transitions.count, 0);
			assert_true(course.indicators.list[0].alarm);
		}
		see(&course, "major_outage");
		assert_int_equal(course.transitions.count, 0);
		course_release(&course);
	}
}

static void test_a_page_may_move_its_floor_of_red(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	course.rules.red = LEVEL_DEGRADED;
	see(&course, "operational");
	see(&course, "degraded");
	assert_turn(&course, TRANSITION_RED, "a");
	course_release(&course);
}

static void test_a_baseline_opens_alarms_and_turns_nothing(void **state)
{
	struct course course = course_new(3, 1);

	(void)state;
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_true(course.indicators.list[0].alarm);
	see(&course, "operational");
	assert_turn(&course, TRANSITION_GREEN, "a");
	course_release(&course);
}

static void test_a_baseline_alerts_where_the_rules_say_so(void **state)
{
	struct course course = course_new(3, 1);

	(void)state;
	course.rules.alert_on_first_sight = true;
	see(&course, "major_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	course_release(&course);
}

static void test_a_new_baseline_closes_no_alarm_and_says_nothing_of_what_is_absent(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see_text(&course, "reading 1\npage\tP\toperational\tok\n"
			  "indicator\ta\t\tA\toperational\t\nindicator\tb\t\tB\toperational\t\n");
	see_text(&course, "reading 1\npage\tP\toperational\tok\n"
			  "indicator\ta\t\tA\tmajor_outage\t\nindicator\tb\t\tB\toperational\t\n");
	course.known = false;
	see_text(
		&course, "reading 1\npage\tP\toperational\tok\nindicator\ta\t\tA\toperational\t\n");
	assert_int_equal(course.transitions.count, 0);
	assert_true(indicator_states_find(&course.indicators, "a")->alarm);
	assert_true(indicator_states_find(&course.indicators, "b")->gone);
	course_release(&course);
}

static void test_silence_opens_alarms_closes_none_and_turns_nothing(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see(&course, "operational");
	course.silent = true;
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_true(course.indicators.list[0].alarm);
	see(&course, "operational");
	assert_int_equal(course.transitions.count, 0);
	assert_true(course.indicators.list[0].alarm);
	course.silent = false;
	see(&course, "operational");
	assert_turn(&course, TRANSITION_GREEN, "a");
	course_release(&course);
}

static void test_absent_is_gone_once_and_keeps_its_alarm(void **state)
{
	struct course course = course_new(1, 1);
	const char *without = "reading 1\npage\tP\toperational\tok\n";

	(void)state;
	see(&course, "operational");
	see(&course, "major_outage");
	see_text(&course, without);
	assert_turn(&course, TRANSITION_GONE, "a");
	assert_true(course.indicators.list[0].gone && course.indicators.list[0].alarm);
	assert_false(course.indicators.list[0].red);
	assert_int_equal(course.indicators.list[0].level, LEVEL_MAJOR_OUTAGE);
	see_text(&course, without);
	assert_int_equal(course.transitions.count, 0);
	see(&course, "operational");
	assert_turn(&course, TRANSITION_GREEN, "a");
	assert_false(course.indicators.list[0].gone);
	course_release(&course);
}

static void test_what_is_not_listed_has_the_level_of_the_others(void **state)
{
	struct course course = course_new(1, 1);
	const char *nothing = "reading 1\npage\tP\toperational\tok\n" OTHERS;

	(void)state;
	see_text(&course, nothing);
	see_text(&course, "reading 1\npage\tP\tmajor_outage\t\n" OTHERS
			  "indicator\ta\t\tA\tmajor_outage\tdown\n");
	assert_turn(&course, TRANSITION_RED, "a");
	assert_int_equal(course.transitions.list[0].before, LEVEL_OPERATIONAL);
	see_text(&course, nothing);
	assert_turn(&course, TRANSITION_GREEN, "a");
	course_release(&course);
}

static void test_a_new_id_under_the_same_group_and_name_is_the_same_lamp(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see(&course, "operational");
	see(&course, "major_outage");
	see_text(&course,
		"reading 1\npage\tP\toperational\tok\nindicator\tz\tG\tA\tmajor_outage\tw\n");
	assert_int_equal(course.transitions.count, 0);
	assert_non_null(indicator_states_find(&course.indicators, "z"));
	assert_string_equal(indicator_states_find(&course.indicators, "z")->former, "a");
	assert_null(indicator_states_find(&course.indicators, "a"));
	see_text(&course,
		"reading 1\npage\tP\toperational\tok\nindicator\tz\tG\tA\toperational\tw\n");
	assert_turn(&course, TRANSITION_GREEN, "z");
	assert_string_equal(indicator_states_find(&course.indicators, "z")->former, "a");
	indicator_states_settle(&course.indicators);
	assert_null(indicator_states_find(&course.indicators, "z")->former);
	course_release(&course);
}

static void test_an_id_that_is_still_listed_beats_a_name(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see(&course, "operational");
	see_text(&course,
		"reading 1\npage\tP\toperational\tok\n"
		"indicator\t0\tG\tA\tmajor_outage\tw\nindicator\ta\tG\tA\toperational\tw\n");
	assert_turn(&course, TRANSITION_RED, "0");
	assert_false(indicator_states_find(&course.indicators, "a")->red);
	course_release(&course);
}

static void test_overall_turns_only_while_no_indicator_is_red(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see_text(
		&course, "reading 1\npage\tP\toperational\tok\nindicator\ta\t\tA\toperational\t\n");
	see_text(&course,
		"reading 1\npage\tP\tmajor_outage\tno\nindicator\ta\t\tA\tmajor_outage\t\n");
	assert_turn(&course, TRANSITION_RED, "a");
	see_text(&course,
		"reading 1\npage\tP\tmajor_outage\tno\nindicator\ta\t\tA\toperational\t\n");
	assert_int_equal(course.transitions.count, 2); /* explained no longer */
	assert_int_equal(course.transitions.list[0].type, TRANSITION_GREEN);
	assert_int_equal(course.transitions.list[1].type, TRANSITION_RED);
	assert_string_equal(
		course.indicators.list[course.transitions.list[1].indicator].id, INDICATOR_OVERALL);
	course_release(&course);
}

static void test_overall_has_no_lamp_where_patterns_choose(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	text_list_add(&course.patterns, "*");
	see_text(&course,
		"reading 1\npage\tP\tmajor_outage\tno\nindicator\ta\t\tA\toperational\t\n");
	assert_null(indicator_states_find(&course.indicators, INDICATOR_OVERALL));
	course_release(&course);
}

static void test_what_the_patterns_leave_out_has_no_lamp_and_leaves_without_a_word(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see(&course, "major_outage");
	text_list_add(&course.patterns, "!A");
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_int_equal(course.indicators.count, 0);
	assert_false(indicator_states_red(&course.indicators));
	course_release(&course);
}

/* A page of count indicators whose ids begin with prefix. */
static char *many(const char *prefix, size_t count, const char *level)
{
	char *text, *end;

	text = end = memory_new(count * 64 + 64);
	end += sprintf(end, "reading 1\npage\tP\toperational\tok\n");
	for (size_t i = 0; i < count; i++)
		end += sprintf(
			end, "indicator\t%s%05zu\t\tName %05zu\t%s\t\n", prefix, i, i, level);
	return text;
}

static void test_twenty_thousand_indicators_take_no_time_even_with_new_ids(void **state)
{
	struct course course = course_new(1, 1);
	clock_t began = clock();
	char *text;

	(void)state;
	for (int i = 0; i < 4; i++) {
		text = many(i % 2 == 0 ? "x" : "y", READING_ROWS_MAX,
			i == 3 ? "major_outage" : "operational");
		see_text(&course, text);
		free(text);
	}
	assert_int_equal(course.transitions.count, READING_ROWS_MAX);
	assert_int_equal(course.indicators.count, READING_ROWS_MAX + 1); /* and the overall level */
	assert_processor_time(began, 10); /* pairs would be 1.6 thousand million */
	course_release(&course);
}

static void test_lamps_do_not_grow_without_end(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	for (int i = 0; i < 5; i++) {
		char text[64 + 16], *rows, *end;

		rows = end = memory_new((size_t)READING_ROWS_MAX * 64 + 64);
		end += sprintf(end, "reading 1\npage\tP\toperational\tok\n");
		for (int j = 0; j < READING_ROWS_MAX; j++) {
			snprintf(text, sizeof text,
				"indicator\t%d-%d\t\tName %d-%d\toperational\t\n", i, j, i, j);
			end = stpcpy(end, text);
		}
		see_text(&course, rows);
		free(rows);
	}
	assert_true(course.indicators.count <= (size_t)INDICATOR_STATES_MAX + READING_ROWS_MAX + 1);
	course_release(&course);
}

/* One fetch after as many minutes, which is all that turned in it. */
static void see_later(struct course *course, const char *level, int minutes)
{
	course->now += (minutes - 1) * 60;
	see(course, level);
}

static struct course flapping_course(void)
{
	struct course course = course_new(1, 1);

	course.rules.high = 30;
	course.rules.low = 20;
	see(&course, "operational");
	for (int i = 0; i < 2; i++) {
		see(&course, "major_outage");
		assert_turn(&course, TRANSITION_RED, "a");
		see(&course, "operational");
		assert_turn(&course, TRANSITION_GREEN, "a");
	}
	see(&course, "major_outage");
	return course;
}

static void test_a_third_red_at_once_is_told_as_flapping_and_then_there_is_silence(void **state)
{
	struct course course = flapping_course();

	(void)state;
	assert_turn(&course, TRANSITION_FLAPPING, "a");
	assert_int_equal(course.transitions.list[0].fetches, 5);
	assert_int_equal(course.transitions.list[0].before, LEVEL_OPERATIONAL);
	assert_int_equal(course.transitions.list[0].after, LEVEL_MAJOR_OUTAGE);
	assert_false(course.indicators.list[0].alarm);
	assert_true(indicator_states_unconfirmed(&course.indicators));
	for (int i = 0; i < 50; i++) {
		see(&course, i % 2 == 0 ? "operational" : "major_outage");
		assert_int_equal(course.transitions.count, 0);
	}
	course_release(&course);
}

static void test_what_is_never_confirmed_does_not_flap(void **state)
{
	struct course course = course_new(3, 1);

	(void)state;
	course.rules.high = 30;
	course.rules.low = 20;
	see(&course, "operational");
	for (int i = 0; i < 51; i++) {
		see(&course, i % 3 == 2 ? "operational" : "major_outage");
		assert_int_equal(course.transitions.count, 0);
	}
	for (int i = 0; i < 3; i++)
		see(&course, "major_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	course_release(&course);
}

/* Quiet fetches until something turns, at most all of a day; how many there were. */
static int fetches_until_a_turn(struct course *course, const char *level)
{
	int count = 0;

	do
		see_later(course, level, 5);
	while (course->transitions.count == 0 && ++count < 288);
	return count;
}

static void test_what_settles_red_is_told_so_and_is_an_alarm_from_then_on(void **state)
{
	struct course course = flapping_course();
	int64_t red = course.now;

	(void)state;
	assert_in_range(fetches_until_a_turn(&course, "major_outage"), 12, 16);
	assert_int_equal(course.transitions.count, 2);
	assert_int_equal(course.transitions.list[0].type, TRANSITION_SETTLED);
	assert_int_equal(course.transitions.list[0].since, red);
	assert_int_equal(course.transitions.list[1].type, TRANSITION_RED);
	assert_int_equal(course.transitions.list[1].seen, red);
	see_later(&course, "operational", 5);
	assert_turn(&course, TRANSITION_GREEN, "a");
	course_release(&course);
}

static void test_what_settles_as_it_was_told_last_has_no_alarm_to_turn(void **state)
{
	struct course course = flapping_course();

	(void)state;
	see(&course, "operational");
	fetches_until_a_turn(&course, "operational");
	assert_turn(&course, TRANSITION_SETTLED, "a");
	course_release(&course);
}

static void test_an_alarm_that_was_open_closes_when_it_settles_green(void **state)
{
	struct course course = course_new(1, 2); /* one green between does not close it */

	(void)state;
	course.rules.high = 30;
	course.rules.low = 20;
	see(&course, "operational");
	see(&course, "major_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	for (int i = 0; i < 4; i++)
		see(&course, i % 2 == 0 ? "operational" : "major_outage");
	assert_turn(&course, TRANSITION_FLAPPING, "a");
	fetches_until_a_turn(&course, "operational");
	assert_int_equal(course.transitions.count, 2);
	assert_int_equal(course.transitions.list[0].type, TRANSITION_SETTLED);
	assert_int_equal(course.transitions.list[1].type, TRANSITION_GREEN);
	course_release(&course);
}

static void test_nothing_flaps_where_it_is_off_and_what_flapped_settles(void **state)
{
	struct course course = flapping_course();

	(void)state;
	course.rules.high = course.rules.low = 0;
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 2);
	assert_int_equal(course.transitions.list[0].type, TRANSITION_SETTLED);
	for (int i = 0; i < 20; i++) {
		see(&course, i % 2 == 0 ? "operational" : "major_outage");
		assert_turn(&course, i % 2 == 0 ? TRANSITION_GREEN : TRANSITION_RED, "a");
	}
	course_release(&course);
}

static void test_yellow_between_is_no_change_of_the_ring(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	course.rules.high = 30;
	course.rules.low = 20;
	see(&course, "operational");
	for (int i = 0; i < 30; i++) {
		see(&course, i % 2 == 0 ? "degraded" : "operational");
		assert_int_equal(course.transitions.count, 0);
	}
	course_release(&course);
}

static void test_while_muted_nothing_turns_and_what_is_left_of_it_turns_after(void **state)
{
	struct course course = course_new(1, 2);
	int64_t red;

	(void)state;
	see(&course, "operational");
	course.rules.suppressed = true;
	see(&course, "major_outage");
	see(&course, "operational");
	see(&course, "operational");
	see(&course, "major_outage");
	red = course.now;
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_true(indicator_states_unconfirmed(
		&course.indicators)); /* so that the end is not missed */
	course.rules.suppressed = false;
	see(&course, "major_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	assert_int_equal(course.transitions.list[0].seen, red);
	course.rules.suppressed = true;
	see(&course, "operational");
	see(&course, "operational");
	see(&course, "operational");
	assert_int_equal(course.transitions.count, 0);
	course.rules.suppressed = false;
	see(&course, "operational");
	assert_turn(&course, TRANSITION_GREEN, "a");
	course_release(&course);
}

static void test_what_goes_while_muted_is_told_when_it_is_still_gone_after(void **state)
{
	struct course course = course_new(1, 1);

	(void)state;
	see(&course, "operational");
	course.rules.suppressed = true;
	see_text(&course, "reading 1\npage\tP\toperational\tok\n");
	assert_int_equal(course.transitions.count, 0);
	course.rules.suppressed = false;
	see_text(&course, "reading 1\npage\tP\toperational\tok\n");
	assert_turn(&course, TRANSITION_GONE, "a");
	see_text(&course, "reading 1\npage\tP\toperational\tok\n");
	assert_int_equal(course.transitions.count, 0);
	course_release(&course);
}

static void test_an_alarm_that_gets_worse_turns_once_for_each_new_worst(void **state)
{
	struct course course = course_new(2, 1);

	(void)state;
	see(&course, "operational");
	see(&course, "partial_outage");
	see(&course, "partial_outage");
	assert_turn(&course, TRANSITION_RED, "a");
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	see(&course, "partial_outage");
	see(&course, "major_outage");
	assert_int_equal(course.transitions.count, 0);
	assert_true(indicator_states_unconfirmed(&course.indicators));
	see(&course, "major_outage");
	assert_turn(&course, TRANSITION_WORSE, "a");
	assert_int_equal(course.transitions.list[0].before, LEVEL_PARTIAL_OUTAGE);
	assert_int_equal(course.transitions.list[0].after, LEVEL_MAJOR_OUTAGE);
	for (int i = 0; i < 4; i++) {
		see(&course, i < 2 ? "partial_outage" : "major_outage");
		assert_int_equal(course.transitions.count, 0);
	}
	course_release(&course);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_red_is_confirmed_by_worse_fetches_in_a_row),
		cmocka_unit_test(test_anything_but_red_between_starts_the_count_anew),
		cmocka_unit_test(
			test_green_is_confirmed_by_better_fetches_and_tells_since_when_it_was_red),
		cmocka_unit_test(test_yellow_blue_and_grey_between_change_no_alarm),
		cmocka_unit_test(test_a_page_may_move_its_floor_of_red),
		cmocka_unit_test(test_a_baseline_opens_alarms_and_turns_nothing),
		cmocka_unit_test(test_a_baseline_alerts_where_the_rules_say_so),
		cmocka_unit_test(
			test_a_new_baseline_closes_no_alarm_and_says_nothing_of_what_is_absent),
		cmocka_unit_test(test_silence_opens_alarms_closes_none_and_turns_nothing),
		cmocka_unit_test(test_absent_is_gone_once_and_keeps_its_alarm),
		cmocka_unit_test(test_what_is_not_listed_has_the_level_of_the_others),
		cmocka_unit_test(test_a_new_id_under_the_same_group_and_name_is_the_same_lamp),
		cmocka_unit_test(test_an_id_that_is_still_listed_beats_a_name),
		cmocka_unit_test(test_overall_turns_only_while_no_indicator_is_red),
		cmocka_unit_test(test_overall_has_no_lamp_where_patterns_choose),
		cmocka_unit_test(
			test_what_the_patterns_leave_out_has_no_lamp_and_leaves_without_a_word),
		cmocka_unit_test(test_twenty_thousand_indicators_take_no_time_even_with_new_ids),
		cmocka_unit_test(test_lamps_do_not_grow_without_end),
		cmocka_unit_test(
			test_a_third_red_at_once_is_told_as_flapping_and_then_there_is_silence),
		cmocka_unit_test(test_what_settles_red_is_told_so_and_is_an_alarm_from_then_on),
		cmocka_unit_test(test_what_settles_as_it_was_told_last_has_no_alarm_to_turn),
		cmocka_unit_test(test_an_alarm_that_was_open_closes_when_it_settles_green),
		cmocka_unit_test(test_what_is_never_confirmed_does_not_flap),
		cmocka_unit_test(test_nothing_flaps_where_it_is_off_and_what_flapped_settles),
		cmocka_unit_test(test_yellow_between_is_no_change_of_the_ring),
		cmocka_unit_test(test_while_muted_nothing_turns_and_what_is_left_of_it_turns_after),
		cmocka_unit_test(test_what_goes_while_muted_is_told_when_it_is_still_gone_after),
		cmocka_unit_test(test_an_alarm_that_gets_worse_turns_once_for_each_new_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
