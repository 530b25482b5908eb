/* SPDX-License-Identifier: ISC */
#include "model/level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_every_level_is_read_back_from_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		enum level level = LEVEL_COUNT;

		assert_true(level_parse(level_name((enum level)i), &level));
		assert_int_equal(level, i);
	}
}

static void test_unknown_word_is_refused_and_changes_nothing(void **state)
{
	static const char *const words[] = {
		"", "Operational", "operational ", "partial outage", "outage", "none"};
	enum level level = LEVEL_MAINTENANCE;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_false(level_parse(words[i], &level));
	assert_int_equal(level, LEVEL_MAINTENANCE);
}

static void test_levels_are_ordered_from_good_to_bad(void **state)
{
	(void)state;
	assert_true(LEVEL_OPERATIONAL < LEVEL_NOTICE && LEVEL_NOTICE < LEVEL_MAINTENANCE);
	assert_true(LEVEL_MAINTENANCE < LEVEL_DEGRADED && LEVEL_DEGRADED < LEVEL_PARTIAL_OUTAGE);
	assert_true(LEVEL_PARTIAL_OUTAGE < LEVEL_MAJOR_OUTAGE);
}

static void test_colours_with_the_usual_floor(void **state)
{
	static const char *const expected[LEVEL_COUNT] = {
		[LEVEL_OPERATIONAL] = "green",
		[LEVEL_NOTICE] = "green",
		[LEVEL_MAINTENANCE] = "blue",
		[LEVEL_UNKNOWN] = "grey",
		[LEVEL_DEGRADED] = "yellow",
		[LEVEL_PARTIAL_OUTAGE] = "red",
		[LEVEL_MAJOR_OUTAGE] = "red",
	};

	(void)state;
	for (int i = 0; i < LEVEL_COUNT; i++)
		assert_string_equal(colour_name(level_colour((enum level)i, LEVEL_PARTIAL_OUTAGE)),
			expected[i]);
}

static void test_the_floor_of_red_moves_both_ways(void **state)
{
	(void)state;
	assert_int_equal(level_colour(LEVEL_DEGRADED, LEVEL_DEGRADED), COLOUR_RED);
	assert_int_equal(level_colour(LEVEL_PARTIAL_OUTAGE, LEVEL_MAJOR_OUTAGE), COLOUR_YELLOW);
	assert_int_equal(level_colour(LEVEL_MAJOR_OUTAGE, LEVEL_MAJOR_OUTAGE), COLOUR_RED);
}

static void test_unknown_and_maintenance_are_never_red(void **state)
{
	(void)state;
	for (int floor = 0; floor < LEVEL_COUNT; floor++) {
		assert_int_equal(level_colour(LEVEL_UNKNOWN, (enum level)floor), COLOUR_GREY);
		assert_int_equal(level_colour(LEVEL_MAINTENANCE, (enum level)floor), COLOUR_BLUE);
		assert_int_equal(level_colour(LEVEL_OPERATIONAL, (enum level)floor), COLOUR_GREEN);
	}
}

static void test_each_colour_has_a_name_and_a_shape_of_its_own(void **state)
{
	enum colour colour;

	(void)state;
	for (int i = 0; i < COLOURS; i++) {
		assert_true(colour_parse(colour_name((enum colour)i), &colour));
		assert_int_equal(colour, i);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				colour_shape((enum colour)i), colour_shape((enum colour)j));
	}
	assert_false(colour_parse("purple", &colour));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_level_is_read_back_from_its_name),
		cmocka_unit_test(test_unknown_word_is_refused_and_changes_nothing),
		cmocka_unit_test(test_levels_are_ordered_from_good_to_bad),
		cmocka_unit_test(test_colours_with_the_usual_floor),
		cmocka_unit_test(test_each_colour_has_a_name_and_a_shape_of_its_own),
		cmocka_unit_test(test_the_floor_of_red_moves_both_ways),
		cmocka_unit_test(test_unknown_and_maintenance_are_never_red),
	};

	return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}
