/* SPDX-License-Identifier: ISC */
#include "publish/report.h"
#include "publish/report_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Stretches of ten seconds, each a letter: u up, d degraded, R red, m maintenance, - unknown.
 */
static void measure(const char *letters, struct measures *measures)
{
	static const struct {
		char incoming;
		enum level level;
	} levels[] = {{'u', LEVEL_OPERATIONAL}, {'d', LEVEL_DEGRADED}, {'R', LEVEL_MAJOR_OUTAGE},
		{'m', LEVEL_MAINTENANCE}, {'-', LEVEL_UNKNOWN}};
	struct stretch list[32];
	struct stretches stretches = {list, strlen(letters)};

	for (size_t i = 0; letters[i] != '\0'; i++)
		for (size_t j = 0; j < sizeof levels / sizeof levels[0]; j++)
			if (levels[j].incoming == letters[i])
				list[i] = (struct stretch){
					10 * (int64_t)i, 10 * (int64_t)i + 10, levels[j].level};
	*measures = (struct measures){0};
	measures_take(measures, &stretches, LEVEL_PARTIAL_OUTAGE);
}

static void test_each_kind_of_time_is_counted_for_itself(void **state)
{
	struct measures measures;

	(void)state;
	measure("uudRRRm--", &measures);
	assert_int_equal(measures.up, 20);
	assert_int_equal(measures.degraded, 10);
	assert_int_equal(measures.red, 30);
	assert_int_equal(measures.maintenance, 10);
	assert_int_equal(measures.unknown, 20);
	measures_release(&measures);
}

static void test_availability_knows_neither_maintenance_nor_what_nobody_saw(void **state)
{
	struct measures measures;

	(void)state;
	measure("uR", &measures);
	assert_int_equal(measures_availability(&measures), 500000);
	measures_release(&measures);
	measure("uRmm-", &measures);
	assert_int_equal(measures_availability(&measures), 500000);
	measures_release(&measures);
	measure("--mm", &measures);
	assert_int_equal(measures_availability(&measures), -1);
	measures_release(&measures);
	measure("uuu", &measures);
	assert_int_equal(measures_availability(&measures), 1000000);
	measures_release(&measures);
}

static void assert_available(const char *letters, const char *words)
{
	struct measures measures;
	char share[REPORT_SHARE_MAX];

	measure(letters, &measures);
	report_availability(&measures, share);
	assert_string_equal(share, words);
	measures_release(&measures);
}

static void test_where_too_little_is_known_that_share_stands_in_place_of_a_figure(void **state)
{
	struct stretch list[] = {{0, 300, LEVEL_OPERATIONAL}, {300, 600, LEVEL_MAJOR_OUTAGE},
		{600, 7689600, LEVEL_UNKNOWN}};
	struct stretches stretches = {list, 3};
	struct measures measures = {0};
	char share[REPORT_SHARE_MAX];

	(void)state;
	assert_available("uuuR-", "75.000 %");
	assert_available("uuu-", "known 75 %");
	assert_available("-----", "known < 1 %");
	assert_available("mmmm-", "-");
	measures_take(&measures, &stretches, LEVEL_PARTIAL_OUTAGE);
	assert_int_equal(measures_availability(&measures), -1);
	report_availability(&measures, share);
	assert_string_equal(share, "known < 1 %");
	measures_release(&measures);
}

static void test_availability_is_rounded_down(void **state)
{
	struct stretch list[] = {
		{0, 100000000, LEVEL_OPERATIONAL}, {100000000, 100000001, LEVEL_MAJOR_OUTAGE}};
	struct stretches stretches = {list, 2};
	struct measures measures = {0};

	(void)state;
	measures_take(&measures, &stretches, LEVEL_PARTIAL_OUTAGE);
	assert_int_equal(measures_availability(&measures), 999999);
	measures_release(&measures);
}

static void test_what_is_unknown_within_an_outage_does_not_end_it(void **state)
{
	struct measures measures;

	(void)state;
	measure("uR-Ru", &measures);
	assert_int_equal(measures.outage_count, 1);
	assert_int_equal(measures.outages[0].begin, 10);
	assert_int_equal(measures.outages[0].end, 40);
	assert_int_equal(measures.outages[0].red, 20);
	assert_int_equal(measures_repair(&measures), 30);
	measures_release(&measures);
	measure("uRuR", &measures);
	assert_int_equal(measures.outage_count, 2);
	measures_release(&measures);
}

static void test_a_beginning_or_an_end_that_nobody_saw_makes_no_time_to_repair(void **state)
{
	struct measures measures;

	(void)state;
	measure("Ru", &measures);
	assert_false(measures.outages[0].begun);
	assert_true(measures.outages[0].ended);
	assert_int_equal(measures_repair(&measures), -1);
	measures_release(&measures);
	measure("uR-u", &measures);
	assert_true(measures.outages[0].begun);
	assert_false(measures.outages[0].ended);
	measures_release(&measures);
	measure("u-R", &measures);
	assert_false(measures.outages[0].begun);
	measures_release(&measures);
	measure("dRm", &measures);
	assert_int_equal(measures_repair(&measures), 10);
	assert_int_equal(measures_longest(&measures), 10);
	measures_release(&measures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_of_time_is_counted_for_itself),
		cmocka_unit_test(test_availability_knows_neither_maintenance_nor_what_nobody_saw),
		cmocka_unit_test(
			test_where_too_little_is_known_that_share_stands_in_place_of_a_figure),
		cmocka_unit_test(test_availability_is_rounded_down),
		cmocka_unit_test(test_what_is_unknown_within_an_outage_does_not_end_it),
		cmocka_unit_test(
			test_a_beginning_or_an_end_that_nobody_saw_makes_no_time_to_repair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
