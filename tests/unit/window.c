/* SPDX-License-Identifier: ISC */
#include "config/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/memory.h"

static int64_t at(const char *text)
{
	int64_t time;

	assert_true(date_parse(text, &time));
	return time;
}

/* A daily window's begin and end as they fall around the given moment, found second by second
 * from the outside: what is checked is what window_holds() says, not how it reckons. */
static void assert_window(
	const struct window *window, const char *zone, const char *begins, const char *ends)
{
	int64_t from = at(begins), to = at(ends), until = 0;

	assert_false(window_holds(window, zone, from - 1, &until));
	for (int64_t now = from; now < to; now += 7) {
		assert_true(window_holds(window, zone, now, &until));
		assert_int_equal(until, to);
	}
	assert_true(window_holds(window, zone, to - 1, &until));
	assert_false(window_holds(window, zone, to, &until));
}

static struct window daily(int from, int to)
{
	return (struct window){.days = WINDOW_ALL_DAYS, .from = from * 60, .to = to * 60};
}

static void test_a_night_is_nine_hours_long_on_most_days(void **state)
{
	const struct window night = daily(22, 7);

	(void)state;
	assert_window(&night, "Europe/Berlin", "2026-11-23T21:00:00Z", "2026-11-24T06:00:00Z");
	assert_window(&night, "America/New_York", "2026-11-24T03:00:00Z", "2026-11-24T12:00:00Z");
	assert_window(&night, NULL, "2026-11-23T22:00:00Z", "2026-11-24T07:00:00Z");
}

