/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "run/heartbeat.h"

enum { MINUTE = 60, HOUR = 3600 };

static void test_a_quarter_of_an_hour_is_never_a_gap(void **state)
{
	static const int64_t minutes[] = {MINUTE, MINUTE, MINUTE};

	(void)state;
	assert_int_equal(heartbeat_longest_pause(NULL, 0, 0), 15 * MINUTE);
	assert_int_equal(heartbeat_longest_pause(minutes, 3, MINUTE * 1000), 15 * MINUTE);
}

static void test_the_usual_pause_is_learnt_and_one_long_one_does_not_count(void **state)
{
	static const int64_t hours[] = {HOUR, 20 * HOUR, HOUR};

	(void)state;
	assert_int_equal(heartbeat_longest_pause(hours, 3, 0), 3 * HOUR);
}

static void test_without_any_run_before_the_configuration_says_what_is_usual(void **state)
{
	(void)state;
	assert_int_equal(heartbeat_longest_pause(NULL, 0, 2 * HOUR * 1000LL), 6 * HOUR);
}

static void test_more_pauses_than_are_remembered_do_no_harm(void **state)
{
	int64_t many[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		many[i] = 2 * HOUR;
	assert_int_equal(heartbeat_longest_pause(many, 100, 0), 6 * HOUR);
}

static void test_fail_stands_behind_the_path(void **state)
{
	static const char *const cases[][2] = {
		{"https://beat.example/0f1e", "https://beat.example/0f1e/fail"},
		{"https://beat.example/0f1e/", "https://beat.example/0f1e/fail"},
		{"https://beat.example/key/slug?create=1",
			"https://beat.example/key/slug/fail?create=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *url = heartbeat_fail_url(cases[i][0]);

		assert_string_equal(url, cases[i][1]);
		free(url);
	}
}

static void test_each_thing_that_is_wrong_is_a_line_and_nothing_is_none(void **state)
{
	struct heartbeat alive = {0};
	struct buffer text = {0};

	(void)state;
	heartbeat_explain(&alive, &text);
	assert_int_equal(text.length, 0);
	alive = (struct heartbeat){.network = true, .stuck = true};
	heartbeat_explain(&alive, &text);
	assert_non_null(strstr(buffer_string(&text), "no host answered"));
	assert_non_null(strstr(buffer_string(&text), "\nlampwatch: messages are waiting"));
	assert_null(strstr(buffer_string(&text), "deadline"));
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quarter_of_an_hour_is_never_a_gap),
		cmocka_unit_test(test_the_usual_pause_is_learnt_and_one_long_one_does_not_count),
		cmocka_unit_test(test_without_any_run_before_the_configuration_says_what_is_usual),
		cmocka_unit_test(test_more_pauses_than_are_remembered_do_no_harm),
		cmocka_unit_test(test_fail_stands_behind_the_path),
		cmocka_unit_test(test_each_thing_that_is_wrong_is_a_line_and_nothing_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
