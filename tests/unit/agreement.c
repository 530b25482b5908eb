/* SPDX-License-Identifier: ISC */
#include "model/agreement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RED_SINCE = 100, CHECKS_MAX = 8 };

/* What a lamp is and whether its red is confirmed; then the agreement where the fact is unknown,
 * good and bad: ? unknown, = agree, E early, L late. */
static const struct {
	enum colour colour;
	bool red;
	const char *agreements;
} lamps[] = {
	{COLOUR_GREEN, false, "?=E"},
	{COLOUR_GREEN, true, "?=="}, /* not yet confirmed green */
	{COLOUR_BLUE, false, "?=="},
	{COLOUR_BLUE, true, "?=="},
	{COLOUR_YELLOW, false, "?=="},
	{COLOUR_YELLOW, true, "?=="},
	{COLOUR_RED, false, "?=="}, /* not yet confirmed red */
	{COLOUR_RED, true, "?L="},
	{COLOUR_GREY, false, "???"},
	{COLOUR_GREY, true, "???"},
};

static const char letters[] = {[AGREEMENT_UNKNOWN] = '?',
	[AGREEMENT_AGREE] = '=',
	[AGREEMENT_EARLY] = 'E',
	[AGREEMENT_LATE] = 'L'};

static void check(const struct lamp *lamp, const struct fact *fact, char expected)
{
	int64_t since, later = fact->since > lamp->since ? fact->since : lamp->since;
	char is = letters[agreement_of(lamp, fact, &since)];

	if (is != expected)
		print_error("%s%s%s, fact %d: %c\n", colour_name(lamp->colour),
			lamp->red ? ", red" : "", lamp->fresh ? "" : ", not fresh", fact->state,
			is);
	assert_int_equal(is, expected);
	assert_int_equal(since, is == 'E' ? fact->since : is == 'L' ? later : 0);
}

static void test_every_lamp_and_every_fact(void **state)
{
	(void)state;
	assert_int_equal(sizeof lamps / sizeof *lamps, 2 * COLOURS);
	for (size_t i = 0; i < sizeof lamps / sizeof *lamps; i++)
		for (int is = FACT_UNKNOWN; is <= FACT_BAD; is++)
			for (int64_t since = 50; since <= 150; since += 100) {
				struct fact fact = {.state = (enum fact_state)is, .since = since};
				struct lamp lamp = {lamps[i].colour, true, lamps[i].red, RED_SINCE};

				check(&lamp, &fact, lamps[i].agreements[is]);
				lamp.fresh = false;
				check(&lamp, &fact, '?');
			}
}

/* g good, b bad, ? unknown, each a second after the one before. */
static void assert_fact(const char *checks, size_t need, enum fact_state expected, int64_t since)
{
	struct fact facts[CHECKS_MAX], fact;
	size_t count = strlen(checks);

	for (size_t i = 0; i < count; i++)
		facts[i] = (struct fact){.state = checks[i] == 'g'   ? FACT_GOOD
						  : checks[i] == 'b' ? FACT_BAD
								     : FACT_UNKNOWN,
			.since = checks[i] == '?' ? 0 : (int64_t)i + 1};
	fact = fact_of_checks(facts, count, need);
	if (fact.state != expected || fact.since != since)
		print_error("%s, need %zu\n", checks, need);
	assert_int_equal(fact.state, expected);
	assert_int_equal(fact.since, since);
}

static void test_one_check_is_the_fact(void **state)
{
	(void)state;
	assert_fact("g", 1, FACT_GOOD, 1);
	assert_fact("b", 1, FACT_BAD, 1);
	assert_fact("?", 1, FACT_UNKNOWN, 0);
}

static void test_a_quiet_crowd_alone_does_not_make_a_lamp_late(void **state)
{
	struct fact checks[] = {{.state = FACT_GOOD, .since = 1, .heard = true},
		{.state = FACT_GOOD, .since = 2, .heard = true}};
	struct fact fact = fact_of_checks(checks, 2, 1);

	(void)state;
	assert_false(fact_is_late(&fact, true));
	checks[1].heard = false;
	fact = fact_of_checks(checks, 2, 1);
	assert_true(fact_is_late(&fact, true));
	assert_false(fact_is_late(&fact, false));
}

static void test_as_many_as_are_needed_make_it_bad_and_the_last_of_them_says_when(void **state)
{
	(void)state;
	assert_fact("gbb", 1, FACT_BAD, 2);
	assert_fact("gbb", 2, FACT_BAD, 3);
	assert_fact("gbb", 3, FACT_GOOD, 1);
	assert_fact("bbb", 3, FACT_BAD, 3);
	assert_fact("ggg", 1, FACT_GOOD, 3);
	assert_fact("ggb", 2, FACT_GOOD, 2);
}

static void test_unknown_ones_count_where_they_could_decide(void **state)
{
	(void)state;
	assert_fact("g?", 1, FACT_UNKNOWN, 0);
	assert_fact("b?", 1, FACT_BAD, 1);
	assert_fact("b?", 2, FACT_UNKNOWN, 0);
	assert_fact("g?", 2, FACT_GOOD, 1);
	assert_fact("gb?", 2, FACT_UNKNOWN, 0);
	assert_fact("??", 2, FACT_UNKNOWN, 0);
}

static void test_more_than_there_are_is_unknown(void **state)
{
	(void)state;
	assert_fact("bb", 3, FACT_UNKNOWN, 0);
	assert_fact("", 1, FACT_UNKNOWN, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_lamp_and_every_fact),
		cmocka_unit_test(test_one_check_is_the_fact),
		cmocka_unit_test(test_a_quiet_crowd_alone_does_not_make_a_lamp_late),
		cmocka_unit_test(
			test_as_many_as_are_needed_make_it_bad_and_the_last_of_them_says_when),
		cmocka_unit_test(test_unknown_ones_count_where_they_could_decide),
		cmocka_unit_test(test_more_than_there_are_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