static void test_a_night_in_which_clocks_change_ends_at_the_same_hour_of_the_clock(void **state)
{
	const struct window night = daily(22, 7);

	(void)state;
	assert_window(&night, "Europe/Berlin", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z");
	assert_window(&night, "Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z");
	assert_window(&night, "America/New_York", "2026-03-08T03:00:00Z", "2026-03-08T11:00:00Z");
	assert_window(&night, "America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T12:00:00Z");
	assert_window(
		&night, "Australia/Lord_Howe", "2026-04-04T11:00:00Z", "2026-04-04T20:30:00Z");
}

static void test_a_time_that_clocks_skip_is_the_moment_at_which_they_skip_it(void **state)
{
	struct window window = {.days = WINDOW_ALL_DAYS, .from = 60, .to = 150};
	int64_t until;

	(void)state;
	assert_window(&window, "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z");
	window.from = 150;
	window.to = 240;
	assert_window(&window, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	window.to = 165; /* 02:30 to 02:45: there is no such quarter of an hour that night */
	for (int64_t now = at("2026-03-28T12:00:00Z"); now < at("2026-03-29T12:00:00Z"); now += 60)
		assert_false(window_holds(&window, "Europe/Berlin", now, &until));
}

static void test_a_time_that_comes_twice_begins_at_its_first_and_ends_at_its_last(void **state)
{
	struct window window = {.days = WINDOW_ALL_DAYS, .from = 60, .to = 150};

	(void)state;
	assert_window(&window, "Europe/Berlin", "2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z");
	window.from = 150;
	window.to = 240;
	assert_window(&window, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z");
}

static void test_days_are_those_on_which_a_window_begins(void **state)
{
	struct window window = {.days = 1 << 1 | 1 << 5, .from = 22 * 60, .to = 7 * 60};
	int64_t until;

	(void)state;
	/* 23 November 2026 is a Monday. */
	assert_window(&window, "Europe/Berlin", "2026-11-23T21:00:00Z", "2026-11-24T06:00:00Z");
	assert_window(&window, "Europe/Berlin", "2026-11-27T21:00:00Z", "2026-11-28T06:00:00Z");
	assert_false(window_holds(&window, "Europe/Berlin", at("2026-11-24T22:00:00Z"), &until));
	assert_false(window_holds(&window, "Europe/Berlin", at("2026-11-23T01:00:00Z"), &until));
}

static void test_the_window_s_own_zone_goes_before_the_file_s(void **state)
{
	struct window window = daily(9, 17);

	(void)state;
	window.zone = memory_string("Asia/Tokyo");
	assert_window(&window, "Europe/Berlin", "2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z");
	free(window.zone);
}

static void test_a_day_that_a_country_left_out_has_no_window(void **state)
{
	const struct window day = daily(9, 17);
	int64_t until;

	(void)state;
	/* Samoa had no 30 December 2011: the 29th ended at 10:00Z, and the 31st began. */
	assert_window(&day, "Pacific/Apia", "2011-12-29T19:00:00Z", "2011-12-30T03:00:00Z");
	for (int64_t now = at("2011-12-30T03:00:00Z"); now < at("2011-12-30T19:00:00Z"); now += 60)
		assert_false(window_holds(&day, "Pacific/Apia", now, &until));
}

static void test_a_single_window_holds_from_one_moment_to_the_other(void **state)
{
	const struct window window = {
		.begins = at("2026-11-23T22:00:00Z"), .ends = at("2026-11-25T01:00:00Z")};

	(void)state;
	assert_window(&window, "Europe/Berlin", "2026-11-23T22:00:00Z", "2026-11-25T01:00:00Z");
}

static void test_windows_that_meet_end_with_the_last(void **state)
{
	struct window list[] = {daily(22, 24), daily(0, 7), daily(6, 8), daily(9, 10)};
	const struct windows windows = {list, 4};
	struct window always[] = {daily(0, 24)};
	const struct windows whole = {always, 1};
	int64_t until;

	(void)state;
	assert_true(windows_hold(&windows, NULL, at("2026-11-23T23:00:00Z"), &until));
	assert_int_equal(until, at("2026-11-24T08:00:00Z"));
	assert_false(windows_hold(&windows, NULL, at("2026-11-24T08:00:00Z"), &until));
	assert_true(windows_hold(&whole, NULL, at("2026-11-23T23:00:00Z"), &until));
	assert_int_equal(until, at("2026-12-01T00:00:00Z"));
}

static void test_moments_are_read_as_people_give_them(void **state)
{
	static const struct {
		const char *text, *expected;
	} samples[] = {
		{"07:00", "2026-11-24T06:00:00Z"},
		{"23:30", "2026-11-23T22:30:00Z"},
		{"23:00", "2026-11-24T22:00:00Z"}, /* it is 23:00 now */
		{"24:00", "2026-11-23T23:00:00Z"},
		{"2026-11-24 07:00", "2026-11-24T06:00:00Z"},
		{"2026-07-24T07:00:00", "2026-07-24T05:00:00Z"},
		{"2026-11-24T07:00:00Z", "2026-11-24T07:00:00Z"},
		{"2026-11-24 07:00 EST", "2026-11-24T12:00:00Z"},
	};
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		assert_true(window_time_parse(
			samples[i].text, "Europe/Berlin", at("2026-11-23T22:00:00Z"), &time));
		assert_int_equal(time, at(samples[i].expected));
	}
	assert_false(window_time_parse("tomorrow", "Europe/Berlin", 0, &time));
	assert_false(window_time_parse("24:01", "Europe/Berlin", 0, &time));
	assert_false(window_time_parse("07:60", "Europe/Berlin", 0, &time));
	assert_false(window_time_parse("2026-11-24 07:00", NULL, 0, &time));
	assert_false(window_time_parse("07:00", NULL, 0, &time));
	assert_true(window_time_parse("2026-11-24 07:00 +01:00", NULL, 0, &time));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_night_is_nine_hours_long_on_most_days),
		cmocka_unit_test(
			test_a_night_in_which_clocks_change_ends_at_the_same_hour_of_the_clock),
		cmocka_unit_test(test_a_time_that_clocks_skip_is_the_moment_at_which_they_skip_it),
		cmocka_unit_test(
			test_a_time_that_comes_twice_begins_at_its_first_and_ends_at_its_last),
		cmocka_unit_test(test_days_are_those_on_which_a_window_begins),
		cmocka_unit_test(test_the_window_s_own_zone_goes_before_the_file_s),
		cmocka_unit_test(test_a_day_that_a_country_left_out_has_no_window),
		cmocka_unit_test(test_a_single_window_holds_from_one_moment_to_the_other),
		cmocka_unit_test(test_windows_that_meet_end_with_the_last),
		cmocka_unit_test(test_moments_are_read_as_people_give_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
