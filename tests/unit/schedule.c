/* SPDX-License-Identifier: ISC */
#include "model/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { T = 1390590000, MINUTE = 60, HOUR = 3600 };

static void test_a_page_that_was_never_fetched_is_due(void **state)
{
	struct schedule schedule = {.every = 300000};

	(void)state;
	assert_true(schedule_due(&schedule, T));
}

static void test_due_after_every_less_thirty_seconds(void **state)
{
	struct schedule schedule = {.every = 300000, .last_fetch = T};

	(void)state;
	assert_false(schedule_due(&schedule, T + 269));
	assert_true(schedule_due(&schedule, T + 270));
}

static void test_every_zero_is_due_at_each_run(void **state)
{
	struct schedule schedule = {.every = 0, .last_fetch = T};

	(void)state;
	assert_true(schedule_due(&schedule, T));
}

static void test_a_clock_that_went_back_an_hour_makes_everything_due(void **state)
{
	struct schedule schedule = {.every = 300000, .last_fetch = T, .last_full = T};

	(void)state;
	assert_true(schedule_due(&schedule, T - HOUR));
	assert_true(schedule_full(&schedule, T - HOUR));
	schedule.retry_at = T + 10 * MINUTE;
	assert_true(schedule_due(&schedule, T - HOUR));
}

static void test_red_unconfirmed_and_failing_pages_are_due_at_each_run(void **state)
{
	struct schedule schedule = {.every = 300000, .last_fetch = T, .restless = true};

	(void)state;
	assert_true(schedule_due(&schedule, T + 60));
	schedule.restless = false;
	assert_false(schedule_due(&schedule, T + 60));
}

static void test_retry_after_is_obeyed_also_by_a_restless_page(void **state)
{
	struct schedule schedule = {.last_fetch = T, .retry_at = T + 10 * MINUTE, .restless = true};

	(void)state;
	assert_false(schedule_due(&schedule, T + 9 * MINUTE));
	assert_true(schedule_due(&schedule, T + 10 * MINUTE));
}

static void test_retry_after_is_obeyed_up_to_an_hour(void **state)
{
	struct schedule schedule = {.every = 60000, .last_fetch = T, .retry_at = T + 24 * HOUR};

	(void)state;
	assert_false(schedule_due(&schedule, T + MINUTE));
	assert_false(schedule_due(&schedule, T + HOUR - 1));
	assert_true(schedule_due(&schedule, T + HOUR));
	assert_true(schedule_due(&schedule, T + 23 * HOUR + MINUTE));
}

static void test_once_a_day_a_fetch_is_unconditional(void **state)
{
	struct schedule schedule = {.last_full = 0};

	(void)state;
	assert_true(schedule_full(&schedule, T));
	schedule.last_full = T;
	assert_false(schedule_full(&schedule, T + 24 * HOUR - 1));
	assert_true(schedule_full(&schedule, T + 24 * HOUR));
}

static void test_stale_is_older_than_three_times_every(void **state)
{
	struct schedule schedule = {.every = 300000, .last_success = T};

	(void)state;
	assert_false(schedule_stale(&schedule, T + 900));
	assert_true(schedule_stale(&schedule, T + 901));
	schedule.every = 0; /* a minute is the most that cron can do */
	assert_false(schedule_stale(&schedule, T + 180));
	assert_true(schedule_stale(&schedule, T + 181));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_that_was_never_fetched_is_due),
		cmocka_unit_test(test_due_after_every_less_thirty_seconds),
		cmocka_unit_test(test_every_zero_is_due_at_each_run),
		cmocka_unit_test(test_a_clock_that_went_back_an_hour_makes_everything_due),
		cmocka_unit_test(test_red_unconfirmed_and_failing_pages_are_due_at_each_run),
		cmocka_unit_test(test_retry_after_is_obeyed_also_by_a_restless_page),
		cmocka_unit_test(test_retry_after_is_obeyed_up_to_an_hour),
		cmocka_unit_test(test_once_a_day_a_fetch_is_unconditional),
		cmocka_unit_test(test_stale_is_older_than_three_times_every),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
