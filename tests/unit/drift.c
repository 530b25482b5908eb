/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "watch/drift.h"

#define PAGE "reading 1\npage\tTest\toperational\t\n"
#define STRANGER "reading 1\npage\tStranger\toperational\t\n"
#define UNTITLED "reading 1\npage\t\toperational\t\n"
#define ROW(id) "indicator\t" id "\t\tName " id "\toperational\t\n"
#define RENAMED(id, name) "indicator\t" id "\t\tName " name "\toperational\t\n"
#define OTHERS "indicator\t*\t\t*\toperational\t\n"
#define URL "https://status.example.com/api"

static bool vanished(const char *before, const char *after, struct error *error)
{
	struct reading old = {0}, new = {0};
	bool gone;

	assert_true(reading_parse(before, strlen(before), &old, error));
	assert_true(reading_parse(after, strlen(after), &new, error));
	gone = drift_vanished(&old, &new, error);
	reading_release(&old);
	reading_release(&new);
	return gone;
}

static void test_half_of_the_indicators_gone_is_rot_and_less_is_not(void **state)
{
	struct error error;

	(void)state;
	assert_true(
		vanished(PAGE ROW("a") ROW("b") ROW("c") ROW("d"), PAGE ROW("a") ROW("b"), &error));
	assert_string_equal(error.text, "of 4 indicators that were expected, 2 are no longer "
					"listed; one of them is Name c");
	assert_true(vanished(PAGE ROW("a") ROW("b"), PAGE, &error));
	assert_false(vanished(PAGE ROW("a") ROW("b") ROW("c") ROW("d") ROW("e"),
		PAGE ROW("a") ROW("b") ROW("c"), &error));
}

static void test_one_that_goes_is_no_rot_whatever_its_share(void **state)
{
	struct error error;

	(void)state;
	assert_false(vanished(PAGE ROW("a"), PAGE, &error));
	assert_false(vanished(PAGE ROW("a") ROW("b"), PAGE ROW("b"), &error));
	assert_false(vanished(PAGE, PAGE ROW("b"), &error));
}

static void test_others_in_their_place_do_not_make_up_for_those_that_are_gone(void **state)
{
	struct error error;

	(void)state;
	assert_true(vanished(PAGE ROW("a") ROW("b"), PAGE ROW("x") ROW("y") ROW("z"), &error));
}

static void test_indicators_that_got_another_id_are_not_gone(void **state)
{
	struct error error;

	(void)state;
	assert_false(
		vanished(PAGE ROW("a") ROW("b"), PAGE RENAMED("x", "a") RENAMED("y", "b"), &error));
}

/* Numbers that every page of the family has tell no page from another; nor does a single row. */
static void test_another_title_and_no_name_that_stays_is_another_page(void **state)
{
	struct error error;

	(void)state;
	assert_true(vanished(PAGE RENAMED("1", "a") RENAMED("2", "b"),
		STRANGER RENAMED("1", "x") RENAMED("2", "y"), &error));
	assert_string_equal(error.text,
		"this is another page: it is titled \"Stranger\", where "
		"\"Test\" was expected, and lists none of what was listed there");
	assert_true(vanished(PAGE ROW("a"), STRANGER ROW("x") ROW("y"), &error));
	assert_false(vanished(PAGE RENAMED("1", "a") RENAMED("2", "b"),
		PAGE RENAMED("1", "x") RENAMED("2", "y"), &error));
	assert_false(vanished(PAGE RENAMED("1", "a") RENAMED("2", "b"),
		STRANGER RENAMED("1", "x") RENAMED("2", "b"), &error));
	assert_false(vanished(PAGE ROW("a") ROW("b"), STRANGER ROW("a") ROW("b"), &error));
	assert_false(vanished(PAGE RENAMED("1", "a"), UNTITLED RENAMED("1", "x"), &error));
	assert_false(vanished(PAGE, STRANGER ROW("x"), &error));
	assert_false(vanished(PAGE OTHERS ROW("a"), STRANGER OTHERS ROW("x"), &error));
}

static void test_a_page_that_lists_only_troubles_may_list_fewer(void **state)
{
	struct error error;

	(void)state;
	assert_false(vanished(PAGE OTHERS ROW("a") ROW("b") ROW("c"), PAGE OTHERS, &error));
}

static void test_another_host_than_the_requested_and_the_usual_one_is_rot(void **state)
{
	struct error error;

	(void)state;
	assert_true(drift_moved("status.example.com", URL, "https://example.net/", &error));
	assert_string_equal(error.text,
		"redirects to another host: example.net, where status.example.com was expected");
	assert_false(drift_moved("status.example.com", URL, URL, &error));
	assert_false(drift_moved("pages.example.net", URL, "https://pages.example.net/", &error));
	assert_false(drift_moved("pages.example.net", URL, URL, &error));
}

static void test_www_and_the_case_of_letters_make_no_other_host(void **state)
{
	struct error error;

	(void)state;
	assert_false(drift_moved(
		"example.com", "https://example.com/", "https://www.example.com/", &error));
	assert_false(drift_moved(
		"www.example.com", "https://www.example.com/", "https://EXAMPLE.com/", &error));
}

static void test_where_no_host_is_known_yet_any_is_right(void **state)
{
	struct error error;

	(void)state;
	assert_false(drift_moved("", URL, "https://example.net/", &error));
	assert_false(drift_moved(NULL, URL, "https://example.net/", &error));
	assert_false(drift_moved("status.example.com", NULL, NULL, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_of_the_indicators_gone_is_rot_and_less_is_not),
		cmocka_unit_test(test_one_that_goes_is_no_rot_whatever_its_share),
		cmocka_unit_test(test_others_in_their_place_do_not_make_up_for_those_that_are_gone),
		cmocka_unit_test(test_indicators_that_got_another_id_are_not_gone),
		cmocka_unit_test(test_another_title_and_no_name_that_stays_is_another_page),
		cmocka_unit_test(test_a_page_that_lists_only_troubles_may_list_fewer),
		cmocka_unit_test(test_another_host_than_the_requested_and_the_usual_one_is_rot),
		cmocka_unit_test(test_www_and_the_case_of_letters_make_no_other_host),
		cmocka_unit_test(test_where_no_host_is_known_yet_any_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
