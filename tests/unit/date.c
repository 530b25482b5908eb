/* SPDX-License-Identifier: ISC */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	const char *text, *expected;
};

static void assert_samples(const struct sample *samples, size_t count)
{
	char out[DATE_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		date_normalise(samples[i].text, out);
		if (strcmp(out, samples[i].expected) != 0)
			fail_msg("\"%s\" is read as \"%s\", not \"%s\"", samples[i].text, out,
				samples[i].expected);
	}
}

#define ASSERT_SAMPLES(samples) assert_samples(samples, sizeof samples / sizeof samples[0])

static void test_rfc3339_is_read_with_and_without_fraction_offset_and_seconds(void **state)
{
	static const struct sample samples[] = {
		{"2014-01-24T19:20:00Z", "2014-01-24T19:20:00Z"},
		{"2014-01-24t19:20:00.123z", "2014-01-24T19:20:00Z"},
		{"2014-01-24T14:20:00.999-05:00", "2014-01-24T19:20:00Z"},
		{"2014-01-24T19:20:00+0000", "2014-01-24T19:20:00Z"},
		{"2014-01-24T20:20+01", "2014-01-24T19:20:00Z"},
		{"2014-01-24 19:20", "2014-01-24T19:20:00Z"},
		{"2014-01-24T19:20:00", "2014-01-24T19:20:00Z"},
		{"  2014-01-24  19:20:00 UTC ", "2014-01-24T19:20:00Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"2020-02-29T00:00:00.1234567Z", "2020-02-29T00:00:00Z"},
	};

	(void)state;
	ASSERT_SAMPLES(samples);
}

static void test_go_s_second_zone_is_left_aside(void **state)
{
	static const struct sample samples[] = {
		{"2025-09-12 19:20:02 +0200 +0200", "2025-09-12T17:20:02Z"},
		{"2025-09-12 19:20:02.5 +0200 CEST", "2025-09-12T17:20:02Z"},
		{"2025-09-12 17:20:02 +0000 UTC", "2025-09-12T17:20:02Z"},
	};

	(void)state;
	ASSERT_SAMPLES(samples);
}

static void test_mail_dates_are_read_with_any_blanks_and_zones(void **state)
{
	static const struct sample samples[] = {
		{"Wed,  4 Nov 2015 02:32:27 PST", "2015-11-04T10:32:27Z"},
		{"Thu, 23 Jul 2026 16:29:09 Z", "2026-07-23T16:29:09Z"},
		{"Thu, 23 Jul 2026 16:29:09 +0000", "2026-07-23T16:29:09Z"},
		{"23 Jul 2026 16:29 -0730", "2026-07-23T23:59:00Z"},
		{"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"Thursday, 23 July 2026 16:29:09 EDT", "2026-07-23T20:29:09Z"},
		{"23 Jul 26 16:29:09 UT", "2026-07-23T16:29:09Z"},
	};

	(void)state;
	ASSERT_SAMPLES(samples);
}

static void test_epochs_are_seconds_of_10_and_milliseconds_of_13_digits(void **state)
{
	static const struct sample samples[] = {
		{"1390591200", "2014-01-24T19:20:00Z"},
		{"1390591200999", "2014-01-24T19:20:00Z"},
		{"139059120", ""},
		{"13905912000", ""},
		{"1390591200x", ""},
	};

	(void)state;
	ASSERT_SAMPLES(samples);
}

static void test_what_is_no_date_is_empty(void **state)
{
	static const struct sample samples[] = {
		{"", ""},
		{NULL, ""},
		{"yesterday", ""},
		{"0001-01-01T00:00:00Z", ""},
		{"1989-12-31T23:59:59Z", ""},
		{"1990-01-01T00:00:00+01:00", ""},
		{"2014-02-29T00:00:00Z", ""},
		{"2014-13-01T00:00:00Z", ""},
		{"2014-00-01T00:00:00Z", ""},
		{"2014-01-24T24:00:00Z", ""},
		{"2014-01-24T19:60:00Z", ""},
		{"2014-01-24T19:20:00 CEST", ""},
		{"2014-01-24T19:20:00Zjunk", ""},
		{"2014-01-24T19:20:00+2500", ""},
		{"2014-01-24", ""},
		{"Thu, 23 Foo 2026 16:29:09 Z", ""},
		{"99999-01-01T00:00:00Z", ""},
		{"Thu, 23 Jul 2026", ""},
		{"+", ""},
		{"2014-01-24T19:20:00+", ""},
	};

	(void)state;
	ASSERT_SAMPLES(samples);
}

static void test_each_way_of_writing(void **state)
{
	char out[DATE_TEXT_MAX];

	(void)state;
	date_write_compact(1390591200, out);
	assert_string_equal(out, "2014-01-24T192000Z");
	date_write_mail(1390591200, out);
	assert_string_equal(out, "Fri, 24 Jan 2014 19:20:00 +0000");
	date_write_local(1390591200, NULL, out);
	assert_string_equal(out, "Fri 24 Jan 2014 19:20:00 UTC");
	date_write_short(1390591200, NULL, out);
	assert_string_equal(out, "2014-01-24 19:20 UTC");
	date_write_short(1390591200, "XYZ-1", out);
	assert_string_equal(out, "2014-01-24 20:20 XYZ");
	date_write_local(1390591200, "XYZ-1", out);
	assert_string_equal(out, "Fri 24 Jan 2014 20:20:00 XYZ");
	date_write(INT64_MAX, out);
	assert_string_equal(out, "");
	date_write(INT64_MIN, out);
	assert_string_equal(out, "");
}

static void test_zones_are_those_of_the_system(void **state)
{
	(void)state;
	assert_true(date_zone_known("UTC"));
	assert_false(date_zone_known("Europe/Nowhere"));
	assert_false(date_zone_known("Europe"));
	assert_false(date_zone_known("../../../etc/passwd"));
	assert_false(date_zone_known("/etc/passwd"));
	assert_false(date_zone_known(""));
	assert_false(date_zone_known(NULL));
}

static void assert_duration(int64_t seconds, const char *expected)
{
	char out[DATE_TEXT_MAX];

	date_write_duration(seconds, out);
	assert_string_equal(out, expected);
}

static void test_durations_have_two_units_at_most(void **state)
{
	(void)state;
	assert_duration(-5, "0 s");
	assert_duration(40, "40 s");
	assert_duration(60, "1 min");
	assert_duration(779, "12 min");
	assert_duration(3780, "1 h 03 min");
	assert_duration(187200, "2 d 4 h");
}

static void assert_prefix(const char *prefix, const char *expected)
{
	char out[DATE_TEXT_MAX] = "";
	int64_t last;

	if (date_prefix_end(prefix, &last))
		date_write(last, out);
	assert_string_equal(out, expected);
}

static void test_a_prefix_names_times_up_to_its_last_second(void **state)
{
	(void)state;
	assert_prefix("2014", "2014-12-31T23:59:59Z");
	assert_prefix("2014-01", "2014-01-31T23:59:59Z");
	assert_prefix("2016-02", "2016-02-29T23:59:59Z");
	assert_prefix("2014-01-24", "2014-01-24T23:59:59Z");
	assert_prefix("2014-01-24T19", "2014-01-24T19:59:59Z");
	assert_prefix("2014-01-24T19:20", "2014-01-24T19:20:59Z");
	assert_prefix("2014-01-24T19:20:05", "2014-01-24T19:20:05Z");
	assert_prefix("2014-01-24T19:20:05Z", "2014-01-24T19:20:05Z");
	assert_prefix("2014-01-24T20:20:05+01:00", "2014-01-24T19:20:05Z");
	assert_prefix("", "");
	assert_prefix("201", "");
	assert_prefix("2014-", "");
	assert_prefix("2014-13", "");
	assert_prefix("2014-02-30", "");
	assert_prefix("2014-01-24T", "");
	assert_prefix("latest", "");
}

static void test_a_prefix_names_times_from_its_first_second_on(void **state)
{
	static const struct {
		const char *prefix, *first;
	} cases[] = {
		{"2014", "2014-01-01T00:00:00Z"},
		{"2016-02", "2016-02-01T00:00:00Z"},
		{"2014-01-24", "2014-01-24T00:00:00Z"},
		{"2014-01-24T19:20", "2014-01-24T19:20:00Z"},
		{"2014-01-24T20:20:05+01:00", "2014-01-24T19:20:05Z"},
	};
	char text[DATE_TEXT_MAX];
	int64_t first;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(date_prefix_begin(cases[i].prefix, &first));
		date_write(first, text);
		assert_string_equal(text, cases[i].first);
	}
	assert_false(date_prefix_begin("2014-02-30", &first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339_is_read_with_and_without_fraction_offset_and_seconds),
		cmocka_unit_test(test_go_s_second_zone_is_left_aside),
		cmocka_unit_test(test_mail_dates_are_read_with_any_blanks_and_zones),
		cmocka_unit_test(test_epochs_are_seconds_of_10_and_milliseconds_of_13_digits),
		cmocka_unit_test(test_what_is_no_date_is_empty),
		cmocka_unit_test(test_each_way_of_writing),
		cmocka_unit_test(test_zones_are_those_of_the_system),
		cmocka_unit_test(test_durations_have_two_units_at_most),
		cmocka_unit_test(test_a_prefix_names_times_up_to_its_last_second),
		cmocka_unit_test(test_a_prefix_names_times_from_its_first_second_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
