/* SPDX-License-Identifier: ISC */
#include "model/flap_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* States as fetches that are each a slot of their own. */
static struct flap_history ring_of(const char *states)
{
	struct flap_history flaps = {0};
	int64_t now = 1000000;

	for (; *states != '\0'; states++, now += FLAP_SLOT_CALM_SECONDS)
		flap_history_take(&flaps, *states == 'r', FLAP_SLOT_CALM_SECONDS, now);
	return flaps;
}

static void assert_percent(const char *states, double least, double most)
{
	const struct flap_history flaps = ring_of(states);
	double percent = flap_history_percent(&flaps);

	if (percent < least || percent > most)
		fail_msg("%s: %.1f %%", states, percent);
}

static void test_one_outage_is_far_from_flapping_however_long_it_lasts(void **state)
{
	(void)state;
	assert_percent("gggggggggggggggggggg", 0, 0);
	assert_percent("ggggggggggggggggggrg", 12, 13);
	assert_percent("gggggggggrrrrrrrrggg", 10, 13);
	assert_percent("rrrrrrrrrrrrrrrrrrrr", 0, 0);
}

static void test_two_outages_in_twenty_fetches_are_below_the_high_mark(void **state)
{
	(void)state;
	assert_percent("ggggggggggggggggrgrg", 24, 25);
	assert_percent("grgggggggggggggggrgg", 19, 24);
	assert_percent("grrrrrrrggggrrrrrrrg", 19, 24);
}

static void test_a_third_outage_at_once_or_three_over_the_ring_reach_it(void **state)
{
	(void)state;
	assert_percent("gggggggggggggggrgrgr", 30, 31);
	assert_percent("grrrggrrrggggrrrgggg", 30, 33);
	assert_percent("grgrgrgrgrgrgrgrgrgr", 99.9, 100.1);
}

static void test_it_takes_most_of_a_ring_to_be_below_the_low_mark_again(void **state)
{
	(void)state;
	assert_percent("rgrgrgrgrgrggggggggg", 50, 54);
	assert_percent("rgrgrggggggggggggggg", 21, 23);
	assert_percent("grgrgggggggggggggggg", 17, 19);
}

static void test_what_changed_long_ago_is_forgotten(void **state)
{
	(void)state;
	assert_percent("rgrgrgrgrgrgrgrgrgrggggggggggggggggggggg", 0, 0);
}

static void test_fetches_in_quick_succession_are_one_slot_and_a_change_is_always_one(void **state)
{
	struct flap_history flaps = {0};
	int64_t now = 1000000;

	(void)state;
	for (int minute = 0; minute < 60; minute++, now += 60)
		flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS, now);
	assert_string_equal(flaps.states, "0000");
	flap_history_take(&flaps, true, FLAP_SLOT_CALM_SECONDS, now);
	flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS, now + 60);
	assert_string_equal(flaps.states, "000010");
	assert_int_equal(flap_history_changes(&flaps), 2);
	assert_int_equal(flaps.changed, now + 60);
}

static void test_time_between_two_fetches_has_its_slots(void **state)
{
	struct flap_history flaps = ring_of("ggrg");

	(void)state;
	flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS,
		flaps.time + 3 * FLAP_SLOT_CALM_SECONDS + 10);
	assert_string_equal(flaps.states, "0010000");
	flap_history_take(
		&flaps, true, FLAP_SLOT_CALM_SECONDS, flaps.time + 1000LL * FLAP_SLOT_CALM_SECONDS);
	assert_string_equal(flaps.states, "00000000000000000001");
}

/* Fetches only where something changes: outages of so many seconds, so many seconds apart. */
static double worst_of_outages(int64_t lasting, int64_t apart)
{
	struct flap_history flaps = {0};
	int64_t now = 1000000;
	double worst = 0;

	flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS, now);
	for (int outage = 0; outage < 10; outage++, now += apart - lasting) {
		flap_history_take(&flaps, true, FLAP_SLOT_CALM_SECONDS, now);
		if (flap_history_percent(&flaps) > worst)
			worst = flap_history_percent(&flaps);
		flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS, now += lasting);
	}
	return worst;
}

static void test_outages_of_different_days_are_no_flapping_however_few_fetches_see_them(
	void **state)
{
	(void)state;
	assert_true(worst_of_outages(3600, 45LL * 86400) < 15);
	assert_true(worst_of_outages(7200, 3LL * 86400) < 15);
	assert_true(worst_of_outages(600, 86400) < 15);
	assert_true(worst_of_outages(600, 1800) > 30);
}

static void test_a_clock_that_goes_back_stops_nothing(void **state)
{
	struct flap_history flaps = ring_of("gg");

	(void)state;
	flap_history_take(&flaps, false, FLAP_SLOT_CALM_SECONDS, flaps.time - 3600);
	assert_string_equal(flaps.states, "000");
}

static void test_a_difference_of_our_own_making_is_no_change(void **state)
{
	struct flap_history flaps = ring_of("gggg");

	(void)state;
	flap_history_correct(&flaps, true, flaps.time + 60);
	assert_string_equal(flaps.states, "0001");
	flap_history_take(&flaps, true, FLAP_SLOT_CALM_SECONDS, flaps.time + 60);
	assert_string_equal(flaps.states, "0001");
}

static void test_a_kept_ring_is_read_back_and_a_damaged_one_hurts_nobody(void **state)
{
	struct flap_history flaps = {0};

	(void)state;
	flap_history_parse(&flaps, "0110");
	assert_string_equal(flaps.states, "0110");
	flap_history_parse(&flaps, "01x0 1111111111111111111111111111111");
	assert_string_equal(flaps.states, "01011111111111111111");
	flap_history_parse(&flaps, "");
	assert_true(flap_history_percent(&flaps) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_outage_is_far_from_flapping_however_long_it_lasts),
		cmocka_unit_test(test_two_outages_in_twenty_fetches_are_below_the_high_mark),
		cmocka_unit_test(test_a_third_outage_at_once_or_three_over_the_ring_reach_it),
		cmocka_unit_test(test_it_takes_most_of_a_ring_to_be_below_the_low_mark_again),
		cmocka_unit_test(test_what_changed_long_ago_is_forgotten),
		cmocka_unit_test(
			test_fetches_in_quick_succession_are_one_slot_and_a_change_is_always_one),
		cmocka_unit_test(test_time_between_two_fetches_has_its_slots),
		cmocka_unit_test(
			test_outages_of_different_days_are_no_flapping_however_few_fetches_see_them),
		cmocka_unit_test(test_a_clock_that_goes_back_stops_nothing),
		cmocka_unit_test(test_a_difference_of_our_own_making_is_no_change),
		cmocka_unit_test(test_a_kept_ring_is_read_back_and_a_damaged_one_hurts_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
